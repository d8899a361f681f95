"""Tests of the adapters: against the real llama.cpp server, and against a real server that misbehaves."""
