"""Row C18: event cameras."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_scenes import box, wall
from test_camera_rows import camera

from drivesim.recording.encode import camera_jobs
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.device import EventPixels
from drivesim.sensors.camera.events import EventSensor
from drivesim.transforms import Pose
from drivesim.types import Weather

EVEN = EventPixels(threshold=0.2, mismatch=0.0, refractory_us=0.0)


def grey(values):
    return np.repeat(np.asarray(values, dtype=np.float32)[:, None], 3, axis=1)


@pytest.mark.parametrize("frames", [1, 7])
@pytest.mark.parametrize("change", [1.05, -2.13, 0.19])
def test_C18_a_logarithmic_ramp_gives_an_event_every_threshold(change, frames):
    """floor(dL / C) events, each within 0.1 ms of where the ramp crosses it, however many exposures there are."""
    sensor = EventSensor(EVEN, 5, 3, 1)
    found = []
    for k in range(frames + 1):
        light = grey(np.full(15, 100.0 * np.exp(change * k / frames)))
        found.append(sensor.expose(light, round(0.1e9 * k / frames)))
    assert found[0] is None
    times, polarity, pixel = (np.concatenate([getattr(e, n) for e in found[1:]]) for n in ("time_ns", "polarity", "x"))
    count = int(abs(change) / 0.2)
    assert len(times) == 15 * count
    expected = np.arange(1, count + 1) * 0.2 / abs(change) * 0.1e9
    np.testing.assert_allclose(times.reshape(-1, 15), np.tile(expected[:, None], 15), atol=0.1e6)
    assert (polarity == np.sign(change)).all()
    assert (np.bincount(pixel, minlength=5) == 3 * count).all()


def test_C18_a_pixel_rests_after_an_event():
    """A ramp that crosses a threshold every 2 ms; resting for 5 ms, a pixel starts afresh: one event every 7 ms."""
    sensor = EventSensor(EventPixels(threshold=0.2, mismatch=0.0, refractory_us=5000.0), 1, 1, 1)
    times = []
    for k in range(11):
        events = sensor.expose(grey([np.exp(100.0 * 0.01 * k)]), 10_000_000 * k)
        times += [] if events is None else events.time_ns.tolist()
    np.testing.assert_allclose(np.diff(times), 7e6, rtol=0.02)
    assert len(times) == 14


def test_C18_thresholds_differ_from_pixel_to_pixel():
    sensor = EventSensor(EventPixels(threshold=0.2, mismatch=0.05, refractory_us=0.0), 100, 100, 3)
    sensor.expose(grey(np.full(10_000, 10.0)), 0)
    events = sensor.expose(grey(np.full(10_000, 10.0 * np.exp(0.3))), 300_000_000)
    threshold = events.time_ns * 1e-9 * (np.log(10.0 * np.exp(0.3) + 0.01) - np.log(10.01)) / 0.3
    assert len(events.x) == 10_000
    assert threshold.mean() == pytest.approx(0.2, rel=0.005)
    assert threshold.std() == pytest.approx(0.2 * 0.05, rel=0.05)


def test_C18_an_edge_that_moves_fires_where_it_passes(tmp_path):
    """A dark board moves aside before a bright wall: darker at one edge, brighter at the other, where they are between
    two exposures; nothing elsewhere, and nothing once it stands."""
    builder = RaySceneBuilder()
    part = builder.add_rigid(box((0.02, 2.0, 1.0)), 7)
    builder.add_static(wall(30.0))
    taken = camera(events=EVEN, width=160, height=90, fx=130.0, fy=130.0, cx=80.0, cy=45.0, antialiasing=1)
    speed, distance = 2.0, 10.0
    with builder.build() as rays:
        for k in range(6):
            pose = Pose.from_ypr((distance, -speed * 0.1 * k, 1.5), (0, 0, 0))
            rays.set_motion(part, pose, pose)
            rays.commit()
            image = taken.render(rays, Pose.identity(), Weather(cloud_cover=1.0), time_ns=100_000_000 * k)
            if k:
                events = image.events
                assert (events.time_ns > 100_000_000 * (k - 1)).all()
                assert (events.time_ns <= 100_000_000 * k).all()
                for polarity, side in ((-1, 1.0), (1, -1.0)):
                    edge = 80.0 + 130.0 * (speed * 0.1 * (k - 0.5) + side) / distance
                    assert np.median(events.x[events.polarity == polarity] + 0.5) == pytest.approx(edge, abs=2.0)
                ahead = np.abs(events.y + 0.5 - 45.0) < 130.0 * 0.5 / distance + 1.5
                assert ahead.mean() > 0.99
        still = taken.render(rays, Pose.identity(), Weather(cloud_cover=1.0), time_ns=600_000_000).events
    assert len(still.x) == 0
    assert (tmp_path / "events" / "image.npz") in dict(camera_jobs(image, tmp_path, tmp_path, "image"))
