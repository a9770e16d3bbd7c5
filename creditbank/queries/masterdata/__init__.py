"""Master data read: pages of rows, one row with its history, the source register."""
