"""Cameras: images with their perfect labels, traced and shaded in one pass."""
