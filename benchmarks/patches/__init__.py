"""How well an answer and the base files become the right new contents, beside three tools that apply diffs."""
