"""Tests of the house itself: its limits and its doors."""
