"""Every write: one transaction, one pure decision, one event."""
