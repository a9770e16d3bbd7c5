"""The life of a rule version: who takes which step, and which claims it decides."""
