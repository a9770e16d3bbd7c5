"""Accounts: signing in, codes to an address, second factors, and what belongs to a person."""
