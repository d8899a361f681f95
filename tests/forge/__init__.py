"""The forge: a loopback API that keeps GitHub's own description, and a git server that asks for a token."""
