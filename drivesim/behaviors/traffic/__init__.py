"""Traffic: drivers that follow lanes, each other, signals and the right of way, and change lanes where it helps."""

from drivesim.behaviors.traffic.fleet import TrafficDriver

__all__ = ["TrafficDriver"]
