"""Objections to what is on public notice, and appeals heard by people who did not decide."""
