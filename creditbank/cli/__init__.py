"""The commands: each file is one command and stays thin."""
