"""Regulations as typed tables, evaluated with a trace."""
