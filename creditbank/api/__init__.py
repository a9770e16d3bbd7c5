"""The doors for machines: one file per noun, errors as problem+json."""
