"""The design system: components, stylesheet, tables, forms and middleware."""
