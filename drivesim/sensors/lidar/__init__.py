"""Lidar: device description, ray kernel, signal model."""
