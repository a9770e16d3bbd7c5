"""The only writer of the ledger: deposits and reversals, single and in batches."""
