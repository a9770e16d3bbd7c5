"""The catalogue of outcomes: types as schemas, items with approval, and search among them."""
