"""The doors as people use them: the real runner tool, the real pre-commit, real git hooks."""
