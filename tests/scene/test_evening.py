"""Night: windows with light behind them, street lamps and low beams as bright as standards ask for."""

import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.mesh import merge
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.city.evening import HOMES_LIT, SHOPS_LIT, lit_rooms
from drivesim.scene.city.parts import Finish, quads
from drivesim.scene.scene import LOW_BEAM_INTENSITY, STREET_LAMP_INTENSITY
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.lamps import GROUND, beam_power, luminaire_power, sent_up
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import Sensor
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Weather

PANE = Finish(MaterialId.WINDOW_GLASS, (0.02, 0.02, 0.02), Tag.BUILDING)
WALL = Finish(MaterialId.PLASTER, (0.6, 0.6, 0.6), Tag.BUILDING)
NIGHT = Weather(sun_elevation=-0.3, sun_illuminance=0.0)


def panes(count, width, height, finish=PANE):
    """Upright panes along y that face -x."""
    corners = [[(0, y, 0), (0, y, height), (0, y + width, height), (0, y + width, 0)] for y in 5.0 * np.arange(count)]
    return quads(np.array(corners) + (0.0, 0.0, 1.0), finish)


def test_as_many_windows_are_lit_as_in_an_evening_and_both_halves_of_each():
    homes, shops = (lit_rooms(panes(2000, width, 1.6)) for width in (1.1, 4.0))
    for lit, share in ((homes, HOMES_LIT), (shops, SHOPS_LIT)):
        assert (lit[::2] == lit[1::2]).all()
        assert np.mean(lit > 0) == pytest.approx(share, abs=0.04)
    assert (homes[homes > 0] & 15).mean() < (shops[shops > 0] & 15).mean()
    assert len(np.unique(homes[homes > 0] >> 4)) == 4
    assert not lit_rooms(panes(50, 1.1, 1.6, WALL)).any()


def test_a_window_is_lit_whatever_else_is_built():
    alone = lit_rooms(panes(40, 1.1, 1.6))
    among = lit_rooms(merge([panes(3, 2.0, 2.0, WALL), panes(40, 1.1, 1.6)]))
    assert np.array_equal(among[6:], alone)


def test_lit_windows_shine_at_night_only():
    mesh = panes(1, 4.0, 4.0)
    device = CameraDevice(
        kind="camera", name="ahead", width=32, height=24, fx=30, fy=30, cx=16, cy=12, exposure=20.0, noise=0.0,
    )  # fmt: skip
    forward = Pose(np.array([-6.0, 2.0, 3.0]), np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]))
    camera = Camera(Sensor("CAM", device, forward, 10.0, 0.0), 0)
    levels = []
    for flags in (0, 15, 15 | 3 << 4):
        builder = RaySceneBuilder()
        builder.add_static(mesh, lamps=np.full(2, flags, dtype=np.uint8))
        with builder.build() as rays:
            levels.append([camera.render(rays, Pose.identity(), weather).rgb[12, 16] for weather in (NIGHT, Weather())])
    (dark, day), (warm, warm_by_day), (cold, _) = levels
    assert dark.max() < 10
    assert warm[0] > 150
    assert int(warm[0]) - warm[2] > int(cold[0]) - cold[2] + 30
    assert np.array_equal(day, warm_by_day)


def test_a_street_is_lit_as_the_standard_asks():
    """EN 13201-2 class P3: 7.5 lx on average over the lane, nowhere less than 1.5; no light at 80 degrees and above."""
    height, spacing = 6.5, 30.0
    x, y = np.meshgrid(np.arange(0.0, spacing, 0.5), np.arange(-2.0, 4.0, 0.5))
    total = np.zeros_like(x)
    for post in spacing * np.arange(-2, 4):
        away = np.sqrt((x - post) ** 2 + y**2 + height**2)
        down = height / away
        share = np.vectorize(lambda c: float(luminaire_power(np.float32(c))))(down)
        total += STREET_LAMP_INTENSITY * share * down / away**2
    assert total.mean() == pytest.approx(7.5, rel=0.2)
    assert total.min() > 1.5
    assert luminaire_power(np.float32(np.cos(np.radians(80.0)))) == 0.0


@pytest.mark.parametrize("away", [6.0, 10.0, 15.0, 20.0])
def test_walls_get_what_lit_ground_sends_on(away):
    """Against the sum over all of the ground before the wall (Lambert)."""
    lamp, places = 6.5, np.arange(-30.0, 30.0, 0.2) + 0.1
    x, y = np.meshgrid(places, places)
    down = lamp / np.sqrt(x**2 + y**2 + lamp**2)
    lit = np.vectorize(lambda c: float(luminaire_power(np.float32(c))))(down) * down**3 / lamp**2
    for above in (3.0, 6.0, 9.0):
        square = (away - x) ** 2 + y**2 + above**2
        total = GROUND / np.pi * 0.04 * (lit * above * np.maximum(away - x, 0.0) / square**2).sum()
        model = sent_up(np.float32(-away), np.float32(0.0), np.float32(-lamp - above), np.float32(away))
        assert float(model) == pytest.approx(total, rel=0.35)


def test_facades_above_street_lamps_are_not_black():
    """A wall 10 m from a lamp and 9 m up, where the lamp itself does not shine."""
    builder = RaySceneBuilder()
    wall = [(10.0, -20.0, 0.0), (10.0, 20.0, 0.0), (10.0, 20.0, 20.0), (10.0, -20.0, 20.0)]
    builder.add_static(quads(np.array([wall]), WALL))
    device = CameraDevice(
        kind="camera", name="ahead", width=32, height=24, fx=30, fy=30, cx=16, cy=12, exposure=0.2, noise=0.0,
    )  # fmt: skip
    forward = Pose(np.array([0.0, 0.0, 9.0]), np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]))
    camera = Camera(Sensor("CAM", device, forward, 10.0, 0.0), 0)
    lamp = np.array([[0.0, 0.0, 6.5, 0.0, 0.0, -1.0, STREET_LAMP_INTENSITY, 30.0, 6.5]], dtype=np.float32)
    with builder.build() as rays:
        dark, lit = (
            camera.render(rays, Pose.identity(), NIGHT, lamps=lamps).rgb[12, 16].astype(int)
            for lamps in (lamp[:0], lamp)
        )
    assert lit.min() > 40
    assert dark.max() < 0.5 * lit.min()
    assert lit[0] > lit[2]


def test_a_low_beam_keeps_to_the_measuring_points_of_the_rules():
    """UN R112 class B and SAE J1383, straight ahead: over 10,100 cd at 0.86 degrees down (75R), 15,000 at 1.5 (SAE), at
    most 8,000 at 4; under 700 cd half a degree up."""

    def intensity(down):
        rise = -np.sin(np.radians(down))
        return LOW_BEAM_INTENSITY * float(beam_power(np.float32(np.cos(np.radians(down))), np.float32(rise)))

    assert intensity(0.86) > 10_100
    assert intensity(1.5) > 15_000
    assert intensity(4.0) < 8_000
    assert intensity(-0.5) < 700
