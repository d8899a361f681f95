"""Measurements of the parts that a number can judge; each is run with `python -m benchmarks.NAME`."""
