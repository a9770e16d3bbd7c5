"""What waits to go out to the registrar's system, what went, and what came back of it."""
