"""The school back office: queue, cases, imports and programmes."""
