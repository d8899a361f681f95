"""The `docstrings` recipe: one true sentence for every Python definition that has none."""
