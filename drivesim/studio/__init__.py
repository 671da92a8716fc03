"""The studio: sheets by which people judge what sensors see, photographed with the product's own camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivesim.studio.district import draw_district
from drivesim.studio.people import draw_people, draw_things, draw_walk
from drivesim.studio.stage import Stand, photograph
from drivesim.studio.vehicles import draw_vehicles

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Stand", "draw_sheet", "photograph"]

_SHEETS = {
    "people": draw_people,
    "walk": draw_walk,
    "things": draw_things,
    "vehicles": draw_vehicles,
    "district": draw_district,
}


def draw_sheet(name: str, seed: int, width: int) -> Image.Image:
    """One of the sheets, ``width`` pixels wide: ``people``, ``walk``, ``things``, ``vehicles`` or ``district``."""
    return _SHEETS[name](seed, width)
