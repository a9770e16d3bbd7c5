"""Conversion (置换): which credit a learner holds becomes which course, requirement or other credit, and why."""
