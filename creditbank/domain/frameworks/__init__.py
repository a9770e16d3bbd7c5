"""Qualification frameworks, crosswalks between them, credit units and certification units."""
