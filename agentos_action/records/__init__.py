"""What is carried from room to room: frozen values, no I/O."""
