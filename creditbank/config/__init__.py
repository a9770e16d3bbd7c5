"""Settings, addresses and the server entry: where the floors are joined."""
