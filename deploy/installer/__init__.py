"""Installs, upgrades and restores a bank on a machine without a network; the standard library only."""
