"""What rays can hit: one Embree scene of instances, and flat tables that say what was hit.

Static geometry is one instanced mesh; every rigid part (a car body, a wheel) is an instance with its own motion; every
deforming body is a sequence of up to four still shots, each an instance with the body's motion for its share of
the tick (:mod:`drivesim.scene.shapes`). A tick spans ray time 0 (its start) to 1 (its end); every ray has its own time,
so rolling shutter, motion blur and lidar distortion come from one mechanism. Per tick the top level is rebuilt and
deforming shapes are refitted.

Coordinates of rays and hits are float32 and relative to :attr:`RayScene.origin`.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.mesh import Mesh, merge
from drivesim.scene.embree import MOST_STEPS, Device, Geometry, SceneHandle, engine_handles
from drivesim.scene.motion import motion_steps
from drivesim.scene.shapes import BOUNDS, RANGES, Shape, SharedShapes, close_all, look_of, shape_of
from drivesim.scene.shelters import NO_SHELTERS
from drivesim.scene.wakes import NO_WAKES
from drivesim.transforms import Pose, quaternion_from_rotation

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

EVERYONE = 1
"""Geometry mask of what every ray sees, and ray mask of rays that must not see the ego's own body."""

EGO_BODY = 2
"""Geometry mask of the ego's own body."""

ALL = EVERYONE | EGO_BODY
"""Ray mask of rays that see the ego's body too (shadow, ambient and reflection rays)."""


class RayTables(NamedTuple):
    """Arrays that kernels look hits up in; pass it to them whole. I instances, T triangles, V vertices.

    Attributes:
        handles: (5,) int64, for :func:`~drivesim.scene.embree.intersect16` and ``occluded16``.
        tri_base: (I,) int64, offset of an instance's mesh in the triangle arrays.
        inst_actor: (I,) int32, instance id (actor index + 1) of what the instance belongs to, 0 static.
        inst_moving: (I,) uint8, 1 where the instance has a transform at all (0: the static mesh).
        inst_quaternion: (I, 2, 4) float32, (w, x, y, z) at ray time 0 and 1, on one hemisphere.
        inst_translation: (I, 2, 3) float32, m.
        inst_spin: (I, 2) float32, turn about the part's own y axis at ray time 0 and 1, before the rotation, rad.
        inst_velocity: (I, 3) float32, of the instance's origin, world frame, m/s.
        inst_omega: (I, 3) float32, angular velocity, world frame, rad/s.
        triangles: (T, 3) int32, rows of the vertex arrays.
        vertices: (V, 3) float32, object frame, at rest: what solid textures are fixed to; the last is nobody's.
        normals: (V, 3) float32, object frame, unit; vertex_velocity: (V, 3) float32, object frame, m/s.
        material, semantic: (T,) uint8; albedo: (T, 3) float32; instance: (T,) int32.
        look: (T, 4) uint32, what a camera needs of a triangle in one piece of memory: red | green << 16, blue |
            material << 16 | semantic << 24 (colours: albedo times 65535), instance, and lights << 8 | 1 where the
            triangle is flat (its vertex normals are its own); lights: the :class:`~drivesim.types.Light` flags any of
            which light it.
    """

    handles: NDArray[np.int64]
    tri_base: NDArray[np.int64]
    inst_actor: NDArray[np.int32]
    inst_moving: NDArray[np.uint8]
    inst_quaternion: F32
    inst_translation: F32
    inst_spin: F32
    inst_velocity: F32
    inst_omega: F32
    triangles: NDArray[np.int32]
    vertices: F32
    normals: F32
    vertex_velocity: F32
    material: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    albedo: F32
    instance: NDArray[np.int32]
    look: NDArray[np.uint32]


class Part(NamedTuple):
    """One instance: which of the scene's meshes, whose, seen by whom; ``place`` if it stands there for good."""

    mesh: int
    actor: int
    mask: int
    moving: bool
    place: Pose | None = None


class RayScene:
    """The scene that sensors trace. Make it with :class:`RaySceneBuilder`; close it, or use it as a context manager.

    What stands still, the first of the meshes, is most of a town: the tables hold it, its tree uses their memory. The
    list is taken over, and the mesh in it let go before trees are built.

    Parts are absent until :meth:`set_present` or :meth:`set_motion` brings them in. Rays see a change only
    after :meth:`commit`.

    Attributes:
        origin: (3,) float64, world position of ray coordinates' zero.
        own_body: (I,) bool, which parts are the ego's own body.
        first_shot: (I,) int32, the part itself, or the first of those that show a deforming body's shots.
        deforming: (I,) bool, which parts show a body that changes its shape.
        tables: what kernels take.
        shelters: (K, 12) float64, of tunnels, see :func:`~drivesim.scene.shelters.shelters`.
        wakes: (K, 10) float64, of moving vehicles at the end of the tick, see :func:`~drivesim.scene.wakes.wakes`.
    """

    def __init__(
        self, origin: F64, meshes: list[tuple[Mesh, bool]], parts: Sequence[Part],
        lamps: Sequence[NDArray[np.uint8]], shared: SharedShapes | None = None,
    ) -> None:  # fmt: skip
        self.origin = origin
        self.wakes, self.shelters = NO_WAKES, NO_SHELTERS
        self._shared = shared
        self._device = device = shared.device if shared else Device()
        known = [shared.of(mesh) if shared else None for mesh, _ in meshes]
        look = np.concatenate(
            [
                shared.look(mesh, flags) if shared and there else look_of(mesh, flags, deforming)
                for (mesh, deforming), there, flags in zip(meshes, known, lamps, strict=True)
            ]
        )
        triangle_starts = np.cumsum([0, *(len(mesh.triangles) for mesh, _ in meshes)])
        self._vertex_starts = np.cumsum([0, *(len(mesh.vertices) for mesh, _ in meshes)])
        whole = merge([*(mesh for mesh, _ in meshes), _MARGIN])
        meshes[0] = _first(whole, meshes[0][0]), meshes[0][1]
        self._meshes = meshes
        own = [number for number, there in enumerate(known) if there is None]
        with ThreadPoolExecutor(nb.get_num_threads()) as pool:  # one thread a mesh: trees do not depend on how many
            made = iter(list(pool.map(lambda number: _tree(device, *meshes[number], first=number == 0), own)))
        self._shapes = [[next(made) if there is None else there] for there in known]
        self._shots = [1] * len(meshes)
        self._parts = parts
        self.own_body = np.array([part.mask == EGO_BODY for part in parts], dtype=np.bool_)
        self.first_shot = _first_shots(meshes, parts)
        self.deforming = np.array([meshes[part.mesh][1] for part in parts], dtype=np.bool_)
        self._radii: dict[int, float] = {}
        self._top = SceneHandle(device, dynamic=True)
        self._instances: list[Geometry] = []
        self._present = [not part.moving or part.place is not None for part in parts]
        self._times = [(0.0, 1.0)] * len(parts)
        for part, present in zip(parts, self._present, strict=True):
            instance = Geometry.instance(device, self._shapes[part.mesh][0].scene)
            instance.set_transforms(_matrix(part.place, origin)[None])
            instance.set_mask(part.mask)
            instance.enable(present)
            instance.commit()
            self._top.attach(instance)
            self._instances.append(instance)
        self._top.commit()

        handles, self._arguments = engine_handles(self._top)
        count = len(parts)
        self.tables = RayTables(
            handles=handles,
            tri_base=np.array([triangle_starts[part.mesh] for part in parts], dtype=np.int64),
            inst_actor=np.array([part.actor for part in parts], dtype=np.int32),
            inst_moving=np.array([part.moving for part in parts], dtype=np.uint8),
            inst_quaternion=np.tile(_IDENTITY.astype(np.float32), (count, 2, 1)),
            inst_translation=np.zeros((count, 2, 3), dtype=np.float32),
            inst_spin=np.zeros((count, 2), dtype=np.float32),
            inst_velocity=np.zeros((count, 3), dtype=np.float32),
            inst_omega=np.zeros((count, 3), dtype=np.float32),
            triangles=whole.triangles,
            vertices=whole.vertices,
            normals=whole.normals,
            vertex_velocity=np.zeros_like(whole.vertices),
            material=whole.material,
            semantic=whole.semantic,
            albedo=whole.albedo,
            instance=whole.instance,
            look=look,
        )
        for number, part in enumerate(parts):
            if part.place is not None:
                self.tables.inst_quaternion[number] = quaternion_from_rotation(part.place.rotation)
                self.tables.inst_translation[number] = part.place.translation - origin
        groups = [group for group, there in zip(self._shapes, known, strict=True) if there is None]
        owned: list[SceneHandle | Geometry] = [self._top, *self._instances]
        self._close = weakref.finalize(self, close_all, owned, groups, None if shared else device)

    def set_motion(
        self,
        handle: int,
        before: Pose,
        after: Pose,
        *,
        velocity: ArrayLike = (0.0, 0.0, 0.0),
        omega: ArrayLike = (0.0, 0.0, 0.0),
        spin: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Where a part is at ray time 0 and 1; brings it in if it was absent.

        Args:
            before, after: ``world_from_part``; rotation between them goes the short way round.
            velocity, omega: of the part's origin, and its whole angular velocity (spin included), world frame,
                m/s and rad/s. Doppler comes from these, never from differences of positions.
            spin: turn about the part's own y axis at time 0 and 1, applied before the pose's rotation; any size.
        """
        t0, t1 = before.translation - self.origin, after.translation - self.origin
        tables = self.tables
        tables.inst_translation[handle] = t0, t1
        tables.inst_spin[handle] = spin
        tables.inst_velocity[handle] = velocity
        tables.inst_omega[handle] = omega
        part = self._parts[handle]
        shots = self._shots[part.mesh] if self._meshes[part.mesh][1] else 1
        matrices = np.empty((MOST_STEPS, 3, 4), dtype=np.float32)  # its own: bodies move on several threads
        steps = motion_steps(
            before.rotation, after.rotation, t0, t1, spin, tables.inst_quaternion[handle], matrices, BOUNDS[shots]
        )
        if shots == 1:
            self._move(handle, matrices[:steps], (0.0, 1.0))
        else:
            for shot in range(shots):
                self._move(handle + shot, matrices[shot : shot + 2], RANGES[shots][shot])
                self._same_motion(handle + shot, handle)
        self.set_present(handle, True)

    def take_over(self, handles: NDArray[np.int64]) -> NDArray[np.int64]:
        """The engine's own handles of rigid parts, for a kernel that moves them from now on; they are absent still."""
        return np.array([self._instances[handle].handle for handle in handles.tolist()], dtype=np.int64)

    def _move(self, number: int, matrices: F32, times: tuple[float, float]) -> None:
        instance = self._instances[number]
        instance.set_transforms(matrices)
        if self._times[number] != times:
            self._times[number] = times
            instance.set_time_range(*times)
        instance.commit()

    def _same_motion(self, number: int, first: int) -> None:
        tables = self.tables
        for column in (
            tables.inst_quaternion, tables.inst_translation, tables.inst_spin, tables.inst_velocity, tables.inst_omega,
        ):  # fmt: skip
            column[number] = column[first]

    def shots(self, handle: int, count: int) -> list[F32]:
        """The memory (V, 3) float32 that the shapes of a deforming body in this tick belong in, in its own frame.

        Args:
            count: how many there are, at most :data:`~drivesim.scene.shapes.SHOTS`.
        """
        mesh = self._parts[handle].mesh
        shapes = self._shapes[mesh]
        for shot in range(len(shapes), count):
            shapes.append(shape_of(self._device, *self._meshes[mesh]))
            self._instances[handle + shot].show(shapes[shot].scene)
        self._shots[mesh] = count
        return [shape.vertices for shape in shapes[:count]]

    def shown_as(self, handle: int, count: int) -> NDArray[np.int64]:
        """(count, 4) addresses for a kernel that shows a deforming body as so many shots from now on: of the vertices
        (V, 3) float32, and the engine's handles of their geometry, their scene and their instance."""
        self.shots(handle, count)
        shapes = self._shapes[self._parts[handle].mesh]
        out = np.empty((count, 4), dtype=np.int64)
        for shot, (shape, times) in enumerate(zip(shapes, RANGES[count] or [(0.0, 1.0)], strict=False)):
            instance = self._instances[handle + shot]
            if self._times[handle + shot] != times:
                self._times[handle + shot] = times
                instance.set_time_range(*times)
            out[shot] = shape.vertices.ctypes.data, shape.geometry.handle, shape.scene.handle, instance.handle
        return out

    def first_vertex(self, handle: int) -> int:
        """Row of a part's first vertex in the tables."""
        return int(self._vertex_starts[self._parts[handle].mesh])

    def normals_and_velocity(self, handle: int) -> tuple[F32, F32]:
        """The memory (V, 3) float32 of a deforming body's unit normals and of its vertices' velocity relative to the
        body's frame, m/s; for the middle of the tick."""
        mesh = self._parts[handle].mesh
        rows = slice(self._vertex_starts[mesh], self._vertex_starts[mesh + 1])
        return self.tables.normals[rows], self.tables.vertex_velocity[rows]

    def reshaped(self, handle: int) -> None:
        """Say that the shapes of a deforming body were written; :meth:`set_motion` comes next."""
        mesh = self._parts[handle].mesh
        for shape in self._shapes[mesh][: self._shots[mesh]]:
            shape.refit()

    def shape_at(self, time: float) -> F32:
        """All vertices (V, 3) float32 as they are at one ray time: a copy of the table at rest, with deforming bodies
        in the shape of the shot that shows them then."""
        vertices = self.tables.vertices.copy()
        for mesh, (_, deforming) in enumerate(self._meshes):
            if deforming:
                shots = self._shots[mesh]
                shot = 0 if shots == 1 else min(int(np.searchsorted(BOUNDS[shots][1:-1], time)), shots - 1)
                rows = slice(self._vertex_starts[mesh], self._vertex_starts[mesh + 1])
                vertices[rows] = self._shapes[mesh][shot].vertices
        return vertices

    def radius(self, handle: int) -> float:
        """Of the sphere about a part's own origin that holds it in this tick, m."""
        mesh = self._parts[handle].mesh
        if self.deforming[handle]:
            shown = self._shapes[mesh][: self._shots[mesh]]
            return max(_reach(shape.vertices) for shape in shown)
        if mesh not in self._radii:
            self._radii[mesh] = _reach(self._meshes[mesh][0].vertices)
        return self._radii[mesh]

    def present(self) -> NDArray[np.bool_]:
        """(I,) which parts are there."""
        return np.array(self._present, dtype=np.bool_)

    def set_present(self, handle: int, present: bool) -> None:
        """Bring a part in or take it out."""
        mesh = self._parts[handle].mesh
        if self._meshes[mesh][1]:
            shot = 0
            while handle + shot < len(self._parts) and self._parts[handle + shot].mesh == mesh:
                self._enable(handle + shot, present and shot < self._shots[mesh])
                shot += 1
        else:
            self._enable(handle, present)

    def shapes_at(self, time: float, mask: int) -> Iterator[tuple[int, int, Mesh, F32]]:
        """Every part that rays of this mask hit at a ray time 0..1: its handle, the first of its rows in the vertex
        tables, its mesh, and its vertices (V, 3) then, in its own frame."""
        first_of = {part.mesh: number for number, part in reversed(list(enumerate(self._parts)))}
        for number, part in enumerate(self._parts):
            start, end = self._times[number]
            if self._present[number] and part.mask & mask and (start <= time < end or time == end == 1.0):
                mesh, deforming = self._meshes[part.mesh]
                shot = self._shapes[part.mesh][number - first_of[part.mesh]] if deforming else None
                row = int(self._vertex_starts[part.mesh])
                yield number, row, mesh, mesh.vertices if shot is None else shot.vertices

    def _enable(self, number: int, on: bool) -> None:
        if self._present[number] != on:
            self._present[number] = on
            self._instances[number].enable(on)

    def commit(self) -> None:
        """Make all changes visible to rays."""
        self._top.commit()

    def close(self) -> None:
        """Release Embree's memory; tracing afterwards is an error of the caller."""
        self._close()

    def __enter__(self) -> RayScene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _first(whole: Mesh, mesh: Mesh) -> Mesh:
    """The mesh that a whole begins with, as a part of the same memory."""
    rows, faces = slice(len(mesh.vertices)), slice(len(mesh.triangles))
    return Mesh(
        whole.vertices[rows], whole.triangles[faces], whole.normals[rows], whole.material[faces], whole.albedo[faces],
        whole.semantic[faces], whole.instance[faces],
    )  # fmt: skip


def _tree(device: Device, mesh: Mesh, deforming: bool, *, first: bool) -> Shape:
    """The tree of one of a scene's meshes; the first is part of the tables, ground and houses."""
    return shape_of(device, mesh, deforming, split=first, in_place=first)


def _reach(vertices: F32) -> float:
    """How far vertices (V, 3) lie from their origin at most, m."""
    return math.sqrt(float(np.einsum("ij,ij->i", vertices, vertices).max(initial=0.0)))


def _first_shots(meshes: Sequence[tuple[Mesh, bool]], parts: Sequence[Part]) -> NDArray[np.int32]:
    """For every part the first one of its mesh if that deforms, else itself."""
    first: dict[int, int] = {}
    for number, part in enumerate(parts):
        if meshes[part.mesh][1]:
            first.setdefault(part.mesh, number)
    return np.array([first.get(part.mesh, number) for number, part in enumerate(parts)], dtype=np.int32)


def _matrix(place: Pose | None, origin: F64) -> F32:
    """(3, 4) transform of an instance."""
    if place is None:
        return np.eye(3, 4, dtype=np.float32)
    return np.column_stack([place.rotation, place.translation - origin]).astype(np.float32)


_IDENTITY = np.array([[1.0, 0.0, 0.0, 0.0]])
_MARGIN = replace(Mesh.empty(), vertices=np.zeros((1, 3), np.float32), normals=np.zeros((1, 3), np.float32))
"""Last row of the vertex tables: memory that Embree reads beyond the last vertex."""
