"""Derived tables that can be applied step by step or rebuilt and compared."""
