"""The hull that buses, trams and lorry cabs share: one skin from the middle of the nose to the middle of the tail.

The left half is built and mirrored. Columns follow a plan whose corners are superellipses, rows go up the side, round
the roof's edge and in to the middle of the roof. Lines of the lattice lie on the edges of windows, doors, wheel arches
and signs, so finishes are chosen by cell, as for cars (:mod:`drivesim.scene.vehicles.shell`). Lengths in metres, y
about the vehicle's middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from drivesim.materials import MaterialId
from drivesim.scene.vehicles.assembly import GAP, Assembly, Finish, other_side
from drivesim.scene.vehicles.shapes import Shape, box, grid, join
from drivesim.scene.vehicles.shell import ARCH_GAP, Curve

F64 = NDArray[np.float64]

_ARC = np.linspace(0.0, np.pi / 2, 7)[1:]
_ROOF = np.array([0.2, 0.45, 0.75, 1.0])
_ROUND = np.sin(np.linspace(0.0, np.pi / 2, 9))
LINING = Finish(MaterialId.SYNTHETIC, (0.42, 0.42, 0.40))
_LONGEST = 0.8
"""Metres between columns of the side at most."""


@dataclass(frozen=True, slots=True)
class End:
    """A nose or tail.

    Attributes:
        depth: over which the plan rounds in; 0 for a flat end, whose roof has no edge either.
        power: exponent of its superellipse; the larger, the squarer.
        slope: (height, how far drawn in there), m.
    """

    depth: float
    power: float
    slope: Curve = ((0.0, 0.0), (1.0, 0.0))

    def drawn_in(self, z: NDArray[np.float64] | float) -> F64:
        """How far the end's middle lies behind its tip at heights (...), m."""
        heights, amounts = np.array(self.slope).T
        return np.asarray(PchipInterpolator(heights, amounts)(np.clip(z, heights[0], heights[-1])))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Middles of the cells of a hull, (J, N) each.

    Attributes:
        x, across: place in the plan; across from 0 in the middle to 1 at the side.
        z: height as if there were no arches.
        end: 1 in the nose, -1 in the tail, 0 along the side.
    """

    x: F64
    across: F64
    z: F64
    end: F64


@dataclass(frozen=True, slots=True)
class Hull:
    """Measures.

    Attributes:
        waist: height up to which wheel arches push rows up.
        shoulder: radius of the roof's edge. crown: rise of the roof to its middle.
        tumblehome: how far the side leans in from the waist to the roof.
        lines_x, lines_z, lines_across: where lattice lines must lie.
        arches: x of the axles that have arches. tyre: radius of their tyres.
    """

    front: float
    rear: float
    half: float
    floor: float
    top: float
    waist: float
    nose: End
    tail: End
    shoulder: float = 0.2
    crown: float = 0.04
    tumblehome: float = 0.04
    lines_x: Sequence[float] = ()
    lines_z: Sequence[float] = ()
    lines_across: Sequence[float] = ()
    arches: Sequence[float] = ()
    tyre: float = 0.5

    @property
    def eaves(self) -> float:
        """Height at which the side ends and the roof's edge begins to round."""
        return self.top - self.crown - self.shoulder

    def lattice(self) -> tuple[F64, Cells]:
        """Points (J, N, 3) of the left half and the middles of its cells."""
        plan, normal, across, end = self._plan()
        lines = [z for z in self.lines_z if self.floor < z < self.eaves]
        side = np.unique([self.floor, self.floor + 0.08, self.waist, *lines, self.eaves])
        height = np.concatenate([side, self.eaves + self.shoulder * np.sin(_ARC)])
        inset = np.concatenate([np.zeros(len(side)), self.shoulder * (1 - np.cos(_ARC))])
        low = self._arch_z(plan[:, 0])
        share = np.clip((height - self.floor) / (self.waist - self.floor), 0.0, 1.0)[:, None]
        z = np.where(share < 1.0, low + share * (self.waist - low), height[:, None])
        points = np.concatenate([self._drawn_in(plan, normal, z, inset[:, None]), z[..., None]], axis=-1)
        edge = points[-1]
        roof = np.stack(np.broadcast_arrays(
            edge[:, 0], edge[:, 1] * (1 - _ROOF[:, None]),
            edge[:, 2] + self.crown * (1 - (1 - _ROOF[:, None]) ** 2) * (edge[:, 1] / self.half) ** 2,
        ), axis=-1)  # fmt: skip
        rows = np.concatenate([height, np.full(len(_ROOF), self.top)])
        centre = [(line[1:] + line[:-1]) / 2 for line in (plan[:, 0], across, rows, end)]
        x, away, level, part = np.broadcast_arrays(centre[0], centre[1], centre[2][:, None], np.sign(centre[3]))
        return np.concatenate([points, roof]), Cells(x, away, level, part)

    def _plan(self) -> tuple[F64, F64, F64, F64]:
        """Columns (N, 2) with outward normals (N, 2), their share of the half width, and which end they belong to."""
        ends = []
        for end, sign, tip in ((self.nose, 1.0, self.front), (self.tail, -1.0, self.rear)):
            across = np.unique(np.concatenate([_ROUND ** (2 / end.power), np.asarray(self.lines_across)]))
            inward = end.depth * (1 - (1 - across**end.power) ** (1 / end.power))
            ends.append((tip - sign * inward, across))
        (ahead, out), (behind, home) = ends
        wanted = [ahead[-1], behind[-1], *(x for x in self.lines_x if behind[-1] < x < ahead[-1])]
        for axle in self.arches:
            reach = ARCH_GAP * self.tyre
            wanted += (axle + 0.999 * reach * np.cos(np.linspace(0.0, np.pi, 21))).tolist()
            wanted += [axle + 1.002 * reach, axle - 1.002 * reach]
        marks = np.unique(np.round([x for x in wanted if behind[-1] <= x <= ahead[-1]], 4))[::-1]
        steps = [np.linspace(a, b, int(np.ceil((a - b) / _LONGEST)) + 1)[:-1] for a, b in pairwise(marks)]
        side = np.concatenate([*steps, marks[-1:]])
        x = np.concatenate([ahead[:-1], side, behind[-2::-1]])
        share = np.concatenate([out[:-1], np.ones(len(side)), home[-2::-1]])
        plan = np.stack([x, share * self.half], axis=-1)
        tangent = np.gradient(plan, axis=0)
        tangent[0], tangent[-1] = (0, 1), (0, -1)
        normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=-1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        part = np.concatenate([np.ones(len(ahead) - 1), np.zeros(len(side)), -np.ones(len(behind) - 1)])
        for end, sign in ((self.nose, 1.0), (self.tail, -1.0)):
            if end.depth == 0.0:
                flat = (part == sign) | (plan[:, 0] == (self.front if sign > 0 else self.rear))
                normal[flat] = np.stack([np.zeros(flat.sum()), share[flat]], axis=-1)
        return plan, normal, share, part

    def _arch_z(self, x: F64) -> F64:
        reach, low = ARCH_GAP * self.tyre, np.full(len(x), self.floor)
        for axle in self.arches:
            rise = np.sqrt(np.maximum(reach**2 - (x - axle) ** 2, 0.0))
            low = np.where(np.abs(x - axle) < reach, np.maximum(low, self.tyre + rise), low)
        return np.minimum(low, self.waist - 0.05)

    def _drawn_in(self, plan: F64, normal: F64, z: F64, inset: F64) -> F64:
        """Points (J, N, 2) of the plan at heights (J, N), drawn in further by ``inset`` (J, 1)."""
        nx, ny = normal[:, 0], normal[:, 1]
        slope = np.where(nx >= 0, self.nose.drawn_in(z), self.tail.drawn_in(z))
        lean = self.tumblehome * np.clip((z - self.waist) / (self.eaves - self.waist), 0.0, 1.0)
        x = plan[:, 0] - nx * (np.abs(nx) * slope + inset)
        y = plan[:, 1] - ny * (np.abs(ny) * lean + inset)
        x = np.minimum.accumulate(x, axis=1)  # a tight corner drawn in far must not fold over itself
        return np.stack([x, np.maximum(y, 0.0)], axis=-1)


def add_hull(
    assembly: Assembly, hull: Hull, finishes: Sequence[Finish], left: NDArray[np.int64], right: NDArray[np.int64],
    clear: frozenset[int],
) -> None:  # fmt: skip
    """The skin, what lines it inside, the floor and the insides of the wheel arches.

    Args:
        left, right: (J, N) of each cell of a side, index into ``finishes``; ``clear``: those that one looks through.
    """
    points, _ = hull.lattice()
    skin = grid(points)
    sides = [np.repeat(choice.ravel(), 2) for choice in (left, right)]
    names = [*finishes, *map(other_side, finishes)]
    assembly.add_cells(join([skin, skin.mirrored()]), names, np.concatenate([sides[0], sides[1] + len(finishes)]))
    middle = np.array([(hull.front + hull.rear) / 2, 0.0, (hull.floor + hull.top) / 2])
    thin = 1 - 0.08 / np.array([hull.front - hull.rear, 2 * hull.half, hull.top - hull.floor])
    inside = Shape(middle + (skin.points - middle) * thin, skin.triangles[:, ::-1])
    shown = [~np.isin(choice, list(clear)) for choice in sides]
    inner = [Shape(inside.points, inside.triangles[shown[0]])]
    other = inside.mirrored()
    inner.append(Shape(other.points, other.triangles[shown[1]]))
    assembly.add(join(inner), LINING)
    depth = hull.half - 0.75 * hull.tyre
    edge = points[0]
    for axle in hull.arches:
        reach = edge[np.abs(edge[:, 0] - axle) < ARCH_GAP * hull.tyre * 1.005]
        inward, foot = reach * (1, 0, 1) + (0, depth, 0), reach * (1, 0, 0) + (0, depth, hull.floor)
        assembly.add_both(grid([foot, inward, reach]), GAP)
    stops = [hull.front, *(x + d * ARCH_GAP * hull.tyre for x in hull.arches for d in (1, -1)), hull.rear]
    for ahead, behind in zip(stops[::2], stops[1::2], strict=True):
        if ahead - behind > 0.4:
            plate = box((ahead - behind - 0.3, 1.8 * hull.half, 0.04))
            assembly.add(plate.moved(((ahead + behind) / 2, 0.0, hull.floor + 0.02)), GAP)
    spine = box((hull.front - hull.rear - 0.2, 2 * depth, 0.04))
    assembly.add(spine.moved(((hull.front + hull.rear) / 2, 0.0, hull.floor + 0.03)), GAP)
