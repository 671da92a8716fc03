"""Label channels beyond depth and classes: surface normals, albedo and optical flow, from the surface of each pixel.

A pixel's surface is a triangle, a place on it and the part it belongs to. Where the same place was at an earlier
exposure follows from that part's pose and, for bodies that deform, its vertices then: flow is exact for rigid and for
skinned motion, and never clipped. Both ends are kept, so one exposure gives the flow back to the one before
(``backward``) and, for the pixels of that one, the flow to itself (``forward``); no measurement sees the future.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.hits import instance_quaternion, interpolated, rotated
from drivesim.scene.raycast import RayScene, RayTables
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.gaze import Gaze
from drivesim.sensors.camera.keep import Middles
from drivesim.sensors.camera.middles import middles

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

_SAME = (0.02, 0.02)
"""Share of the distance, and metres, within which a place that is found again counts as the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The scene as one exposure saw it: where every part was, and what every pixel shows.

    Attributes:
        time_ns: of the exposure; gaze: of the camera.
        tables: with motion and vertices of that moment (copies).
        origin: of ray coordinates in the world; present: (I,) which parts were there.
        seen: by the pixels' rays.
        ray: (P, 3) float64, unit, camera axes, NaN outside the image circle.
    """

    time_ns: int
    gaze: Gaze
    tables: RayTables
    origin: F64
    present: Bool
    seen: Middles
    ray: F64


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Displacements in pixels, (H, W, 2) float32 (x right, y down), NaN where there is none; ``visible``: (H, W) bool,
    whether the place is seen at the other end."""

    displacement: F32
    visible: Bool


def seen_by(rays: RayScene, device: CameraDevice, gaze: Gaze, ray: F64) -> Middles:
    """Trace the middle of every pixel.

    Args:
        gaze: of the camera; ray: (P, 3) of :meth:`~drivesim.sensors.camera.device.CameraDevice.middle_rays`.
    """
    origin, rotation = gaze.last.translation[None], gaze.last.rotation[None]
    if gaze.moves:
        origin, rotation = gaze.poses(_middles(device.height))
    return middles(rays, ray, origin, rotation, _row_times(device, gaze))


def moment(rays: RayScene, device: CameraDevice, gaze: Gaze, ray: F64, seen: Middles, time_ns: int) -> Moment:
    """What flow needs to know later of an exposure that has ``seen`` this; the others as for :func:`seen_by`."""
    tables, middle = rays.tables, float(np.clip(0.5 * (gaze.times[0] + gaze.times[1]), 0.0, 1.0))
    kept = tables._replace(
        inst_quaternion=tables.inst_quaternion.copy(), inst_translation=tables.inst_translation.copy(),
        inst_spin=tables.inst_spin.copy(), vertices=rays.shape_at(middle),
    )  # fmt: skip
    return Moment(time_ns, gaze, kept, rays.origin, rays.present(), seen, ray)


def _row_times(device: CameraDevice, gaze: Gaze) -> F32:
    """Ray times (H,) of the middles of rows."""
    return np.clip(gaze.time(_middles(device.height)), 0.0, 1.0).astype(np.float32)


def _middles(height: int) -> F64:
    """Shares (H,) of a readout at which the middles of rows are read."""
    return (np.arange(height) + 0.5) / height


def _to_world(gaze: Gaze, ray: F64, height: int, chosen: Bool) -> F64:
    """Chosen ones of directions (P, 3) in the camera axes of their own rows, in world axes, (N, 3)."""
    if not gaze.moves:
        # The matrix product of so many short rows would start threads, which take longer than the work.
        return np.asarray(np.einsum("ij,kj->ik", ray[chosen], gaze.last.rotation))
    rows = np.flatnonzero(chosen) // (len(ray) // height)
    return np.asarray(np.einsum("nij,nj->ni", gaze.poses(_middles(height))[1][rows], ray[chosen]))


def flow(start: Moment, end: Moment, device: CameraDevice) -> Flow:
    """Where each pixel of ``start`` lies in the picture of ``end``, less where it is."""
    height, width = device.height, device.width
    surface = start.seen
    sky = surface.triangle < 0
    places = np.zeros((len(sky), 3), dtype=np.float64)
    places[sky] = _to_world(start.gaze, start.ray, height, sky)

    def at(share: F64) -> F64:
        when = np.clip(end.gaze.time(share), 0.0, 1.0).astype(np.float32)
        _places(end.tables, surface.triangle, surface.part, surface.barycentric, when, end.origin, places)
        return places

    there, local, _ = end.gaze.seen(device, at, sky)
    x, y = there.T
    gone = ~sky & ~end.present[surface.part]
    there[gone | (local[:, 2] <= 0.0 if device.lens is None else np.isnan(x))] = np.nan
    found = (x >= 0.0) & (x < width) & (y >= 0.0) & (y < height)
    pixel = np.zeros(len(there), dtype=np.int64)
    pixel[found] = y[found].astype(np.int64) * width + x[found].astype(np.int64)
    away, seen = np.sqrt(np.einsum("ij,ij->i", local, local)), end.seen.distance[pixel].astype(np.float64)
    same = np.where(sky, np.isinf(seen), np.abs(seen - away) < _SAME[0] * away + _SAME[1])
    here = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1).reshape(-1, 2)
    displacement = (there - here).astype(np.float32).reshape(height, width, 2)
    return Flow(displacement, (found & same).reshape(height, width))


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _places(
    tables: RayTables, triangle: NDArray[np.int32], part: NDArray[np.int32], barycentric: F32, when: F32, origin: F64,
    places: F64,
) -> None:  # fmt: skip
    """Where places on triangles are at ray times ``when``, in the world; rows without a triangle stay as they are."""
    for i in nb.prange(len(triangle)):
        row = triangle[i]
        if row < 0:
            continue
        owner, time = part[i], when[i]
        x, y, z = interpolated(tables.vertices, tables.triangles[row], barycentric[i, 0], barycentric[i, 1])
        if tables.inst_moving[owner]:
            x, y, z = rotated(instance_quaternion(tables, owner, time), x, y, z)
            before, after = tables.inst_translation[owner, 0], tables.inst_translation[owner, 1]
            x += before[0] + (after[0] - before[0]) * time
            y += before[1] + (after[1] - before[1]) * time
            z += before[2] + (after[2] - before[2]) * time
        places[i, 0], places[i, 1], places[i, 2] = origin[0] + x, origin[1] + y, origin[2] + z
