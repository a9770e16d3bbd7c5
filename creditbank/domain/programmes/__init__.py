"""Programmes: what an award asks for, as a tree of requirements."""
