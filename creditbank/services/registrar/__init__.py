"""Send results out to the registrar's system once each, and keep what it answers."""
