"""Radar: device description, ray kernel, signal model."""
