"""A model answer becomes new contents of named files, and one canonical diff."""
