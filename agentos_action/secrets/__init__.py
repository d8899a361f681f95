"""Which added lines hold a credential."""
