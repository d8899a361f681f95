"""Commands that a candidate must pass, run on an export of it and nowhere else."""
