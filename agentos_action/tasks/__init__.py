"""What is asked: a file, a line, an event becomes one task."""
