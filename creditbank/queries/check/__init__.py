"""The whole bank checked: every invariant, every projection, the log against the ledger."""
