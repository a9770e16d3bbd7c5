"""The outcome catalogue: versions with approval, and the schemas of outcome types."""
