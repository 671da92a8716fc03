"""A rig's camera from CARLA's: colour, depth, semantic and instance segmentation, normals and flow of the same tick."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from drivesim.errors import RigError
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.clock import due
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor
from drivesim.sensors.silhouette import corners_of, projected_bounds
from drivesim.simulators.carla.channels import FlowBack, normals_of
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import F32, I32, U8, CameraImage

KINDS = ("rgb", "depth", "semantic_segmentation", "instance_segmentation")
"""Of every camera."""
_FURTHER = {"normal": "normals", "flow": "optical_flow"}
"""By a device's further channels."""
_FAR = 1000.0
"""m that a white depth pixel stands for, which is the sky (CARLA documentation, "Depth camera")."""
_SKIN = 0.25
"""A point this far outside an actor's box may still be its own, m: mirrors, and boxes that are a little small."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """An actor that pictures may show: instance id, CARLA's id, ``world_from_box`` and size (3,), m."""

    instance: int
    number: int
    box: Pose
    size: NDArray[np.float64]


class CarlaCamera:
    """One camera of the rig.

    CARLA's cameras are pinholes whose axis goes through the middle of the picture: a picture large enough is taken and
    cut so that the principal point lies where the rig says.

    Raises:
        RigError: CARLA cannot take such pictures.
    """

    def __init__(self, sensor: Sensor) -> None:
        assert isinstance(sensor.device, CameraDevice)
        device = sensor.device
        if device.lens is not None:
            raise RigError(
                f"camera '{sensor.channel}' has a lens model; CARLA's cameras are pinholes", element="lens",
                remedy="record it with the embedded simulator, or leave the lens out",
            )  # fmt: skip
        for name in ("events", "drops"):
            if getattr(device, name) is not None:
                raise RigError(
                    f"camera '{sensor.channel}' has {name}, which pictures of a CARLA server cannot show", element=name,
                    remedy=f"record it with the embedded simulator, or leave '{name}' out",
                )  # fmt: skip
        if abs(device.fx - device.fy) > 0.01 * device.fx:
            raise RigError(
                f"camera '{sensor.channel}' has pixels that are not square; CARLA's are", element="fy",
                remedy="set fy to fx, or record with the embedded simulator",
            )  # fmt: skip
        if "albedo" in device.channels:
            raise RigError(
                f"camera '{sensor.channel}' has the channel albedo; CARLA has no camera of it", element="channels",
                remedy="record it with the embedded simulator, or leave albedo out",
            )  # fmt: skip
        self.sensor, self.device = sensor, device
        self.kinds = (*KINDS, *(_FURTHER[name] for name in device.channels))
        """CARLA's cameras that make this one."""
        self._flow = FlowBack(device) if "flow" in device.channels else None
        self._half = tuple(
            math.ceil(max(centre, size - centre))
            for centre, size in ((device.cx, device.width), (device.cy, device.height))
        )
        self.depth: F32 = np.empty((0, 0), dtype=np.float32)
        """Of the newest tick, due or not: what hides what."""

    @property
    def mount(self) -> Pose:
        """``ego_from_view``: where CARLA's camera sits, x ahead."""
        pose = self.sensor.ego_from_sensor
        return Pose(pose.translation, pose.rotation @ VIEW_FROM_CAMERA.T)

    def attributes(self) -> dict[str, str]:
        """Of all blueprints."""
        half = self._half[0]
        return {
            "image_size_x": str(2 * half),
            "image_size_y": str(2 * self._half[1]),
            "fov": repr(2.0 * math.degrees(math.atan(half / self.device.fx))),
            "sensor_tick": "0.0",
        }

    def take(
        self, raw: Mapping[str, Any], motion: EgoMotion, bodies: Sequence[Body], actors: int
    ) -> CameraImage | None:
        """The image, if one is due in this tick; stamped with the tick's end, where CARLA took it.

        Args:
            raw: ``carla.Image`` by kind. bodies: who may be in view. actors: how many ids actors have.
        """
        pictures = {kind: self._cut(image) for kind, image in raw.items() if kind != "optical_flow"}
        code = pictures["depth"].astype(np.uint32)
        metres = (code[..., 2] + (code[..., 1] << 8) + (code[..., 0] << 16)) * (_FAR / (2**24 - 1))
        semantic = np.ascontiguousarray(pictures["semantic_segmentation"][..., 2])
        sky = (semantic == Tag.SKY) | (metres > 0.999 * _FAR)
        self.depth = np.where(sky, np.inf, metres).astype(np.float32)
        found = pictures["instance_segmentation"].astype(np.int32)
        codes = found[..., 1] | found[..., 0] << 8
        if self._flow is not None:
            things = np.where(semantic == Tag.ROAD_LINE, Tag.ROADS, semantic).astype(np.int32)
            flow = raw["optical_flow"]
            self._flow.step(self._cut(flow, np.float32), (flow.width, flow.height), codes << 8 | things)
        if not list(due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase)):
            return None
        world_from_ego = motion.pose(motion.end_ns)
        camera = world_from_ego @ self.sensor.ego_from_sensor
        instance = self._instances(codes, semantic, camera, bodies, actors)
        further: dict[str, Any] = {}
        if "normals" in pictures:
            further["normal"] = normals_of(pictures["normals"], sky, camera)
        if self._flow is not None:
            still = (instance == 0) | (instance > actors)
            further |= self._flow.expose(motion.end_ns, camera, self.depth, still)
        return CameraImage(
            channel=self.sensor.channel,
            time_ns=motion.end_ns,
            ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=world_from_ego,
            rgb=np.ascontiguousarray(pictures["rgb"][..., 2::-1]),
            depth=self.depth if self.device.depth == "planar" else self._along_rays(self.depth),
            semantic=semantic,
            instance=instance,
            intrinsic=self.device.intrinsic,
            **further,
        )

    def _along_rays(self, depth: F32) -> F32:
        """(H, W) distance of what lies ``depth`` along the axis."""
        device = self.device
        across = (np.arange(device.width) + 0.5 - device.cx) / device.fx
        down = (np.arange(device.height) + 0.5 - device.cy) / device.fy
        longer = np.sqrt(1.0 + across**2 + down[:, None] ** 2)
        return np.asarray(depth * longer, dtype=np.float32)

    def _cut(self, image: Any, kind: DTypeLike = np.uint8) -> NDArray[Any]:
        """Pixels (H, W, n) of a ``carla.Image``, blue first, or of another of so many numbers a pixel."""
        whole = np.frombuffer(image.raw_data, dtype=kind).reshape(image.height, image.width, -1)
        device = self.device
        left, top = round(image.width / 2 - device.cx), round(image.height / 2 - device.cy)
        return whole[top : top + device.height, left : left + device.width]

    def _instances(self, codes: I32, semantic: U8, camera: Pose, bodies: Sequence[Body], actors: int) -> I32:
        """drivesim's ids of CARLA's codes, which are its actors' ids (their lower 16 bits) in some versions only:
        elsewhere a code is the actor's in whose box most of its pixels lie, and an actor has one. Codes of nobody are
        things of the map."""
        instance = np.where(codes > 0, codes + actors + 1, 0).astype(np.int32)
        stuff = np.isin(semantic, (Tag.SKY, Tag.ROADS, Tag.ROAD_LINE, Tag.SIDEWALKS, Tag.TERRAIN, Tag.GROUND))
        instance[stuff] = 0
        votes: dict[int, dict[int, int]] = {}
        numbers = {body.instance: body.number & 0xFFFF for body in bodies}
        for body in bodies:
            window = self._window(body, camera)
            if window is None:
                continue
            inside = self._inside(window, body, camera) & ~stuff[window]
            for code, count in zip(*np.unique(codes[window][inside], return_counts=True), strict=True):
                votes.setdefault(int(code), {})[body.instance] = int(count)
        owner = {code: max(found, key=lambda who: (found[who], -who)) for code, found in votes.items() if code > 0}
        for who in set(owner.values()):
            codes_of = [code for code in owner if owner[code] == who]
            mine = max(codes_of, key=lambda code: (code == numbers[who], votes[code][who], -code))
            instance[(codes == mine) & ~stuff] = who
        return instance

    def _window(self, body: Body, camera: Pose) -> tuple[slice, slice] | None:
        bounds = projected_bounds(camera.inverse().apply(corners_of(body.box, body.size + 2 * _SKIN)), self.device)
        if bounds is None:
            return None
        x0, y0, x1, y1 = bounds
        rows = slice(max(int(y0), 0), min(math.ceil(y1), self.device.height))
        columns = slice(max(int(x0), 0), min(math.ceil(x1), self.device.width))
        return (rows, columns) if rows.stop > rows.start and columns.stop > columns.start else None

    def _inside(self, window: tuple[slice, slice], body: Body, camera: Pose) -> NDArray[np.bool_]:
        """Pixels of a window whose points lie in a body's box."""
        depth = self.depth[window].astype(np.float64)
        y, x = np.mgrid[window[0], window[1]]
        device = self.device
        depth = np.where(np.isfinite(depth), depth, 1e6)
        across, down = (x + 0.5 - device.cx) / device.fx, (y + 0.5 - device.cy) / device.fy
        local = np.stack([across, down, np.ones_like(depth)], axis=-1)
        points = camera.apply((local * depth[..., None]).reshape(-1, 3))
        away = np.abs((points - body.box.translation) @ body.box.rotation)
        within: NDArray[np.bool_] = np.all(away <= body.size / 2 + _SKIN, axis=1).reshape(depth.shape)
        return within
