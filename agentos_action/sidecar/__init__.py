"""A llama.cpp server's life beside us: its model files, its start, its health, its end."""
