"""Objections while a decision is on public notice, and appeals against it to people who did not decide."""
