"""The corridor: calls the rooms in order and tapes every step."""
