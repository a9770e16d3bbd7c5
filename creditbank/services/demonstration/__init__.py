"""The demonstration bank: invented people and cases, made through the same services as real ones."""
