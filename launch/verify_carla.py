"""Plays a second of the child crossing on a CARLA server and asks whether everything is where it should be.

Nothing here compares with drivesim's own sensors: a label says where an actor is, and each sensor must have it there.
Wrong handedness, units, field orders or origins fail one of these. Ends with status 1 if anything does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

import drivesim
from drivesim.errors import DrivesimError
from drivesim.simulators.carla import CarlaServerAddress
from drivesim.types import CameraImage, Frame, PointCloud, RadarDetections

MARGIN = 0.3
"""m around a box that still counts: mirrors, and bounding boxes that are a little small."""
SHARE = 0.9

Check = tuple[str, bool, str]


def main(address: str) -> int:
    server = CarlaServerAddress.of(address)
    before = _state(server)
    frames = list(drivesim.simulate("child_crossing", "default", duration=1.0, simulator=server))
    checks = [*_checks(frames), ("everything put back", _state(server) == before, f"{before}")]
    for name, holds, figure in checks:
        sys.stdout.write(f"{'ok  ' if holds else 'FAIL'}  {name:58s} {figure}\n")
    return 0 if all(holds for _, holds, _ in checks) else 1


def _state(server: CarlaServerAddress) -> tuple[object, ...]:
    """Synchronous or not, and how many vehicles, walkers and sensors there are."""
    import carla

    client = carla.Client(server.host, server.port)
    client.set_timeout(server.timeout)
    world = client.get_world()
    actors = world.get_actors()
    counts = tuple(len(actors.filter(kind)) for kind in ("vehicle.*", "walker.*", "sensor.*"))
    return world.get_settings().synchronous_mode, *counts


def _checks(frames: list[Frame]) -> Iterator[Check]:
    expected = {"CAM_FRONT": 10, "LIDAR_TOP": 9, "RADAR_FRONT": 20}
    counts = {name: sum(name in frame.measurements for frame in frames) for name in expected}
    yield "every measurement that was due came", all(counts[n] >= expected[n] for n in expected), str(counts)
    shares: dict[str, list[float]] = {"camera": [], "depth": [], "lidar": [], "radar": []}
    for frame in frames:
        for measurement in frame.measurements.values():
            if isinstance(measurement, CameraImage):
                _pictures(frame, measurement, shares)
            else:
                _points(frame, measurement, shares)
    names = {
        "camera": "pixels of an actor lie in its projected box",
        "depth": "and as far away as it is",
        "lidar": "lidar points of an actor lie in its box",
        "radar": "radar detections of an actor lie within 1.5 m of its box",
    }
    for kind, name in names.items():
        found = shares[kind]
        mean = float(np.mean(found)) if found else 0.0
        yield name, bool(found) and mean > SHARE, f"{100 * mean:.1f} % in {len(found)} looks"


def _boxes(frame: Frame) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    labels = frame.labels
    if labels is not None:
        yield from zip(labels.instance.tolist(), labels.center, labels.rotation, labels.size, strict=True)


def _pictures(frame: Frame, image: CameraImage, shares: dict[str, list[float]]) -> None:
    camera = image.world_from_ego @ image.ego_from_sensor
    labels = frame.labels
    loose = {box.instance: box.loose for box in labels.boxes_2d.get(image.channel, ())} if labels else {}
    for instance, center, rotation, size in _boxes(frame):
        row, column = np.nonzero(image.instance == instance)
        if len(row) < 50 or instance not in loose:
            continue
        x0, y0, x1, y1 = loose[instance]
        inside = (column >= x0 - 3) & (column < x1 + 3) & (row >= y0 - 3) & (row < y1 + 3)
        shares["camera"].append(float(inside.mean()))
        pixel = np.stack([column + 0.5, row + 0.5, np.ones(len(row))])
        points = camera.apply((np.linalg.inv(image.intrinsic) @ pixel).T * image.depth[row, column, None])
        shares["depth"].append(_inside(points, center, rotation, size, MARGIN))


def _points(frame: Frame, measured: PointCloud | RadarDetections, shares: dict[str, list[float]]) -> None:
    if isinstance(measured, PointCloud):
        local, kind, margin = measured.points, "lidar", MARGIN
    else:
        flat = measured.range * np.cos(measured.elevation)
        along = flat * np.cos(measured.azimuth), flat * np.sin(measured.azimuth)
        local = np.stack([*along, measured.range * np.sin(measured.elevation)], axis=1)
        kind, margin = "radar", 1.5
    points = measured.world_from_ego.apply(measured.ego_from_sensor.apply(local.astype(np.float64)))
    for instance, center, rotation, size in _boxes(frame):
        mine = measured.instance == instance
        if mine.any():
            shares[kind].append(_inside(points[mine], center, rotation, size, margin))


def _inside(points: np.ndarray, center: np.ndarray, rotation: np.ndarray, size: np.ndarray, margin: float) -> float:
    return float((np.abs((points - center) @ rotation) <= size / 2 + margin).all(axis=1).mean())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except DrivesimError as error:
        sys.exit(f"error: {error}")
