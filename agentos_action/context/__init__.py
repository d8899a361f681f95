"""What the model gets to read: which files, how much, in which words."""
