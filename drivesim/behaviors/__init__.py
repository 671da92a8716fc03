"""Behaviour trees for people and riders, and drivers for cars."""

from drivesim.behaviors.controller import TreeController, make_controller
from drivesim.behaviors.driver import CarFollowingDriver

__all__ = ["CarFollowingDriver", "TreeController", "make_controller"]
