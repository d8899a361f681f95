"""Names become a policy, a profile, a choice of model."""
