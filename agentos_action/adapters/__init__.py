"""Prompt in, answer out: one way to ask for every model, however it is reached."""
