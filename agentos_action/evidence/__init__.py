"""Everything that happened becomes files that can be verified."""
