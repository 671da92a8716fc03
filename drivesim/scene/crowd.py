"""Everyone whose shape changes: one compiled pass a tick that poses, skins, refits and places all bodies.

Like :mod:`drivesim.scene.fleet` for rigid parts it calls Embree by address. Bodies know nothing of each other, so that
it does not matter which thread takes which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies import PHASE_STEP, Body, RiderSeat, seat_points
from drivesim.scene.bodies.motion import GAIT_COLUMNS, upright
from drivesim.scene.bodies.riding import seated
from drivesim.scene.bodies.skinning import settled, skin_normals, skin_points
from drivesim.scene.embree import MOST_STEPS, floats_at, motion_functions, move_instance, refit, refit_functions
from drivesim.scene.fleet import rotation_of
from drivesim.scene.motion import motion_steps
from drivesim.scene.raycast import RayScene
from drivesim.scene.shapes import BOUNDS, SHOTS
from drivesim.transforms import interpolate
from drivesim.types import WorldState
from drivesim.world.gait import stride_length

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

LEVELS = np.array([13.0, 32.0, 72.0])
"""Distances from the sensors at which :attr:`Body.skins` take over from each other, m: outlines are then within a pixel
(:data:`~drivesim.scene.bodies.coarse.CELLS`)."""
STILL, SHOT_STROKE = 0.01, 0.06
"""Up to the first, m that a joint moves within the body in a tick, one shot does; then two, and one for each second."""
LIVELY = 2
"""The first so many of the skins have limbs that move within a tick."""
_BONES = 24
_CROWD = 8
"""Bodies from which on another thread pays."""
_HELPINGS = 4
"""Into so many parts for each thread is work divided: more cost more to hand out."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A body in the ray scene.

    Attributes:
        index: of its actor; body: who it is; handles: of its meshes, as of :attr:`Body.skins`.
        seat: where it sits on a two-wheeler or in a wheelchair; None for those on foot.
    """

    index: int
    body: Body
    handles: tuple[int, ...]
    seat: RiderSeat | None = None

    def joints(self, before: WorldState, after: WorldState, fraction: float) -> F64:
        """COCO's joints (17, 3), world frame, m, at a fraction of the tick."""
        i, rest = self.index, 1.0 - fraction

        def now(name: str) -> float:
            return rest * float(getattr(before, name)[0, i]) + fraction * float(getattr(after, name)[0, i])

        if self.seat is not None:
            bones = self.body.bones_riding(self.seat, now("gait_phase"), now("gaze"))
        else:
            time = rest * before.time.item(0) + fraction * after.time.item(0)
            bones = self.body.bones(now("speed"), now("gait_phase"), now("gaze"), now("fallen"), time)
        pose = interpolate(before.pose(i), after.pose(i), fraction)
        return pose.apply(self.body.keypoints_of(bones, settle=bool(after.fallen[0, i] > 0.0)))


class Crowd:
    """All bodies of a ray scene; at least one."""

    def __init__(self, rays: RayScene, people: Sequence[Someone]) -> None:
        self._rays, count = rays, len(people)
        self._actor = np.array([one.index for one in people], dtype=np.int64)
        self._handle = np.array([one.handles for one in people], dtype=np.int64)
        rides = np.array([one.seat is not None for one in people], dtype=bool)
        seat = np.array([np.zeros((7, 3)) if one.seat is None else seat_points(one.seat) for one in people])
        stature = np.array([one.body.stature for one in people], dtype=np.float64)
        measures = tuple(np.array(column) for column in zip(*(one.body.measures for one in people), strict=True))
        self._who = (self._actor, rides, seat, stature, *measures, np.full((count, GAIT_COLUMNS), np.nan))
        skins = [skin for one in people for skin in one.body.skins]
        starts = np.cumsum([0, *(len(skin.vertices) for skin in skins)], dtype=np.int64)
        rows = [[rays.first_vertex(handle) for handle in one.handles] for one in people]
        self._rest = (
            *(np.concatenate([getattr(skin, name) for skin in skins]) for name in _COLUMNS),
            starts, np.array(rows, dtype=np.int64),
        )  # fmt: skip
        self._shown = np.full((count, 2), -1, dtype=np.int64)
        self._engine = np.zeros((count, SHOTS, 4), dtype=np.int64)
        self._steps = np.zeros((*self._handle.shape, SHOTS), dtype=np.int64)
        self._poses = np.empty((count, SHOTS + 2, _BONES, 3, 4))
        self._rate, self._shots = np.zeros(count), np.zeros(count, dtype=np.int64)
        self._functions = (motion_functions(), refit_functions())
        self._pool: ThreadPoolExecutor | None = None

    def move(
        self, before: WorldState, after: WorldState, shown: NDArray[np.bool_], distance: F64,
        others: Callable[[], None], commit: Callable[[], None],
    ) -> None:  # fmt: skip
        """Show the tick between two states of all actors (N,) that are ``shown``; in the less
        detail (:data:`LEVELS`) the greater their ``distance`` (N,) from the sensors, m.

        Args:
            others: moves what else there is, while other threads pose bodies.
            commit: makes all changes of the engine's scene visible to rays, once bodies have their shapes; meanwhile
                other threads work out the normals and velocities of these, which the engine knows nothing of.
        """
        there = np.flatnonzero(shown[self._actor])
        level = np.searchsorted(LEVELS, distance[self._actor], side="right")
        states = (_columns(before), _columns(after))
        self._share(there, lambda rows: _pose(
            rows, level, states, self._who, self._poses, self._rate, self._shots
        ), others)  # fmt: skip
        self._bring(there, level)
        tables = self._rays.tables
        self._share(_jobs(there, self._shots, level), lambda jobs: _show(
            jobs, self._shots, level, states, self._actor, self._poses, self._rest, self._engine, self._handle,
            self._steps, self._functions, _FRACTIONS, self._rays.origin, tables.inst_quaternion,
            tables.inst_translation, tables.inst_spin, tables.inst_velocity, tables.inst_omega,
        ))  # fmt: skip
        self._share(there, lambda rows: _shade(
            rows, level, self._poses, self._rate, self._rest, tables.normals, tables.vertex_velocity,
        ), commit)  # fmt: skip

    def _share(self, rows: I64, work: Callable[[I64], None], first: Callable[[], None] | None = None) -> None:
        """Do the work of these rows on as many threads as pay: each takes some when it has nothing else to do.

        Args:
            first: what this thread does before it takes any.
        """
        threads = min(nb.get_num_threads(), 1 + len(rows) // _CROWD)
        if threads > 1 and self._pool is None:
            self._pool = ThreadPoolExecutor(nb.get_num_threads() - 1)
        count = _HELPINGS * threads if threads > 1 else 1
        helpings = iter([np.ascontiguousarray(rows[start::count]) for start in range(count)])

        def take() -> None:
            for helping in helpings:  # all threads go through the same list
                work(helping)

        others = [self._pool.submit(take) for _ in range(threads - 1)] if self._pool else []
        if first:
            first()
        take()
        for other in others:
            other.result()

    def _bring(self, there: I64, level: I64) -> None:
        """Tell the engine who comes and goes, and as how many shots."""
        wanted = np.full_like(self._shown, -1)
        wanted[there, 0], wanted[there, 1] = level[there], self._shots[there]
        for row in np.flatnonzero((wanted != self._shown).any(axis=1)).tolist():
            for kind, handle in enumerate(self._handle[row].tolist()):
                if wanted[row, 0] == kind:
                    count = int(wanted[row, 1])
                    self._engine[row, :count] = self._rays.shown_as(handle, count)
                self._rays.set_present(handle, bool(wanted[row, 0] == kind))
        self._shown = wanted


_COLUMNS = ("vertices", "normals", "bones", "weights")
_FRACTIONS = np.array([[*bounds, *np.zeros(SHOTS + 1 - len(bounds))] for bounds in BOUNDS])
"""(SHOTS + 1, SHOTS + 1) ray times at which shots meet, by how many there are."""


def _jobs(there: I64, shots: I64, level: I64) -> I64:
    """(J, 2) body and shot, those with most work first: each helping is every so manieth."""
    there = there[np.argsort(level[there], kind="stable")]
    body = np.repeat(there, shots[there])
    shot = np.arange(len(body)) - np.repeat(np.cumsum(shots[there]) - shots[there], shots[there])
    return np.stack([body, shot], axis=1)


def _columns(state: WorldState) -> tuple[Any, ...]:
    return (
        state.position[0], state.orientation[0], state.velocity[0], state.angular_velocity[0], state.speed[0],
        state.gait_phase[0], state.gaze[0], state.fallen[0], float(state.time[0]),
    )  # fmt: skip


@nb.njit(cache=True, nogil=True)
def _bones(row: int, fraction: float, ahead: float, states: Any, who: Any) -> F64:
    """Skinning transforms (24, 3, 4) at a fraction of the tick, ``ahead`` cycles later in the gait."""
    before, after = states
    actor, rides, seat, stature, joints, align, foot, style, gait = who
    a, rest = actor[row], 1.0 - fraction
    phase = rest * before[5][a] + fraction * after[5][a] + ahead
    gaze = rest * before[6][a] + fraction * after[6][a]
    if rides[row]:
        return seated(seat[row], phase, gaze, joints[row], align[row], foot[row])
    speed = rest * before[4][a] + fraction * after[4][a]
    return upright(
        speed, stride_length(speed, stature[row]), phase, gaze, rest * before[7][a] + fraction * after[7][a],
        rest * before[8] + fraction * after[8], joints[row], align[row], foot[row], style[row],
        gait[row],
    )  # fmt: skip


@nb.njit(nogil=True, cache=True)
def _pose(rows: I64, level: I64, states: Any, who: Any, poses: F64, rate: F64, shots: I64) -> None:
    """How many shots show each of these bodies, and their poses.

    Args:
        poses: (B, SHOTS + 2, 24, 3, 4), written: of the shots; then, behind :data:`SHOTS`, that of the middle of the
            tick and its change per second by the gait; rate: (B,), written: gait cycles per second.
    """
    before, after = states
    actor, rides, stature, rest = who[0], who[1], who[3], who[4]
    for row in rows:
        a, count, middle = actor[row], 1, 1.0
        end = _bones(row, 1.0, 0.0, states, who)
        if level[row] < LIVELY:
            start = _bones(row, 0.0, 0.0, states, who)
            stroke = _stroke(start, end, rest[row])
            if stroke > STILL:
                count, middle = min(SHOTS, 2 + int(stroke / SHOT_STROKE)), 0.5
                poses[row, 0] = start
                for shot in range(1, count - 1):
                    poses[row, shot] = _bones(row, shot / (count - 1), 0.0, states, who)
        poses[row, count - 1] = end
        shots[row] = count
        if count % 2 == 0:
            poses[row, SHOTS] = _bones(row, middle, 0.0, states, who)
        else:
            poses[row, SHOTS] = poses[row, count // 2]
        if rides[row]:
            rate[row] = (after[5][a] - before[5][a]) / max(after[8] - before[8], 1e-9)
        else:
            stride = stride_length(after[4][a], stature[row])
            rate[row] = abs(after[4][a]) / stride if stride > 0.0 else 0.0
        if rate[row] != 0.0:
            ahead = _bones(row, middle, PHASE_STEP, states, who)
            poses[row, SHOTS + 1] = (ahead - poses[row, SHOTS]) * (rate[row] / PHASE_STEP)


@nb.njit(nogil=True, cache=True)
def _stroke(start: F64, end: F64, joints: F64) -> float:
    """How far a joint moves between two poses (24, 3, 4), along an axis, m."""
    most = 0.0
    for bone in range(len(joints)):
        for i in range(3):
            moved = end[bone, i, 3] - start[bone, i, 3]
            for k in range(3):
                moved += (end[bone, i, k] - start[bone, i, k]) * joints[bone, k]
            most = max(most, abs(moved))
    return most


@nb.njit(nogil=True, cache=True)
def _show(
    jobs: I64, shots: I64, level: I64, states: Any, actor: I64, poses: F64, rest: Any, engine: I64, handle: I64,
    steps: I64, functions: Any, fractions: F64, origin: F64, quaternion: Any, translation: Any, spin: Any,
    velocity: Any, omega: Any,
) -> None:  # fmt: skip
    """Write the shapes of these bodies' shots (J, 2), refit their trees and place them."""
    before, after = states
    matrices = np.empty((MOST_STEPS, 3, 4), dtype=np.float32)
    place, target = np.empty(3), np.empty(3)
    for job in range(len(jobs)):
        row, shot = jobs[job, 0], jobs[job, 1]
        a, kind, count = actor[row], level[row], shots[row]
        mesh = row * handle.shape[1] + kind
        start, stop = rest[4][mesh], rest[4][mesh + 1]
        vertices, bones, weights = rest[0][start:stop], rest[2][start:stop], rest[3][start:stop]
        shape = floats_at(engine[row, shot, 0], stop - start)
        skin_points(vertices, bones, weights, poses[row, shot].astype(np.float32), shape)
        if after[7][a] > 0.0:
            settled(shape)
        refit(functions[1], engine[row, shot, 1], engine[row, shot, 2])

        part = handle[row, kind] + shot
        for i in range(3):
            place[i], target[i] = before[0][a, i] - origin[i], after[0][a, i] - origin[i]
            translation[part, 0, i], translation[part, 1, i] = place[i], target[i]
            velocity[part, i] = 0.5 * (before[2][a, i] + after[2][a, i])
            omega[part, i] = 0.5 * (before[3][a, i] + after[3][a, i])
        moves = motion_steps(
            rotation_of(before[1][a], 0.0), rotation_of(after[1][a], 0.0), place, target, (0.0, 0.0),
            quaternion[part], matrices, fractions[count, : count + 1 if count > 1 else 0],
        )  # fmt: skip
        first = 0
        if count > 1:
            first, moves = shot, 2
        recount = steps[row, kind, shot] != moves
        move_instance(functions[0], engine[row, shot, 3], matrices[first : first + moves], moves, recount)
        steps[row, kind, shot] = moves


@nb.njit(nogil=True, cache=True)
def _shade(rows: I64, level: I64, poses: F64, rate: F64, rest: Any, normals: F32, speeds: F32) -> None:
    """Write the normals and velocities of these bodies' vertices."""
    vertices, at_rest, bones, weights, starts, places = rest
    for row in rows:
        kind = level[row]
        mesh = row * places.shape[1] + kind
        part = slice(starts[mesh], starts[mesh + 1])
        out = slice(places[row, kind], places[row, kind] + starts[mesh + 1] - starts[mesh])
        skin_normals(at_rest[part], bones[part], weights[part], poses[row, SHOTS].astype(np.float32), normals[out])
        if rate[row] != 0.0:
            motion = poses[row, SHOTS + 1].astype(np.float32)
            skin_points(vertices[part], bones[part], weights[part], motion, speeds[out])
        else:
            speeds[out] = np.float32(0.0)
