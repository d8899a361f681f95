"""A patch becomes a verdict: all rules run, always."""
