"""Rows R13 and R14: ghosts over mirrors, and what is seen through plastic and under cars."""

from __future__ import annotations

import numpy as np
import pytest
from ranging import CLEAR, changed, paths
from sensor_scenes import box, ground, mounted, sphere, state

from drivesim.materials import MaterialId
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.raycast import EGO_BODY
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.model import signal_to_noise
from drivesim.sensors.radar.quality import Invalid
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.radar.waves import slab
from drivesim.sensors.rig import load_device
from drivesim.transforms import Pose

HEIGHT = 0.6


@pytest.fixture(scope="module")
def ars408():
    return load_device("continental_ars408")


def cycles(device, static, moving, *, count=6, speed=0.0, own=None):
    """Detections of some cycles at 20 Hz of ``static`` meshes and ``moving`` (mesh, place, velocity); the ego's body is
    the mesh ``own``."""
    builder = RaySceneBuilder()
    for mesh in static:
        builder.add_static(mesh)
    parts = [builder.add_rigid(mesh, 2 + i) for i, (mesh, _, _) in enumerate(moving)]
    body = builder.add_rigid(own, 1, mask=EGO_BODY) if own is not None else None
    others = [(place, 0.0, velocity, 0.0) for _, place, velocity in moving]
    radar = Radar(mounted(device, 20.0, (0.0, 0.0, HEIGHT)), 0)
    seen = []
    with builder.build() as rays:
        for part, (_, place, velocity) in zip(parts, moving, strict=True):
            pose = Pose.from_ypr(place, (0, 0, 0))
            rays.set_motion(part, pose, pose, velocity=velocity)
        if body is not None:
            rays.set_motion(body, Pose.identity(), Pose.identity(), velocity=(speed, 0.0, 0.0))
        rays.commit()
        for cycle in range(1, count + 1):
            before, after = (state(0.05 * (cycle - 1 + k), velocity=(speed, 0, 0), others=others) for k in (0, 1))
            seen.append(radar.capture(rays, EgoMotion(before, after, 0), CLEAR))
    return seen


@pytest.mark.parametrize("velocity", [(0.0, 0.0, 0.0), (-10.0, 0.0, 0.0), (-6.0, 2.0, 0.0)])
def test_R13_a_guard_rail_shows_a_ghost_at_the_image(ars408, velocity):
    """A ball in front of a steel wall along the road: its image stands as far behind the wall, and moves mirrored."""
    rail = box((120.0, 0.1, 3.0), (60.0, 6.0, 1.0), MaterialId.GALVANISED_STEEL)
    place = np.array([25.0, -1.0, HEIGHT])
    near = ars408.scans[1]
    image = np.array([25.0, 2 * 5.95 + 1.0, 0.0])
    moving = np.array([velocity[0], -velocity[1], 0.0])
    ghosts = []
    for seen in cycles(ars408, [rail], [(sphere(0.8, rings=160), place, velocity)], count=12):
        ghost = (seen.instance == 2) & (seen.bounces == 3) & (np.abs(seen.azimuth - np.arctan2(13.0, 25.0)) < 0.1)
        assert (seen.invalid[ghost] == Invalid.MIRROR).all()
        assert not seen.valid[ghost].any()
        ghosts += [(seen.range[i], seen.azimuth[i], seen.radial_velocity[i]) for i in np.flatnonzero(ghost)]
    assert len(ghosts) >= 6
    distance, azimuth, rate = np.median(ghosts, axis=0)
    away = np.hypot(*image[:2])
    assert distance == pytest.approx(away - 0.8, abs=near.range_resolution / 2)
    assert azimuth == pytest.approx(np.arctan2(image[1], image[0]), abs=np.radians(3.2) / 2)
    assert rate == pytest.approx(moving @ image / away, abs=near.velocity_resolution)


def test_R13_the_ego_sees_itself_in_a_car_ahead(ars408):
    """A plate ahead that comes nearer at 5 m/s, and the ego's own front: an echo at twice the range and rate."""
    plate = box((0.02, 1.6, 1.0), material=MaterialId.CHROME)
    front = box((0.02, 1.6, 1.0), (-0.05, 0.0, HEIGHT), material=MaterialId.CHROME)
    place = (8.0, 0.0, HEIGHT)
    seen = cycles(ars408, [], [(plate, place, (0.0, 0.0, 0.0))], speed=5.0, own=front)
    twice = [(s.range[i], s.radial_velocity[i]) for s in seen for i in np.flatnonzero(s.invalid == Invalid.HARMONIC)]
    assert len(twice) >= 4
    distance, rate = np.median(twice, axis=0)
    assert distance == pytest.approx(2 * 7.99, abs=0.39)
    assert rate == pytest.approx(-10.0, abs=0.12)


def test_R14_a_hidden_car_is_heard_under_the_one_ahead(ars408):
    lead = box((4.2, 1.8, 1.2), (16.0, 0.0, 0.85))
    hidden = box((4.2, 1.8, 1.2), (26.0, 0.0, 0.85))
    without = changed(ars408, reflections=0)
    moving = [(lead, (0.0, 0.0, 0.0), (3.0, 0.0, 0.0)), (hidden, (0.0, 0.0, 0.0), (7.0, 0.0, 0.0))]
    heard = cycles(ars408, [ground()], moving, count=10)
    assert sum((s.instance == 3).any() for s in heard) >= 5
    for s in heard:
        mine = s.instance == 3
        assert (s.bounces[mine] == 3).all()
        np.testing.assert_allclose(s.radial_velocity[mine], 7.0, atol=0.3)
    assert not any((s.instance == 3).any() for s in cycles(without, [ground()], moving, count=10))


@pytest.mark.parametrize("thickness", [1.2, 2.0, 2.4, 3.0])
def test_R14_a_bumper_takes_what_the_slab_formula_says(ars408, thickness):
    one = np.ones(1, np.float32)
    near = ars408.scans[1]
    covered = changed(ars408, bumper_mm=thickness)
    lost = signal_to_noise(paths([40.0]), one, covered, near, CLEAR) / signal_to_noise(
        paths([40.0]), one, ars408, near, CLEAR
    )
    through = slab(2.6 - 0.02j, thickness * 1e-3, ars408.wavelength)[1]
    assert 10 * np.log10(lost[0]) == pytest.approx(20 * np.log10(through), abs=0.3)
    published = {1.2: -0.1, 2.0: -0.9, 2.4: -0.2, 3.0: -1.2}  # one way, at 77 GHz
    assert 10 * np.log10(lost[0]) / 2 == pytest.approx(published[thickness], abs=0.3)
