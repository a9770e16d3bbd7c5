"""Decisions: plain values and pure functions, standard library only."""
