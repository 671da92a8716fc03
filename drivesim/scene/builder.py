"""Ray scenes are collected here, mesh by mesh, and built at once; trees of what stands still can be shared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh, merge
from drivesim.scene.raycast import EVERYONE, Part, RayScene
from drivesim.scene.shapes import SHOTS, SharedShapes
from drivesim.transforms import Pose
from drivesim.types import Light

LAMPS_OF = np.zeros(len(MaterialId), dtype=np.uint8)
"""Lamp flags that light a material where a mesh says nothing of its own."""
LAMPS_OF[MaterialId.HEADLAMP] = Light.POSITION | Light.LOW_BEAM | Light.HIGH_BEAM
LAMPS_OF[MaterialId.TAILLAMP] = Light.POSITION | Light.BRAKE
LAMPS_OF[MaterialId.INDICATOR] = Light.LEFT_BLINKER | Light.RIGHT_BLINKER


class RaySceneBuilder:
    """Collects meshes, then builds the :class:`RayScene`.

    Args:
        origin: (3,) float64, the point of the world that ray coordinates are relative to; near the action.
        shared: trees that are there already; they outlive the scene.
    """

    def __init__(self, origin: ArrayLike = (0.0, 0.0, 0.0), shared: SharedShapes | None = None) -> None:
        self._shared = shared
        self._origin = np.array(origin, dtype=np.float64)
        self._static: list[Mesh] = []
        self._meshes: list[tuple[Mesh, bool]] = []
        self._parts: list[Part] = []
        self._known: dict[int, int] = {}
        self._lamps: dict[int, NDArray[np.uint8]] = {}
        self._static_lamps: list[NDArray[np.uint8]] = []

    def add_static(self, mesh: Mesh, *, lamps: NDArray[np.uint8] | None = None) -> None:
        """Add geometry that never moves; vertices in the world frame relative to the origin.

        Args:
            lamps: (T,) lamp flags per triangle, as for moving parts.
        """
        self._static.append(mesh)
        self._static_lamps.append(LAMPS_OF[mesh.material] if lamps is None else lamps)

    def add_rigid(
        self, mesh: Mesh, instance: int, *, mask: int = EVERYONE, lamps: NDArray[np.uint8] | None = None,
        lasting: bool = False,
    ) -> int:  # fmt: skip
        """Add a part that moves as one; a mesh object used several times is stored once.

        Args:
            instance: actor index + 1, or 0.
            mask: ``EVERYONE``, or ``EGO_BODY`` for what the ego's own sensors look past.
            lamps: (T,) lamp flags per triangle, any of which light it; by material where absent.
            lasting: whether later scenes will be given the same object, so that its tree is worth sharing.

        Returns:
            The handle for :meth:`RayScene.set_motion`.
        """
        known = self._known.get(id(mesh))
        if known is None:
            known = self._known[id(mesh)] = self._add_mesh(mesh, deforming=False)
            if lamps is not None:
                self._lamps[known] = lamps
            if lasting and self._shared is not None:
                self._shared.share(mesh)
        return self._add_part(known, instance, mask)

    def add_copy(
        self, mesh: Mesh, instance: int, place: Pose, *, lamps: NDArray[np.uint8] | None = None
    ) -> None:  # fmt: skip
        """Add one of many of a kind that stands still, ``place`` being ``world_from_mesh``; stored once like
        :meth:`add_rigid`'s, there from the start."""
        handle = self.add_rigid(mesh, instance, lamps=lamps)
        self._parts[handle - 1] = self._parts[handle - 1]._replace(place=place)

    def add_deforming(self, mesh: Mesh, instance: int, *, mask: int = EVERYONE, shots: int = SHOTS) -> int:
        """Add a body whose vertices are replaced every tick; ``mesh`` is its rest pose.

        Args:
            shots: as how many it is shown at most.
        """
        number = self._add_mesh(mesh, deforming=True)
        first = self._add_part(number, instance, mask)
        for _ in range(1, shots):
            self._add_part(number, instance, mask)
        return first

    def _add_mesh(self, mesh: Mesh, *, deforming: bool) -> int:
        self._meshes.append((mesh, deforming))
        return len(self._meshes)

    def _add_part(self, mesh: int, instance: int, mask: int) -> int:
        self._parts.append(Part(mesh, instance, mask, moving=True))
        return len(self._parts)

    def build(self) -> RayScene:
        """The scene of all that was added; once. Static meshes that nobody else holds are let go on the way."""
        static = Part(0, 0, EVERYONE, moving=False)
        meshes = [(self._standing(), False), *self._meshes]
        self._lamps[0] = np.concatenate([np.zeros(0, np.uint8), *self._static_lamps])
        lamps = [
            self._lamps.get(number, LAMPS_OF[mesh.material] if len(mesh.material) else np.zeros(0, np.uint8))
            for number, (mesh, _) in enumerate(meshes)
        ]
        return RayScene(self._origin, meshes, [static, *self._parts], lamps, self._shared)

    def _standing(self) -> Mesh:
        """All that stands still, handed over."""
        meshes, self._static = self._static, []
        return meshes[0] if len(meshes) == 1 else merge(meshes)
