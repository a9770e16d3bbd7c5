"""Master data written: facts stated, sheets imported and reverted, typed tables kept in step."""
