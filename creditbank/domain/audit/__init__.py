"""Optimal allocation of credit to requirements, with proof."""
