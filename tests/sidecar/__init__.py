"""Tests of the sidecar: real downloads, real processes, the real llama.cpp server with the real small model."""
