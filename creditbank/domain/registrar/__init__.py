"""What a registrar's system is sent of the ledger, and what its answer means."""
