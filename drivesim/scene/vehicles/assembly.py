"""Shapes with finishes become one labelled mesh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.vehicles.shapes import Shape, creased
from drivesim.taxonomy import Tag
from drivesim.types import Light

CREASE = np.deg2rad(38.0)


class Finish(NamedTuple):
    """What a triangle looks like: material, linear albedo, and the lights that light it."""

    material: MaterialId
    albedo: tuple[float, float, float]
    lamp: Light = Light.NONE


BLACK = Finish(MaterialId.BLACK_PLASTIC, (0.02, 0.02, 0.021))
GAP = Finish(MaterialId.BLACK_PLASTIC, (0.004, 0.004, 0.004))
INTERIOR = Finish(MaterialId.SYNTHETIC, (0.022, 0.021, 0.02))
SEAT = Finish(MaterialId.SYNTHETIC, (0.045, 0.045, 0.048))
GLASS = Finish(MaterialId.CAR_GLASS, (0.03, 0.035, 0.033))
CHROME = Finish(MaterialId.CHROME, (0.6, 0.6, 0.6))
STEEL = Finish(MaterialId.GALVANISED_STEEL, (0.35, 0.35, 0.36))
RUBBER = Finish(MaterialId.RUBBER, (0.018, 0.018, 0.018))
RIM = Finish(MaterialId.ALLOY_RIM, (0.52, 0.52, 0.53))
DISC = Finish(MaterialId.ALLOY_RIM, (0.22, 0.22, 0.23))
FRONT_LIGHTS = Light.POSITION | Light.LOW_BEAM | Light.HIGH_BEAM
HEADLAMP = Finish(MaterialId.HEADLAMP, (0.16, 0.17, 0.18), FRONT_LIGHTS)
REFLECTOR_BOWL = Finish(MaterialId.HEADLAMP, (0.66, 0.68, 0.7), FRONT_LIGHTS)
TAILLAMP = Finish(MaterialId.TAILLAMP, (0.2, 0.008, 0.008), Light.POSITION | Light.BRAKE)
BRAKE_LAMP = Finish(MaterialId.TAILLAMP, (0.12, 0.005, 0.006), Light.BRAKE)
REVERSE_LAMP = Finish(MaterialId.HEADLAMP, (0.2, 0.2, 0.21), Light.REVERSE)
INDICATOR = Finish(MaterialId.INDICATOR, (0.42, 0.14, 0.015), Light.LEFT_BLINKER)
REFLECTOR = Finish(MaterialId.RETROREFLECTOR, (0.16, 0.008, 0.01))
PLATE = Finish(MaterialId.NUMBER_PLATE, (0.75, 0.75, 0.72))
LEATHER = Finish(MaterialId.LEATHER, (0.02, 0.02, 0.02))


def other_side(finish: Finish) -> Finish:
    """The finish on the right of what the left has."""
    return finish._replace(lamp=Light.RIGHT_BLINKER) if finish.lamp == Light.LEFT_BLINKER else finish


class Assembly:
    """Collects finished shapes of one semantic class."""

    def __init__(self, tag: Tag) -> None:
        self._tag = tag
        self._pieces: list[tuple[Shape, float, NDArray[np.int64]]] = []
        self._finishes: list[Finish] = []

    def add(self, shape: Shape, finish: Finish, *, crease: float = CREASE) -> None:
        """Add a shape of one finish; points that coincide are one, edges sharper than ``crease`` rad stay edges."""
        self.add_cells(shape, [finish], np.zeros(len(shape.triangles), dtype=np.int64), crease=crease)

    def add_both(self, shape: Shape, finish: Finish) -> None:
        """Add a shape and its mirror image."""
        self.add(shape, finish)
        self.add(shape.mirrored(), other_side(finish))

    def add_cells(
        self, shape: Shape, finishes: Sequence[Finish], choice: NDArray[np.int64], *, crease: float = CREASE
    ) -> None:
        """Add a surface of several finishes, smooth across them; ``choice`` (T,) indexes ``finishes``."""
        self._pieces.append((shape, crease, choice + len(self._finishes)))
        self._finishes.extend(finishes)

    def add_both_cells(self, shape: Shape, finishes: Sequence[Finish], choice: NDArray[np.int64]) -> None:
        """Add a surface of several finishes, as :meth:`add_cells`, and its mirror image."""
        self.add_cells(shape, finishes, choice)
        self.add_cells(shape.mirrored(), [other_side(finish) for finish in finishes], choice)

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper corner (3,) of what was added so far."""
        low = np.min([shape.points.min(axis=0) for shape, _, _ in self._pieces], axis=0)
        return low, np.max([shape.points.max(axis=0) for shape, _, _ in self._pieces], axis=0)

    def stretch(self, scale: NDArray[np.float64], offset: NDArray[np.float64]) -> None:
        """Scale (3,) then shift (3,) everything added so far."""
        self._pieces = [(Shape(s.points * scale + offset, s.triangles), c, f) for s, c, f in self._pieces]

    def build(self) -> tuple[Mesh, NDArray[np.uint8]]:
        """The mesh, and the lamp flags (T,) of its triangles."""
        # Shapes of one crease are shaded together, each kept apart by its own island of space.
        vertices, triangles, normals, finish = [], [], [], []
        start = 0
        for crease in sorted({crease for _, crease, _ in self._pieces}):
            group = [(shape, choice) for shape, c, choice in self._pieces if c == crease]
            points, faces, unit, kept = creased(_islands([shape for shape, _ in group]), crease)
            points[:, 0] -= np.round(points[:, 0] / _ISLAND) * _ISLAND
            vertices.append(points)
            triangles.append(faces + start)
            normals.append(unit)
            finish.append(np.concatenate([choice for _, choice in group])[kept])
            start += len(points)
        row = np.concatenate(finish)
        mesh = Mesh(
            vertices=np.concatenate(vertices).astype(np.float32),
            triangles=np.concatenate(triangles).astype(np.int32),
            normals=np.concatenate(normals).astype(np.float32),
            material=np.array([f.material for f in self._finishes], dtype=np.uint8)[row],
            albedo=np.array([f.albedo for f in self._finishes], dtype=np.float32)[row],
            semantic=np.full(len(row), int(self._tag), dtype=np.uint8),
            instance=np.zeros(len(row), dtype=np.int32),
        )
        return mesh, np.array([int(f.lamp) for f in self._finishes], dtype=np.uint8)[row]


_ISLAND = 256.0
"""Spacing along x that keeps shapes from being welded to each other, m; more than any vehicle is long."""


def _islands(shapes: Sequence[Shape]) -> Shape:
    offsets = np.cumsum([0, *(len(shape.points) for shape in shapes[:-1])])
    return Shape(
        np.concatenate([shape.points + (_ISLAND * i, 0.0, 0.0) for i, shape in enumerate(shapes)]),
        np.concatenate([shape.triangles + o for shape, o in zip(shapes, offsets, strict=True)]),
    )
