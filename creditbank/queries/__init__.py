"""Every read that a page or an endpoint needs, as frozen values."""
