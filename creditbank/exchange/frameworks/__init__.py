"""Frameworks, crosswalks and units as files: this bank's own documents, and CASE 1.1 packages."""
