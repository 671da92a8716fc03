"""Swap the sensors, keep everything else, say what would have changed."""
