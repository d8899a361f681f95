"""Tests of the recipes: scripted answers, no model."""
