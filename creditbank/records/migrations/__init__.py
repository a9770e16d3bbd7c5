"""The one migration history of the bank."""
