"""The rules, one a file; each yields its findings."""
