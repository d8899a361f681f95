"""The only hand that writes the repository."""
