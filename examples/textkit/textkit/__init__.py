"""Small functions for plain text and short lists."""
