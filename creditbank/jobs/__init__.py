"""Work after the commit: handlers that call services with ids only."""
