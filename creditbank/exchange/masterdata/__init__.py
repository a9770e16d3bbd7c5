"""Master data as sheets: read with a mapping that remembers, written as templates and exports."""
