"""Detectors as users write them, good and bad."""

import numpy as np

from drivesim.ego import Detection


class Blind:
    kind, oracle = "lidar", False

    def detect(self, measurement):
        return []


class Raises(Blind):
    def detect(self, measurement):
        raise IndexError("no points")


class Nonsense(Blind):
    def detect(self, measurement):
        return [Detection(np.array([np.nan, 0.0]), np.eye(2), 0.3, 0.3, True)]


class NotAList(Blind):
    def detect(self, measurement):
        return 7


class NoDetector:
    kind = "lidar"


class NeedsArguments(Blind):
    def __init__(self, weights):
        self.weights = weights
