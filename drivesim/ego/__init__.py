"""The driver under test: detects from frames, fuses, tracks, and brakes in an emergency.

Sees measurements and its own state only, never the world. Labels are taken off before a detector looks, except for
detectors that say they are oracles.
"""

from drivesim.ego.chain import EgoChain, OwnState
from drivesim.ego.detections import Detection, Detector
from drivesim.ego.parameters import EGOS, EgoParameters, ego_parameters

__all__ = ["EGOS", "Detection", "Detector", "EgoChain", "EgoParameters", "OwnState", "ego_parameters"]
