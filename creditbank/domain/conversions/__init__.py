"""Conversion (置换): what credit that a learner holds becomes, and why."""
