"""What `agentos init` writes: the pieces, the model that answers here, where this version came from."""
