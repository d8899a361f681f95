"""Tests of the room `patches`."""
