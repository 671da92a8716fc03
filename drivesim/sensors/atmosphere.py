"""What weather does on the way to the target and back, for light and for 77 GHz."""

from __future__ import annotations

import math

from drivesim.types import Weather

CONTRAST = math.log(20.0)
"""Optical depth of the meteorological optical range: contrast falls to 5 % (WMO)."""


def optical_extinction(weather: Weather) -> float:
    """Extinction of light by fog, rain and snow, one way, 1/m.

    Fog: ln 20 / MOR. Rain: 0.365 R^0.63 per km (Marshall-Palmer drops with extinction efficiency 2). Snow: 1.4 S^0.59
    per km (Marshall-Gunn, melted diameters: a lower bound).
    """
    fog = CONTRAST / weather.fog_visual_range
    return fog + 1e-3 * (0.365 * weather.rain**0.63 + 1.4 * weather.snow**0.59)


def radar_loss_db(weather: Weather) -> float:
    """Loss of a 77 GHz wave by rain, fog and gases, one way, dB per metre.

    Rain: ITU-R P.838-3 at 77 GHz, 45 degrees polarisation, 1.1298 R^0.7125 dB/km. Fog: ITU-R P.840 at 10 C, 3.15 dB/km
    per g/m3, liquid water from visibility after Kunkel 1984 (0.0245 at 1 km, power -1.54). Gases: ITU-R P.676,
    0.35 dB/km.
    """
    rain = 1.1298 * weather.rain**0.7125
    visibility_km = max(weather.fog_visual_range * 1e-3, 0.01)
    fog = 3.15 * 0.0245 * visibility_km**-1.54 if math.isfinite(visibility_km) else 0.0
    return 1e-3 * (rain + fog + 0.35)
