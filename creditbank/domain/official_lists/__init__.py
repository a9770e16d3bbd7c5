"""Issuers' official lists: what their lines say, whose they are, and which claims they bear out."""
