"""The demonstration college as the sheets it would send: invented, seeded, larger than a village."""
