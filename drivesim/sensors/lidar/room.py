"""Memory for the paths of a scan, taken once and used for scan after scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.beams import BeamHits
from drivesim.sensors.lidar.patterns import Pattern
from drivesim.sensors.lidar.secondary import Onward
from drivesim.types import F32, Paths

_SPARE = 0.25
"""Paths that go on, for every direct one, that there is room for before more is taken."""

_FIELDS: dict[str, type[np.generic]] = {
    "beam": np.int32, "azimuth": np.float32, "elevation": np.float32, "length": np.float32, "time": np.float64,
    "cosine": np.float32, "material": np.uint8, "semantic": np.uint8, "instance": np.int32, "rate": np.float32,
    "bounces": np.uint8, "share": np.float32,
}  # fmt: skip


_OF_LEGS = "length", "share", "cosine", "material", "semantic", "instance"
_OF_RAYS = "beam", "azimuth", "elevation", "time"


class PathRoom:
    """The paths of a scan under way: direct ones, written by the tracing kernel where they stay, then those of rays
    that went on.

    Args:
        scan: where the beams point; rays: of each beam.

    Attributes:
        hits: (C, B * rays) what the direct ones hit; a lidar asks for no rates.
        facing: (C, B * rays, 3) float32, normals of what sends beams on.
    """

    def __init__(self, scan: Pattern, rays: int) -> None:
        columns, beams = scan.offset.shape
        self._shape, self._rays = (columns, beams * rays), rays
        self._direct = columns * beams * rays
        self._offset = np.empty(self._direct)
        self._of: dict[str, NDArray[Any]] = {}
        self._take(int(self._direct * (1.0 + _SPARE)))
        direct = slice(0, self._direct)
        self._of["beam"][direct] = np.arange(self._direct) // rays
        self._of["bounces"][direct], self._of["share"][direct] = 1, 1.0 / rays
        self.aim(scan)
        self._of["rate"][:] = 0.0
        self.facing = np.empty((*self._shape, 3), np.float32)
        self._hits()

    def aim(self, scan: Pattern) -> None:
        """Take the directions and times of a scan of the same size."""
        for name in ("azimuth", "elevation"):
            self._of[name][: self._direct] = np.repeat(getattr(scan, name).reshape(-1), self._rays)
        self._offset[:] = np.repeat(scan.offset.reshape(-1), self._rays)

    def paths(self, time_ns: int, onward: Sequence[Onward]) -> tuple[Paths, F32]:
        """All paths, direct ones first, both in the order of their beams, and each one's share of its beam's energy.
        They last until the room is used again.

        Args:
            onward: of the columns one after the other.
        """
        whole = self._direct + sum(int(np.count_nonzero(part.share)) for part in onward)
        if whole > len(self._of["beam"]):
            self._take(whole)
            self._hits()
        of = self._of
        np.add(self._offset, time_ns * 1e-9, out=of["time"][: self._direct])
        of["rate"][self._direct : whole], of["bounces"][self._direct : whole] = 0.0, 2
        at = self._direct
        for part in onward:
            legs = part.ray, part.length, part.share, part.cosine, part.material, part.semantic, part.instance
            at = _append(
                at, legs, tuple(of[name] for name in _OF_LEGS), tuple(of[name] for name in _OF_RAYS), self._rays
            )
        paths = Paths(
            beam=of["beam"][:whole],
            azimuth=of["azimuth"][:whole],
            elevation=of["elevation"][:whole],
            length=of["length"][:whole],
            time=of["time"][:whole],
            cos_incidence=of["cosine"][:whole],
            material=of["material"][:whole],
            semantic=of["semantic"][:whole],
            instance=of["instance"][:whole],
            radial_rate=of["rate"][:whole],
            bounces=of["bounces"][:whole],
        )
        return paths, of["share"][:whole]

    def _take(self, count: int) -> None:
        """Room for ``count`` paths; what is there of the direct ones stays."""
        for name, kind in _FIELDS.items():
            larger = np.empty(count, kind)
            if name in self._of:
                larger[: self._direct] = self._of[name][: self._direct]
            self._of[name] = larger

    def _hits(self) -> None:
        names = ("length", "cosine", "material", "semantic", "instance")
        views = {name: self._of[name][: self._direct].reshape(self._shape) for name in names}
        nobody_asks = self._shape[0], 0
        self.hits = BeamHits(**views, rate=np.empty(nobody_asks, np.float32), triangle=np.empty(nobody_asks, np.int32))


@nb.njit(nogil=True, cache=True)
def _append(at: int, legs: Any, paths: Any, direct: Any, rays: int) -> int:
    """Write the paths that there are among those that went on from row ``at`` on; the row after them.

    Args:
        legs: the arrays of :class:`Onward` in their order.
        paths: (P,) length, share, cosine, material, semantic and instance; direct: (P,) columns that paths have from
            the ray that they began as, which are its row.
    """
    ray, length, share, cosine, material, semantic, instance = legs
    to_length, to_share, to_cosine, to_material, to_semantic, to_instance = paths
    beam, azimuth, elevation, time = direct
    part = np.float32(1.0) / np.float32(rays)
    for leg in range(len(ray)):
        if share[leg] > 0.0:
            of = ray[leg]
            to_length[at], to_share[at], to_cosine[at] = length[leg], share[leg] * part, cosine[leg]
            to_material[at], to_semantic[at], to_instance[at] = material[leg], semantic[leg], instance[leg]
            beam[at], azimuth[at], elevation[at], time[at] = beam[of], azimuth[of], elevation[of], time[of]
            at += 1
    return at
