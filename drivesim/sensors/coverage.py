"""A picture of a rig's fields of view, from above and from the left side."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.radar.device import RadarDevice
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Device, Rig, Sensor
from drivesim.transforms import Pose

F64 = NDArray[np.float64]

_COLOURS = {"camera": (255, 186, 73), "lidar": (87, 196, 229), "radar": (239, 108, 138)}
_BACK, _INK, _GRID, _RING = (22, 26, 32), (225, 230, 236), (58, 66, 76), (140, 150, 162)
_REACH = {"camera": 60.0}
"""How far cameras are drawn, m; lidars and radars as far as they detect."""
_SIDEWAYS = 0.5
"""Sensors whose axis has less of the vehicle's x are left out of the view from the side."""
_CAR = (-1.0, 3.7, -0.9, 0.9, 1.5)
"""A passenger car: from, to along x; along y; height, m."""


_PLACES = {"camera": (1.7, 0.0, 1.5), "lidar": (0.94, 0.0, 1.84), "radar": (3.41, 0.0, 0.5)}
"""Where a device is drawn that no rig has placed: behind the windscreen, on the roof, behind the bumper; m."""


def alone(device: Device, name: str) -> Rig:
    """A rig of nothing but one device that looks ahead, from where such a one is usually mounted."""
    rotation = VIEW_FROM_CAMERA if isinstance(device, CameraDevice) else np.eye(3)
    sensor = Sensor(device.kind.upper(), device, Pose(np.array(_PLACES[device.kind]), rotation), 10.0, 0.0)
    return Rig(name, device.name, Path(), (sensor,), source=device.source, approximated=device.approximated)


def draw_rig(rig: Rig, *, width: int = 1200) -> Image.Image:
    """Fields of view on rings of metres; distances grow with the square root, so that near and far are both seen."""
    half = width // 2
    picture = Image.new("RGB", (width, half + 60), _BACK)
    pen = ImageDraw.Draw(picture, "RGBA")
    farthest = max(_reach(sensor) for sensor in rig.sensors)
    scale = (half / 2 - 24) / math.sqrt(farthest)
    for panel, (first, second) in enumerate(((0, 1), (0, 2))):
        middle = np.array([half * panel + half / 2, 30 + half / 2])

        def place(
            points: F64, middle: F64 = middle, axes: tuple[int, int] = (first, second)
        ) -> list[tuple[float, float]]:
            flat = points[:, list(axes)]
            length = np.linalg.norm(flat, axis=1, keepdims=True)
            xy = middle + flat * (1.0, -1.0) * scale / np.sqrt(np.maximum(length, 1e-9))
            return [tuple(p) for p in xy]

        for ring in (5, 20, 50, 100, 200, 300):
            if ring <= farthest:
                r = scale * math.sqrt(ring)
                x, y = middle
                pen.ellipse((x - r, y - r, x + r, y + r), outline=_GRID)
                pen.text((x + 3, y - r - 1), f"{ring} m", fill=_RING)
        for sensor in rig.sensors:
            colour = _COLOURS[sensor.kind]
            for outline in (_from_above if panel == 0 else _from_the_side)(sensor):
                pen.polygon(place(outline), fill=(*colour, 36), outline=(*colour, 200))
        x0, x1, y0, y1, top = _CAR
        low, high = (y0, y1) if panel == 0 else (0.0, top)
        corners = np.zeros((121, 3))
        along = np.linspace(0.0, 4.0, 121)
        corners[:, first] = np.interp(along, range(5), (x0, x1, x1, x0, x0))
        corners[:, second] = np.interp(along, range(5), (low, low, high, high, low))
        pen.polygon(place(corners), outline=_INK)
    kinds = ", ".join(f"{len(rig.of_kind(kind))} {kind}" for kind in ("camera", "lidar", "radar") if rig.of_kind(kind))
    pen.text((16, 10), f"{rig.name}: {rig.description or kinds}", fill=_INK)
    pen.text((16, half + 38), f"{kinds}; left: from above; right: from the left side", fill=_INK)
    return picture


def _reach(sensor: Sensor) -> float:
    device = sensor.device
    if isinstance(device, RadarDevice):
        return max(scan.max_range for scan in device.scans)
    return device.max_range if isinstance(device, LidarDevice) else _REACH["camera"]


def _from_above(sensor: Sensor) -> list[F64]:
    return [_fan(sensor, np.stack([np.cos(a), np.sin(a), 0.0 * a], 1), r) for a, r in _spans(sensor, across=True)]


def _from_the_side(sensor: Sensor) -> list[F64]:
    """Sensors that look ahead or back; a lidar that fires all around does both."""
    pose, device = sensor.ego_from_sensor, sensor.device
    spans = [(np.stack([np.cos(a), 0.0 * a, np.sin(a)], 1), r) for a, r in _spans(sensor, across=False)]
    if isinstance(device, LidarDevice) and device.pattern is None and device.azimuth_window_deg is None:
        both = [np.concatenate([rays, rays[::-1] * (-1.0, 1.0, 1.0)]) * reach for rays, reach in spans]
        return [np.concatenate([pose.translation + ends, pose.translation[None]]) for ends in both]
    ahead = pose.rotation[0, 2 if isinstance(device, CameraDevice) else 0]
    return [_fan(sensor, rays, reach) for rays, reach in spans] if abs(ahead) > _SIDEWAYS else []


def _fan(sensor: Sensor, directions: F64, reach: float) -> F64:
    """(N, 3) outline in the ego frame of directions (x ahead, y left, z up) out to ``reach``, m."""
    pose = sensor.ego_from_sensor
    if isinstance(sensor.device, CameraDevice):
        directions = np.stack([-directions[:, 1], -directions[:, 2], directions[:, 0]], axis=1)
    ends = pose.apply(directions * reach)
    return np.concatenate([pose.translation[None], ends, pose.translation[None]])


def _spans(sensor: Sensor, *, across: bool) -> list[tuple[F64, float]]:
    """Angles (N,), rad, and reach, m, of every part of the field."""
    device = sensor.device
    if isinstance(device, RadarDevice):
        limits = [(scan.azimuth_limit if across else scan.elevation_limit / 2, scan.max_range) for scan in device.scans]
        return [(np.linspace(-limit, limit, 61), reach) for limit, reach in limits]
    if isinstance(device, LidarDevice):
        if across and device.azimuth_window_deg is not None:
            first, last = device.azimuth_window_deg
            return [(np.radians(np.linspace(first, first + (last - first) % 360.0, 181)), device.max_range)]
        if across:
            half = math.pi if device.pattern is None else math.radians(device.pattern.horizontal_deg) / 2.0
            return [(np.linspace(-half, half, 181), device.max_range)]
        low, high = float(device.elevations.min()), float(device.elevations.max())
        if device.pattern is not None:
            high = math.radians(device.pattern.vertical_deg) / 2.0
            low = -high
        return [(np.linspace(low, high, 61), device.max_range)]
    edge = np.linspace(0.0, device.width if across else device.height, 241)
    middle = np.full(241, device.cy if across else device.cx)
    rays = device.unproject(np.stack([edge, middle] if across else [middle, edge], axis=1))
    angles = np.arctan2(-rays[:, 0] if across else -rays[:, 1], rays[:, 2])
    return [(angles[np.isfinite(angles)], _REACH["camera"])]
