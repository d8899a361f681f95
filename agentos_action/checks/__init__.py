"""Runs the policy's checks on an export of the candidate, in a sandbox."""
