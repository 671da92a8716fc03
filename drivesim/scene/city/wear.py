"""What a road collects in years: patches over trenches, sealed cracks, manhole covers, gullies at the kerb.

Flat things on the lanes, millimetres above them and below their paint; part of the road to every label.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.meshing.builder import Builder, Look
from drivesim.opendrive.meshing.lanes import stations
from drivesim.opendrive.road import CrossSection, RoadFrame
from drivesim.scene.city.frontage import district_of
from drivesim.taxonomy import Tag

F64 = NDArray[np.float64]

_STEP = 2.0
"""Between cross-sections of the road's own mesh, m: what lies on it bends where it does."""
_PATCH, _SEAL, _COVER = 0.0012, 0.0018, 0.0024
"""Above the road, m; road paint lies at 0.004."""
_ASPHALT = tuple(
    Look(MaterialId.ASPHALT, Tag.ROADS, (grey, grey, 1.03 * grey)) for grey in (0.058, 0.066, 0.072, 0.104)
)
"""Of patches: fresh asphalt is darker than old; now and then it is older than the road."""
_BITUMEN = Look(MaterialId.ASPHALT, Tag.ROADS, (0.034, 0.034, 0.036))
_IRON = Look(MaterialId.GALVANISED_STEEL, Tag.ROADS, (0.075, 0.070, 0.066))
_FILLING = Look(MaterialId.CONCRETE, Tag.ROADS, (0.20, 0.195, 0.185))
_HOLE = Look(MaterialId.BLACK_PLASTIC, Tag.ROADS, (0.012, 0.012, 0.012))
_SEALS = 0.04
"""Width of sealed joints and cracks, m."""
_TRENCH = (0.7, 1.3)
"""Width of a patch over a trench, m: that of trenches for pipes of 100 to 500 mm (EN 1610)."""
_FRAME, _LID = 0.3925, 0.25
"""Radii of a manhole's frame and of the concrete in its cover, m (frame 785 mm, DIN 4271)."""
_GRATE = 0.25
"""Half the side of a gully's grate of 500 x 500 mm, m (DIN 19583)."""
_PATCHES = {"residential": 30.0, "inner_city": 22.0, "rural": 60.0, "motorway": 140.0}
_CRACKS = {"residential": 45.0, "inner_city": 40.0, "rural": 50.0, "motorway": 90.0}
"""Mean distance from one to the next on a lane by district, m, as it looks right."""
_MANHOLES, _GULLIES = (35.0, 60.0), (22.0, 30.0)
"""From one to the next in towns, m: sewers have a manhole every 50 to 70 m, often two pipes (DWA-A 157), and a gully
drains about 400 m2 (RAS-Ew)."""
_SEWERED = ("residential", "inner_city")


@dataclass(frozen=True, slots=True)
class _Surface:
    """A section of a road as its mesh is: straight between stations."""

    frame: RoadFrame
    at: Sequence[float]

    def points(self, s: F64, t: F64, lift: float) -> F64:
        """(N, 3) places at s and t (N,), so far above the road."""
        result = []
        for here, aside in zip(s.tolist(), t.tolist(), strict=True):
            last = min(max(bisect_right(self.at, here), 1), len(self.at) - 1)
            s0, s1 = self.at[last - 1], self.at[last]
            a, b = self.frame.point(s0, aside, lift), self.frame.point(s1, aside, lift)
            share = (here - s0) / (s1 - s0)
            place = self.frame.point(here, aside, lift)
            result.append((place.x, place.y, a.z + share * (b.z - a.z)))
        return np.array(result)

    def ribbon(self, builder: Builder, look: Look, s: Sequence[float], t: F64, width: F64, lift: float) -> None:
        """A band along the road between two s, through t and as wide as given at these (N,)."""
        ends = np.asarray(s)
        inside = [v for v in self.at if ends[0] + 1e-6 < v < ends[-1] - 1e-6]
        along = np.unique(np.concatenate([ends, inside]))
        middle, half = np.interp(along, ends, t), 0.5 * np.interp(along, ends, width)
        left, right = self.points(along, middle + half, lift), self.points(along, middle - half, lift)
        builder.band(look, left, right)

    def disc(self, builder: Builder, look: Look, s: float, t: float, radius: float, lift: float) -> None:
        """A flat disc of 16 corners."""
        angle = np.arange(16) * np.pi / 8
        rim = self.points(s + radius * np.cos(angle), t + radius * np.sin(angle), lift)
        middle = self.points(np.array([s]), np.array([t]), lift)
        k = np.arange(16)
        builder.add(
            look, np.concatenate([rim, middle]), np.stack([k, (k + 1) % 16, np.full(16, 16)], 1).astype(np.int32)
        )


def wear(network: RoadNetwork, random: np.random.Generator) -> Mesh:
    """What lies on the lanes of all roads outside junctions, in map coordinates."""
    builder = Builder()
    for road in network.roads.values():
        if road.junction is not None:
            continue
        frame, district = network.frame(road.id), district_of(road)
        for section in frame.sections:
            at = stations(frame, section, _STEP)
            if len(at) < 2 or at[-1] - at[0] < 12.0:
                continue
            surface = _Surface(frame, at)
            for lane, low, high in _lanes(frame, section, at):
                _add_patches(builder, surface, low, high, _PATCHES[district], random)
                _add_cracks(builder, surface, low, high, _CRACKS[district], random)
                if district in _SEWERED and section.lanes[lane].type == "driving":
                    _add_manholes(builder, surface, low, high, random)
                if district in _SEWERED and _has_kerb(section, lane):
                    _add_gullies(builder, surface, low if lane < 0 else high, lane < 0, random)
    return builder.mesh()


def _lanes(frame: RoadFrame, section: CrossSection, at: Sequence[float]) -> Iterator[tuple[int, F64, F64]]:
    """Level lanes of asphalt: number, and where they begin and end in t at the stations, (2, N) s and t each."""
    for lane_id, lane in section.lanes.items():
        if lane.type not in ("driving", "parking") or any(any(section.height(s, lane_id)) for s in at):
            continue
        edges = [next(e for e in section.side(s, lane_id > 0, frame.offset.at(s)) if e[0] == lane_id) for s in at]
        t = np.sort(np.array([edge[1:] for edge in edges]), axis=1)
        if (t[:, 1] - t[:, 0]).min() > 1.8:
            yield lane_id, np.stack([at, t[:, 0]]), np.stack([at, t[:, 1]])


def _has_kerb(section: CrossSection, lane_id: int) -> bool:
    """Whether the pavement begins at a lane's outer edge."""
    beyond = section.lanes.get(lane_id + (1 if lane_id > 0 else -1))
    return beyond is not None and beyond.type == "sidewalk"


def _places(low: F64, spacing: float, random: np.random.Generator) -> Iterator[float]:
    """Values of s along a lane, a random distance apart, none near its ends."""
    s = float(low[0, 0] + 2.0 + random.exponential(spacing))
    while s < low[0, -1] - 12.0:
        yield s
        s += 12.0 + float(random.exponential(spacing))


def _add_patches(
    builder: Builder, surface: _Surface, low: F64, high: F64, spacing: float, random: np.random.Generator
) -> None:
    """Patches with sealed edges: along a trench, or over most of the lane."""
    for start in _places(low, spacing, random):
        length = float(random.uniform(1.2, 9.0))
        s = np.array([start, start + length])
        t0, t1 = np.interp(s, *low) + 0.2, np.interp(s, *high) - 0.2
        width = np.full(2, random.uniform(*_TRENCH)) if random.random() < 0.65 else t1 - t0
        width = np.minimum(width, t1 - t0)
        t = t0 + 0.5 * width + float(random.random()) * (t1 - t0 - width)
        look = _ASPHALT[int(random.integers(len(_ASPHALT)))]
        surface.ribbon(builder, look, s.tolist(), t, width, _PATCH)
        seal = np.full(2, _SEALS)
        for side in (-0.5, 0.5):
            surface.ribbon(builder, _BITUMEN, s.tolist(), t + side * width, seal, _SEAL)
        for end in (start, start + length - _SEALS):
            ends = np.array([end, end + _SEALS])
            surface.ribbon(builder, _BITUMEN, ends.tolist(), np.interp(ends, s, t), np.interp(ends, s, width), _SEAL)


def _add_cracks(
    builder: Builder, surface: _Surface, low: F64, high: F64, spacing: float, random: np.random.Generator
) -> None:
    """Cracks that wander along the lane, sealed with bitumen."""
    for start in _places(low, spacing, random):
        s = start + np.cumsum(random.uniform(0.25, 0.6, int(random.integers(8, 24))))
        s = s[s < low[0, -1] - 1.0]
        t0, t1 = np.interp(s, *low) + 0.25, np.interp(s, *high) - 0.25
        share = random.uniform(0.1, 0.9) + np.cumsum(random.normal(0.0, 0.025, len(s)))
        if len(s) > 1:
            width = _SEALS * random.uniform(0.5, 1.1, len(s))
            surface.ribbon(builder, _BITUMEN, s.tolist(), t0 + (t1 - t0) * np.clip(share, 0.0, 1.0), width, _SEAL)


def _add_manholes(builder: Builder, surface: _Surface, low: F64, high: F64, random: np.random.Generator) -> None:
    """Cast-iron covers filled with concrete, about the middle of the lane."""
    s = float(low[0, 0] + random.uniform(3.0, _MANHOLES[1]))
    while s < low[0, -1] - 3.0:
        t = 0.5 * float(np.interp(s, *low) + np.interp(s, *high)) + float(random.uniform(-0.3, 0.3))
        surface.disc(builder, _IRON, s, t, _FRAME, _SEAL)
        surface.disc(builder, _FILLING, s, t, _LID, _COVER)
        s += float(random.uniform(*_MANHOLES))


def _add_gullies(builder: Builder, surface: _Surface, edge: F64, right: bool, random: np.random.Generator) -> None:
    """Grates at the kerb: iron bars over a dark hole."""
    inwards = 1.0 if right else -1.0
    s = float(edge[0, 0] + random.uniform(3.0, _GULLIES[1]))
    while s < edge[0, -1] - 3.0:
        ends = np.array([s - _GRATE, s + _GRATE])
        t = np.interp(ends, *edge) + inwards * (_GRATE + 0.02)
        surface.ribbon(builder, _HOLE, ends.tolist(), t, np.full(2, 2.0 * _GRATE), _SEAL)
        for bar in np.linspace(-1.0, 1.0, 7) * (_GRATE - 0.02):
            surface.ribbon(builder, _IRON, ends.tolist(), t + bar, np.full(2, 0.04), _COVER)
        s += float(random.uniform(*_GULLIES))
