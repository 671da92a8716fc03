"""A photo studio: actors in rows on a plain floor, seen through a long lens; and sheets put together from such rows.

World frame of a row: subjects stand along y, the camera looks along -x, so a subject with yaw 0 faces the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh, merge
from drivesim.scene.actors import Cast
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import Sensor
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Actor, CameraImage, Weather, WorldState

if TYPE_CHECKING:
    from PIL import Image

U8 = NDArray[np.uint8]

DISTANCE = 14.0
"""From the camera to the row, m: far enough that the ends of a row are seen nearly as its middle."""
_LIGHT = Weather(sun_azimuth=np.radians(35.0), sun_elevation=np.radians(42.0), cloud_cover=0.25)
_INK, _FAINT, _PAPER = (38, 42, 48), (92, 98, 106), (247, 246, 242)
_GREY = 0.5
"""Albedo of the studio's floor and back wall."""
TICK = 1e-3
"""What a photograph spans, s."""


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """One subject on the floor.

    Attributes:
        actor: its name and the seed decide its looks; y: place along the row, m; yaw: rad, 0 faces the camera;
            x: towards the camera, z: up, m.
        speed: m/s; gait_phase: cycles; gaze: rad; fallen: 0 .. 1; steering: rad; lights: lamp flags.
    """

    actor: Actor
    y: float
    yaw: float = 0.0
    speed: float = 0.0
    gait_phase: float = 0.0
    gaze: float = 0.0
    fallen: float = 0.0
    steering: float = 0.0
    lights: int = 0
    x: float = 0.0
    z: float = 0.0


def photograph(
    stands: Sequence[Stand], seed: int, *, span: tuple[float, float], height: float, width: int,
    elevation: float = 0.06, distance: float = DISTANCE, floor: float = 0.04,
) -> CameraImage:  # fmt: skip
    """A row of subjects.

    Args:
        span: smallest and largest y in the picture, m; height: m of the row's plane in the picture; width: pixels.
        elevation: how steeply the camera looks down, rad; floor: share of the picture below the row's floor line.
    """
    scale = width / (span[1] - span[0])
    device = CameraDevice(
        kind="camera", name="studio", width=width, height=max(8, round(height * scale)), fx=scale * distance,
        fy=scale * distance, cx=width / 2, cy=max(8, round(height * scale)) / 2, exposure=7500.0, vignetting=0.0,
    )  # fmt: skip
    aim = np.array([0.0, 0.5 * (span[0] + span[1]), (0.5 - floor) * height])
    forward = np.array([-np.cos(elevation), 0.0, -np.sin(elevation)])
    right = np.array([0.0, 1.0, 0.0])
    place = Pose(aim - distance * forward, np.column_stack([right, np.cross(forward, right), forward]))
    builder = RaySceneBuilder()
    builder.add_static(_room())
    before, after = state_of(stands, 0.0), state_of(stands, TICK)
    cast = Cast(cast_of(stands), builder, seed)
    with builder.build() as rays:
        cast.enter(rays)
        cast.move(before, after, np.zeros(len(stands)))
        camera = Camera(Sensor("STUDIO", device, Pose.identity(), 10.0, 0.0), seed)
        lit = np.array([0, *(stand.lights for stand in stands)], dtype=np.uint16)
        return camera.render(rays, place, _LIGHT, lit=lit)


def cast_of(stands: Sequence[Stand]) -> list[Actor]:
    """Everyone, numbered in order."""
    return [replace(stand.actor, index=number) for number, stand in enumerate(stands)]


def _room() -> Mesh:
    """A floor and a wall far behind, of a material without pattern."""
    corners = [(-30.0, -90.0, 0.0), (90.0, -90.0, 0.0), (90.0, 90.0, 0.0), (-30.0, 90.0, 0.0)]
    wall = [(-30.0, -90.0, 0.0), (-30.0, 90.0, 0.0), (-30.0, 90.0, 60.0), (-30.0, -90.0, 60.0)]
    faces = [(0, 1, 2), (0, 2, 3)]
    meshes = [
        Mesh.build(points, faces, material=MaterialId.RUBBER, albedo=(_GREY,) * 3, semantic=Tag.GROUND)
        for points in (corners, wall)
    ]
    return merge(meshes)


def state_of(stands: Sequence[Stand], time: float) -> WorldState:
    """Everyone in their place."""
    count = len(stands)

    def column(name: str) -> NDArray[np.float64]:
        return np.array([[getattr(stand, name) for stand in stands]], dtype=np.float64)

    nothing = np.zeros((1, count, 3))
    position = np.stack([column("x"), column("y"), column("z")], axis=-1)
    orientation = nothing.copy()
    orientation[0, :, 0] = column("yaw")
    return WorldState(
        time=np.array([time]), present=np.ones((1, count), dtype=bool), position=position, orientation=orientation,
        velocity=nothing, acceleration=nothing, angular_velocity=nothing, speed=column("speed"),
        steering=column("steering"), wheel_rotation=np.zeros((1, count)), gait_phase=column("gait_phase"),
        gaze=column("gaze"), lights=column("lights").astype(np.uint16), fallen=column("fallen"),
    )  # fmt: skip


def sheet(title: str, below: str, rows: Sequence[tuple[U8, Sequence[tuple[float, str]]]]) -> Image.Image:
    """Photographs below each other with a title.

    Args:
        rows: (H, W, 3) uint8 of one width, and labels for it: (share of the width, words).
    """
    from PIL import Image, ImageDraw, ImageFont

    width = rows[0][0].shape[1]
    size = max(11, width // 110)
    head, foot = round(3.6 * size), round(1.9 * size)
    picture = Image.new("RGB", (width, head + sum(row.shape[0] + foot for row, _ in rows)), _PAPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    draw.text((size, 0.5 * size), title, fill=_INK, font=ImageFont.load_default(round(1.4 * size)))
    draw.text((size, 2.2 * size), below, fill=_FAINT, font=font)
    top = head
    for row, labels in rows:
        picture.paste(Image.fromarray(row), (0, top))
        top += row.shape[0]
        for share, words in labels:
            half = 0.5 * draw.textlength(words, font=font)
            middle = min(max(share * width, half + 0.5 * size), width - half - 0.5 * size)
            draw.text((middle, top + 0.45 * size), words, fill=_INK, font=font, anchor="ma")
        top += foot
    return picture
