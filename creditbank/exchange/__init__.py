"""Other systems' shapes: parse first, then call a service."""
