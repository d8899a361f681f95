"""Edit formats, one a file: answer text becomes edits."""
