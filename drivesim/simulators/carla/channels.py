"""Surface normals and optical flow from CARLA's cameras of these, in drivesim's axes and pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import RigError
from drivesim.sensors.camera.device import CameraDevice
from drivesim.transforms import Pose
from drivesim.types import F32, I32, U8

Bool = NDArray[np.bool_]

_NORMALS_SINCE = (0, 9, 16)
"""Version of CARLA since which its normals are world axes from -1 to 1 (carla#8859); before they were the camera's, in
an encoding that is not written down."""
_CLIPPED = 1.999
"""Half pictures from which on a motion is cut off: CARLA's range is [-2, 2] (CARLA documentation, "Optical Flow
camera")."""
_SAME = (0.02, 0.05)
"""Share of the distance, and metres, within which a place that is found again counts as the same."""


def check_normals(channel: str, server: tuple[int, ...] | None) -> None:
    """Raises:
    RigError: the server's version tells normals in another way.
    """
    if server is not None and server < _NORMALS_SINCE:
        raise RigError(
            f"camera '{channel}' has the channel normal; the server is CARLA {'.'.join(map(str, server))}, whose "
            "normals are coded in a way that is not documented", element="channels",
            remedy=f"use CARLA {'.'.join(map(str, _NORMALS_SINCE))}, or leave normal out",
        )  # fmt: skip


def normals_of(pixels: U8, sky: Bool, camera: Pose) -> F32:
    """(H, W, 3) unit normals in camera axes, towards the camera, zero for the sky.

    Args:
        pixels: (H, W, 4) blue, green, red: components along CARLA's world axes (y to the right) from -1 to 1 as 0 to
            255 of red, green and blue (carla#8810). camera: ``world_from_camera``.
    """
    world = (pixels[..., 2::-1].astype(np.float64) / 127.5 - 1.0) * (1.0, -1.0, 1.0)
    size = np.linalg.norm(world, axis=-1, keepdims=True)
    none = sky | (size[..., 0] < 0.5)
    normal: F32 = (world / np.maximum(size, 1e-9) @ camera.rotation).astype(np.float32)
    normal[none] = 0.0
    return normal


class FlowBack:
    """Where each pixel was in the exposure before, chained over the ticks in between.

    CARLA's camera tells the motion since the tick before, as seen now, in half pictures to the right and upwards
    (carla#4795); an exposure may lie several ticks back. A step is followed where the pixel that it leads to shows the
    same thing, and the rest is not known.
    """

    def __init__(self, device: CameraDevice) -> None:
        self._device = device
        y, x = np.mgrid[: device.height, : device.width]
        self._column, self._row = x, y
        self._back: NDArray[np.floating] = np.zeros((0, 0, 2))
        self._fresh = False
        self._identity: I32 = np.zeros((0, 0), dtype=np.int32)
        self._then: tuple[int, Pose, F32, I32] | None = None

    def step(self, motion: F32, whole: tuple[int, int], identity: I32) -> None:
        """Go on by a tick.

        Args:
            motion: (H, W, 2) what CARLA tells. whole: width and height of CARLA's picture, of which this is a part.
            identity: (H, W) a number for each thing.
        """
        if self._then is not None:
            pixels = motion.astype(np.float64) * (-whole[0] / 2.0, whole[1] / 2.0)
            pixels[(np.abs(motion) >= _CLIPPED).any(axis=-1)] = np.nan
            if self._fresh:
                self._back = pixels
            else:
                row, column, inside = self._landing(pixels)
                joined = inside & (self._identity[row, column] == identity)
                self._back = np.where(joined[..., None], pixels + self._back[row, column], np.nan)
        self._identity, self._fresh = identity, False

    def expose(self, time_ns: int, camera: Pose, depth: F32, still: Bool) -> dict[str, Any]:
        """What :class:`~drivesim.types.CameraImage` says of the exposure before and the way back to it; nothing at the
        first. A place is seen there if the same thing is and, of what stands still, at the same distance.

        Args:
            camera: ``world_from_camera`` now. depth: (H, W). still: (H, W) what does not move.
        """
        back, then, identity = self._back, self._then, self._identity
        self._then, self._fresh = (time_ns, camera, depth, identity), True
        if then is None:
            return {}
        before_ns, camera_then, depth_then, identity_then = then
        row, column, inside = self._landing(back)
        away, found = self._depth_then(depth, camera, camera_then), depth_then[row, column]
        near = np.abs(np.where(np.isfinite(found), found, 0.0) - away) < _SAME[0] * away + _SAME[1]
        sky = np.isinf(depth) & np.isinf(found)
        seen = inside & (identity_then[row, column] == identity) & (~still | near | sky)
        return {"previous_ns": before_ns, "flow_backward": back.astype(np.float32), "seen_backward": seen}

    def _landing(self, back: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp], Bool]:
        """Row and column of the pixel that each one was, and whether that is in the picture."""
        known = np.isfinite(back).all(axis=-1)
        x = self._column + np.rint(np.where(known, back[..., 0], 0.0)).astype(np.intp)
        y = self._row + np.rint(np.where(known, back[..., 1], 0.0)).astype(np.intp)
        height, width = self._device.height, self._device.width
        inside = known & (x >= 0) & (x < width) & (y >= 0) & (y < height)
        return np.clip(y, 0, height - 1), np.clip(x, 0, width - 1), inside

    def _depth_then(self, depth: F32, camera: Pose, camera_then: Pose) -> NDArray[np.float64]:
        """(H, W) how far along the axis each place lay from the camera then, had it not moved."""
        device = self._device
        across, down = (self._column + 0.5 - device.cx) / device.fx, (self._row + 0.5 - device.cy) / device.fy
        near = np.where(np.isfinite(depth), depth, 0.0)[..., None]
        places = camera.apply((np.stack([across, down, np.ones_like(across)], axis=-1) * near).reshape(-1, 3))
        then: NDArray[np.float64] = camera_then.inverse().apply(places)[:, 2].reshape(depth.shape)
        return then
