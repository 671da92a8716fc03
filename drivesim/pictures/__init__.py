"""Pictures of maps and scenarios, seen from above."""

from drivesim.pictures.map import draw_map
from drivesim.pictures.scenario import Track, draw_scenario

__all__ = ["Track", "draw_map", "draw_scenario"]
