"""Row C17: rain drops on the lens."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_scenes import box, static_scene, wall
from test_camera_rows import camera

from drivesim.sensors.camera.device import LensDrops
from drivesim.sensors.camera.drops import WATER, scattered, through_drops
from drivesim.transforms import Pose
from drivesim.types import Weather

DROPS = LensDrops(glass_mm=10.0, contact_angle_deg=40.0)
FOCAL = 1266.0
RAIN = Weather(rain=5.0)


def by_angles(height, glass, radius, contact):
    """Angle behind a drop in the middle of the glass of the ray that meets it at ``height``: plane trigonometry."""
    sphere = radius / np.sin(contact)
    inner = np.arcsin(np.sin(np.arctan2(height, glass)) / WATER)  # against the axis
    middle = sphere * np.cos(contact)  # from the sphere's middle to the glass, along the axis
    low, high = 0.0, 2.0 * sphere
    for _ in range(60):  # how far the ray runs in water
        run = 0.5 * (low + high)
        outside = np.hypot(height + run * np.sin(inner), middle + run * np.cos(inner)) > sphere
        low, high = (low, run) if outside else (run, high)
    normal = np.arctan2(height + run * np.sin(inner), middle + run * np.cos(inner))
    return normal + np.arcsin(WATER * np.sin(inner - normal))


def test_C17_a_drop_refracts_as_snell_says():
    """Against a reference in angles, over the drop: less than a pixel RMS at the default camera's focal length."""
    heights = np.linspace(-0.75, 0.75, 61)
    rays = np.stack([heights, np.zeros(61), np.full(61, 10.0)], axis=1) / np.hypot(heights, 10.0)[:, None]
    bent = through_drops(DROPS, np.array([[0.0, 0.0, 0.8]]), rays.astype(np.float32))
    seen = np.arctan2(bent[:, 0], bent[:, 2])
    expected = np.array([by_angles(height, 10.0, 0.8, np.radians(40.0)) for height in heights])
    assert np.sqrt(np.mean((FOCAL * (seen - expected)) ** 2)) < 1.0
    np.testing.assert_allclose(bent[:, 1], 0.0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(bent, axis=1), 1.0, atol=1e-6)


def test_C17_in_the_middle_it_is_a_lens_of_known_power():
    """Plano-convex, f = R / (n - 1), d thick: a ray at angle a goes on at a (1 - (g + d / n) / f), upside down where f
    is short."""
    radius = 0.8 / np.sin(np.radians(40.0))
    thick = radius * (1.0 - np.cos(np.radians(40.0)))
    for glass in (1.0, 10.0):
        ray = np.array([[0.002 * glass, 0.0, glass]]) / glass
        bent = through_drops(DROPS.model_copy(update={"glass_mm": glass}), np.array([[0.0, 0.0, 0.8]]), np.float32(ray))
        slope = bent[0, 0] / bent[0, 2] / 0.002
        assert slope == pytest.approx(1.0 - (glass + thick / WATER) * (WATER - 1.0) / radius, abs=2e-3)
        assert (slope < 0.0) == (glass > 5.0)


def test_C17_light_that_meets_the_cap_too_flat_does_not_leave():
    steep = DROPS.model_copy(update={"contact_angle_deg": 90.0})
    rays = np.array([[0.79, 0.0, 10.0], [0.1, 0.0, 10.0], [3.0, 0.0, 10.0]], np.float32)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    bent = through_drops(steep, np.array([[0.0, 0.0, 0.8]]), rays)
    assert (bent[0] == 0.0).all()
    assert np.linalg.norm(bent[1]) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_array_equal(bent[2], rays[2])  # beside the drop nothing changes


def test_C17_the_scene_stands_in_each_drop_once_more_mirrored():
    """A board to the right is seen on the left side of a drop in the middle, in rain alone."""
    wet = DROPS.model_copy(update={"per_cm2": 0.0})
    taken = camera(drops=wet, antialiasing=1, ambient_occlusion=False)
    with static_scene(wall(30.0), box((0.1, 1.0, 30.0), (20.0, -2.6, 0.0), instance=9)) as rays:
        dry = taken.render(rays, Pose.identity(), Weather())
        same = taken.render(rays, Pose.identity(), RAIN)
        corner = taken.device.corner_rays()
        taken._wet_rays = through_drops(wet, np.array([[0.0, 0.0, 0.8]]), corner)
        rainy = taken.render(rays, Pose.identity(), RAIN)
        again = taken.render(rays, Pose.identity(), Weather())
    np.testing.assert_array_equal(same.instance, dry.instance)
    np.testing.assert_array_equal(again.instance, dry.instance)
    v, u = np.mgrid[:180, :320]
    drop = np.hypot(u + 0.5 - 160, v + 0.5 - 90) < 260.0 * 0.8 / 10.0 - 1.0
    assert u[(dry.instance == 9)].min() > 160 + 25  # nothing of it where the drop is
    seen = u[drop & (rainy.instance == 9)]
    assert len(seen) > 20
    assert seen.max() < 160
    beside = np.hypot(u + 0.5 - 160, v + 0.5 - 90) > 260.0 * 0.8 / 10.0 + 2.0
    np.testing.assert_array_equal(rainy.instance[beside], dry.instance[beside])


def test_C17_drops_lie_at_random_as_densely_as_asked():
    rays = camera().device.corner_rays()
    found = scattered(LensDrops(glass_mm=50.0, per_cm2=10.0), rays, 5)
    area = (320 / 260 * 5.0) * (180 / 260 * 5.0)
    assert len(found) == pytest.approx(10.0 * area, abs=4.0 * np.sqrt(10.0 * area))
    assert ((found[:, 2] >= 0.3) & (found[:, 2] <= 1.0)).all()
    np.testing.assert_array_equal(found, scattered(LensDrops(glass_mm=50.0, per_cm2=10.0), rays, 5))
    assert (
        len(found) != len(scattered(LensDrops(glass_mm=50.0, per_cm2=10.0), rays, 6))
        or (found != scattered(LensDrops(glass_mm=50.0, per_cm2=10.0), rays, 6)).any()
    )
