"""Where on Earth a map lies: its coordinates to WGS84 and back, through the projection it states."""

from __future__ import annotations

import re
from functools import cache
from math import cos, isfinite, sin
from pathlib import Path
from typing import TYPE_CHECKING

from drivesim.errors import ScenarioError

if TYPE_CHECKING:
    from pyproj import Transformer


class Geodesy:
    """A map's ``<geoReference>`` and ``<offset>``.

    Args:
        reference: PROJ string, WKT or EPSG code of the projection.
        offset: x, y, z and heading of the map's origin in projected coordinates (m, rad).
        path: the map's file, for messages.
    """

    def __init__(self, reference: str, offset: tuple[float, float, float, float], path: Path) -> None:
        self.reference, self.offset, self.path = reference, offset, path

    @property
    def _transformer(self) -> Transformer:
        made, problem = _transformer(self.reference)
        if made is None:
            raise ScenarioError(
                problem, file=self.path, element="geoReference",
                remedy="give a projection to metres, such as +proj=utm +zone=32 +datum=WGS84",
            )  # fmt: skip
        return made

    def wgs84_from_world(self, x: float, y: float) -> tuple[float, float]:
        """Latitude and longitude in degrees of a point of the map.

        Raises:
            ScenarioError: the geoReference makes no sense, or the point lies outside of its projection.
        """
        dx, dy, _, heading = self.offset
        east = dx + cos(heading) * x - sin(heading) * y
        north = dy + sin(heading) * x + cos(heading) * y
        longitude, latitude = self._transformer.transform(east, north)
        self._check(longitude, latitude)
        return latitude, longitude

    def world_from_wgs84(self, latitude: float, longitude: float) -> tuple[float, float]:
        """The map's x and y of a place given in degrees.

        Raises:
            ScenarioError: the geoReference makes no sense, or the place lies outside of its projection.
        """
        from pyproj.enums import TransformDirection

        east, north = self._transformer.transform(longitude, latitude, direction=TransformDirection.INVERSE)
        self._check(east, north)
        dx, dy, _, heading = self.offset
        east, north = east - dx, north - dy
        return cos(heading) * east + sin(heading) * north, cos(heading) * north - sin(heading) * east

    def _check(self, *values: float) -> None:
        if not all(isfinite(value) for value in values):
            raise ScenarioError(
                "the place lies outside the map's projection", file=self.path, element="geoReference",
                remedy="check the coordinates, and the map's <offset>",
            )  # fmt: skip


@cache
def _transformer(reference: str) -> tuple[Transformer | None, str]:
    """From a projection to WGS84, or what is wrong with it; scenarios share maps, and PROJ takes its time."""
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    try:
        crs = CRS.from_user_input(_with_projection(reference))
        if not crs.is_projected:
            return None, "the geoReference is no projection to metres"
        return Transformer.from_crs(crs, "EPSG:4326", always_xy=True), ""
    except ProjError as error:
        return None, f"the geoReference cannot be understood: {error}"


def _with_projection(reference: str) -> str:
    """CARLA's towns state an origin and no projection; around that origin any conformal one serves. A geoid's grid,
    which would have to be fetched, only concerns heights, and these are the map's own."""
    reference = _VERTICAL.sub("", reference)
    bare = "+lat_0" in reference and "+proj" not in reference
    return f"+proj=tmerc +datum=WGS84 {reference}" if bare else reference


_VERTICAL = re.compile(r"\+(geoidgrids|vunits|vto_meter|geoid_crs)=\S+")
"""Terms of a PROJ string about heights."""
