"""Sensors on a rig: what cameras, lidars and radars measure, and the labels that go with it."""
