"""The sky's dome: clouds are shaded and leave the sky as bright as it was."""

import numpy as np
import pytest

from drivesim.sensors.camera.dome import CENTRE, RADIUS, SIZE
from drivesim.sensors.camera.sky import daylight
from drivesim.types import Weather

EVEN = {0.0: 5304.0, 0.15: 5400.0, 0.3: 5449.0, 0.5: 5300.0, 0.7: 4815.0, 1.0: 3050.0}
"""Mean luminance of a dome whose clouds have one radiance each, cd/m2, by cloud cover."""


def _dome(cover):
    weather = Weather(
        sun_azimuth=np.radians(250.0), sun_elevation=np.radians(38.0), cloud_cover=cover, sun_illuminance=9e4
    )
    dome = daylight(weather).dome[..., :3]
    y, x = np.mgrid[:SIZE, :SIZE] - float(CENTRE)
    return dome, np.hypot(x, y) < float(RADIUS)


@pytest.mark.parametrize("cover", sorted(EVEN))
def test_shaded_clouds_leave_the_sky_as_bright(cover):
    dome, inside = _dome(cover)
    assert dome[inside][:, 1].mean() == pytest.approx(EVEN[cover], rel=0.025)


def test_clouds_are_not_one_grey():
    """Overhead a closed cover still differs by some per cent from place to place; even clouds leave 0.8 %."""
    dome, _ = _dome(1.0)
    overhead = dome[400:624, 400:624, 1]
    assert 0.03 < overhead.std() / overhead.mean() < 0.08
