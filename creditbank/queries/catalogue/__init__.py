"""Reading the outcome catalogue: search, items with their history, lists for the office."""
