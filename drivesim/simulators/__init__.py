"""Simulators: one small protocol, one implementation a module."""

from drivesim.simulators.base import Simulator
from drivesim.simulators.embedded import EmbeddedSimulator

__all__ = ["EmbeddedSimulator", "Simulator"]
