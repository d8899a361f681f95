"""Recipes: narrow edits where the program finds the places and a model only fills the blanks."""
