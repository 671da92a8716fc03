"""Where the sun stands, from a date and a place."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from astral import Observer, sun

HOME = (49.0, 8.4)
"""Latitude and longitude, degrees, of maps without a geographic reference."""


def sun_at(date_time: str, latitude: float = HOME[0], longitude: float = HOME[1]) -> tuple[float, float]:
    """Azimuth (counter-clockwise from east) and elevation of the sun, rad; times without a zone are mean solar time.

    Raises:
        ValueError: ``date_time`` is not ISO 8601.
    """
    moment = datetime.fromisoformat(date_time)
    if moment.tzinfo is None:
        moment = datetime.fromtimestamp(moment.replace(tzinfo=UTC).timestamp() - longitude / 15.0 * 3600.0, UTC)
    observer = Observer(latitude, longitude)
    azimuth = math.radians(sun.azimuth(observer, moment))
    return math.pi / 2 - azimuth, math.radians(sun.elevation(observer, moment))


def season_day(date_time: str, latitude: float = HOME[0]) -> float:
    """Day of the northern year, 1..366, at which it is the same season there.

    Raises:
        ValueError: ``date_time`` is not ISO 8601.
    """
    day = datetime.fromisoformat(date_time).timetuple().tm_yday
    return float(day if latitude >= 0.0 else (day + 182) % 365 + 1)
