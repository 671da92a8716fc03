"""Small analytic scenes and ego motions for sensor tests."""

from __future__ import annotations

import numpy as np

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.raycast import RayScene
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Actor, BoundingBox, WorldState

CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
FACES = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4)]
FACES += [(1, 5, 7), (1, 7, 3)]


def box(size, center=(0.0, 0.0, 0.0), material=MaterialId.CAR_PAINT, semantic=Tag.CAR, instance=0):
    vertices = CORNERS * np.array(size) / 2 + center
    return Mesh.build(vertices, FACES, material=material, albedo=(0.5, 0.1, 0.1), semantic=semantic, instance=instance)


def ground(half=500.0, z=0.0, material=MaterialId.ASPHALT):
    corners = [(-half, -half, z), (half, -half, z), (half, half, z), (-half, half, z)]
    return Mesh.build(corners, [(0, 1, 2), (0, 2, 3)], material=material, albedo=(0.1,) * 3, semantic=Tag.ROADS)


def wall(x, half=200.0, material=MaterialId.CONCRETE):
    """A wall across the x axis, facing the origin."""
    corners = [(x, -half, -half), (x, half, -half), (x, half, half), (x, -half, half)]
    return Mesh.build(corners, [(0, 2, 1), (0, 3, 2)], material=material, albedo=(0.4,) * 3, semantic=Tag.BUILDING)


def sphere(radius, material=MaterialId.CAR_PAINT, rings=96):
    """A sphere about the origin with exact vertex normals."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, 2 * rings), indexing="ij")
    unit = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1).reshape(-1, 3)
    i = (np.arange(rings - 1)[:, None] * 2 * rings + np.arange(2 * rings - 1)).ravel()
    faces = np.concatenate(
        [np.stack([i, i + 2 * rings, i + 1], 1), np.stack([i + 1, i + 2 * rings, i + 2 * rings + 1], 1)]
    )
    return Mesh.build(
        unit * radius, faces, material=material, albedo=(0.5,) * 3, semantic=Tag.CAR, normals=unit.astype(np.float32)
    )


def static_scene(*meshes) -> RayScene:
    builder = RaySceneBuilder()
    for mesh in meshes:
        builder.add_static(mesh)
    rays = builder.build()
    rays.commit()
    return rays


def state(time, position=(0, 0, 0), yaw=0.0, velocity=(0, 0, 0), yaw_rate=0.0, others=()):
    """A world whose first actor is the ego; others are (position, yaw, velocity, yaw_rate)."""
    rows = [(position, yaw, velocity, yaw_rate), *others]
    count = len(rows)
    zeros = np.zeros((1, count))
    return WorldState(
        time=np.array([time]),
        present=np.ones((1, count), dtype=bool),
        position=np.array([[row[0] for row in rows]], dtype=float),
        orientation=np.array([[(row[1], 0.0, 0.0) for row in rows]], dtype=float),
        velocity=np.array([[row[2] for row in rows]], dtype=float),
        acceleration=np.zeros((1, count, 3)),
        angular_velocity=np.array([[(0.0, 0.0, row[3]) for row in rows]], dtype=float),
        speed=zeros,
        steering=zeros,
        wheel_rotation=zeros,
        gait_phase=zeros,
        gaze=zeros,
        lights=zeros.astype(np.uint16),
        fallen=zeros,
    )


def ticks(duration, dt, speed=0.0, yaw_rate=0.0):
    """The ego's motion tick by tick: straight on, or round a circle that starts at the origin along x."""

    def at(time):
        yaw = yaw_rate * time
        if yaw_rate:
            radius = speed / yaw_rate
            position = (radius * np.sin(yaw), radius * (1 - np.cos(yaw)), 0.0)
        else:
            position = (speed * time, 0.0, 0.0)
        return state(time, position, yaw, (speed * np.cos(yaw), speed * np.sin(yaw), 0.0), yaw_rate)

    count = round(duration / dt)
    for tick in range(count):
        yield EgoMotion(at(tick * dt), at((tick + 1) * dt), 0)


def mounted(device, rate_hz=10.0, translation=(0.0, 0.0, 0.0), channel="SENSOR", phase=0.0, ypr=(0.0, 0.0, 0.0)):
    return Sensor(channel, device, Pose.from_ypr(translation, ypr), rate_hz, phase)


def actor(index, name="Car", category="car", box=None, kind="vehicle"):
    return Actor(index, name, kind, category, name, box or BoundingBox((1.4, 0.0, 0.75), 4.5, 1.8, 1.5))
