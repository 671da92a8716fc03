"""Where a camera looks from while its rows are read one after the other.

The kernel's camera table has five rows. Of a camera that is carried on during its readout it has six more, from which
each ray's own origin and direction follow: the pose at a row is that of the last row, moved back on a straight line and
turned back about a fixed axis (Rodrigues' formula).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.motion import EgoMotion, rotations_between
from drivesim.transforms import Pose

if TYPE_CHECKING:
    from drivesim.sensors.camera.device import CameraDevice

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

AT_ONCE = 5
"""Rows of the camera table when all image rows are read from one pose."""
_UNMOVED = 1e-7
"""m, and rad, that do not count as motion during a readout: a thousandth of a pixel at most."""
_ROUNDS = 3
"""Of the search for the row that sees a place: the row decides when it is seen, and when decides the row. Each leaves a
share of the error before: that of its height by which a picture moves in a readout, a twentieth at most as a rule."""


class Gaze(NamedTuple):
    """A pose, of an ego or of its camera, over a readout: in between on a straight line and the great arc.

    Attributes:
        first, last: ``world_from_...`` when the first row begins and when the last one closes.
        times: ray times of both; the scene stands still outside of 0..1, the gaze does not.
    """

    first: Pose
    last: Pose
    times: tuple[float, float]

    @staticmethod
    def at(pose: Pose, time: float = 1.0) -> Gaze:
        """Everything at one instant."""
        return Gaze(pose, pose, (time, time))

    @staticmethod
    def during(motion: EgoMotion, time_ns: int, readout_ms: float) -> Gaze:
        """The ego's over a readout that ends at ``time_ns``; what lies before the tick is its motion, carried back."""
        last, fraction = motion.pose(time_ns), float(motion.fraction(time_ns))
        if readout_ms == 0.0:
            return Gaze.at(last, fraction)
        begin_ns = time_ns - round(readout_ms * 1e6)
        return Gaze(motion.pose(begin_ns), last, (float(motion.fraction(begin_ns)), fraction))

    def of(self, ego_from_camera: Pose) -> Gaze:
        """The camera's, from its ego's."""
        last = self.last @ ego_from_camera
        return Gaze(last if self.first is self.last else self.first @ ego_from_camera, last, self.times)

    @property
    def moves(self) -> bool:
        """Whether the pose changes."""
        if self.first is self.last:
            return False
        change = np.abs(self.first.translation - self.last.translation).max()
        return bool(max(change, np.abs(self.first.rotation - self.last.rotation).max()) > _UNMOVED)

    def poses(self, share: F64) -> tuple[F64, F64]:
        """Translations (N, 3) and rotations (N, 3, 3) at shares (N,) of the way from the first row's beginning."""
        share = share[:, None]
        places = share * self.last.translation + (1.0 - share) * self.first.translation
        return places, rotations_between(self.last, self.first, 1.0 - share)

    def pose(self, share: float) -> Pose:
        """At one share of the way."""
        places, rotations = self.poses(np.array([share]))
        return Pose(places[0], rotations[0])

    def time(self, share: Any) -> Any:
        """Ray time at shares of the way, not clipped."""
        return self.times[0] + (self.times[1] - self.times[0]) * share

    def seen(self, device: CameraDevice, places: Callable[[F64], F64], far: NDArray[np.bool_]) -> tuple[F64, F64, F64]:
        """Where a camera images what may move meanwhile: pixels (N, 2), places (N, 3) in camera axes, and the share
        (N,) of the readout at which it sees each.

        Args:
            places: (N, 3) in the world at shares (N,) of the readout; far: (N,) those of them that are directions.
        """
        share, moves, near = np.ones(len(far)), self.moves, np.where(far[:, None], 0.0, 1.0)
        local = self._local(near, places(share), share, moves)
        pixels = device.project(local)
        for _ in range(_ROUNDS if moves or self.times[0] != self.times[1] else 0):
            row = np.nan_to_num(pixels[:, 1], nan=device.height)
            share = np.clip(row, 0.0, device.height) / device.height
            local = self._local(near, places(share), share, moves)
            pixels = device.project(local)
        return pixels, local, share

    def _local(self, near: F64, places: F64, share: F64, moves: bool) -> F64:
        """Places (N, 3) of the world in camera axes, or directions where ``near`` (N, 1) is 0."""
        if not moves:
            return np.asarray((places - near * self.last.translation) @ self.last.rotation)
        origin, rotation = self.poses(share)
        return np.asarray(np.einsum("ni,nij->nj", places - near * origin, rotation))

    def table(self, origin: F64, device: CameraDevice) -> F32:
        """The kernel's camera table (5 or 11, 4) float32.

        Rows 0 to 2: rotation of world_from_camera at the last row's end, and as fourth column the place relative to
        ``origin``, m. Row 3: fx, fy, cx, cy. Row 4: width, height, 1 for depth along the ray, pixels a radian. Rows 5
        to 7: what the sine of an angle back adds to the rotation, and as fourth column the way back to the first row,
        m. Rows 8 to 10: what one less its cosine adds, and in the corner the angle back to the first row, rad.
        """
        moves = self.moves
        table = np.zeros((11 if moves else AT_ONCE, 4))
        table[:3, :3] = self.last.rotation
        table[:3, 3] = self.last.translation - origin
        table[3] = device.fx, device.fy, device.cx, device.cy
        table[4] = device.width, device.height, device.depth == "ray", device.pixels_per_radian
        if moves:
            step = self.last.rotation.T @ self.first.rotation
            twice = np.array([step[2, 1] - step[1, 2], step[0, 2] - step[2, 0], step[1, 0] - step[0, 1]])
            sine = float(np.linalg.norm(twice))
            x, y, z = twice / max(sine, 1e-12)
            skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
            table[5:8, :3] = self.last.rotation @ skew
            table[5:8, 3] = self.first.translation - self.last.translation
            table[8:11, :3] = table[5:8, :3] @ skew
            table[8, 3] = math.atan2(sine, np.trace(step) - 1.0)
        return table.astype(np.float32)


@nb.njit(cache=True, error_model="numpy")
def ray_of(camera: F32, y: float, cx: float, cy: float, cz: float) -> Any:
    """Origin and direction, three numbers each, of a ray through (cx, cy, cz) in camera axes and image row ``y``, from
    the kernel's table."""
    dx = camera[0, 0] * cx + camera[0, 1] * cy + camera[0, 2] * cz
    dy = camera[1, 0] * cx + camera[1, 1] * cy + camera[1, 2] * cz
    dz = camera[2, 0] * cx + camera[2, 1] * cy + camera[2, 2] * cz
    ox, oy, oz = float(camera[0, 3]), float(camera[1, 3]), float(camera[2, 3])
    if len(camera) > AT_ONCE:
        back = 1.0 - y / camera[4, 1]
        sine, rest = math.sin(back * camera[8, 3]), 1.0 - math.cos(back * camera[8, 3])
        dx += sine * (camera[5, 0] * cx + camera[5, 1] * cy + camera[5, 2] * cz)
        dy += sine * (camera[6, 0] * cx + camera[6, 1] * cy + camera[6, 2] * cz)
        dz += sine * (camera[7, 0] * cx + camera[7, 1] * cy + camera[7, 2] * cz)
        dx += rest * (camera[8, 0] * cx + camera[8, 1] * cy + camera[8, 2] * cz)
        dy += rest * (camera[9, 0] * cx + camera[9, 1] * cy + camera[9, 2] * cz)
        dz += rest * (camera[10, 0] * cx + camera[10, 1] * cy + camera[10, 2] * cz)
        ox, oy, oz = ox + back * camera[5, 3], oy + back * camera[6, 3], oz + back * camera[7, 3]
    return ox, oy, oz, dx, dy, dz
