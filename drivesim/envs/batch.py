"""Episodes of one scenario side by side: the engine of both the single and the vector environment.

Numbers live in arrays with one row per world and are worked on by compiled code, row by row; storyboards and
behaviour trees are played per world. A single environment is a batch of one, so both are equal by construction.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from drivesim.envs import perception, rewards
from drivesim.envs import track as t
from drivesim.envs.actions import actions_of
from drivesim.envs.episode import Episode, Stage
from drivesim.envs.observations import observations_of
from drivesim.envs.route import HEADING, X, Y, at
from drivesim.envs.settings import Settings
from drivesim.world import World
from drivesim.world.boxes import poses_of

STEPS, SPEED_SUM, CLEAR_STEPS, CLEAR_SUM, HARDEST, NEAREST = range(6)
"""Columns of the tally of an episode: steps, sum of speeds, steps with a clear road ahead, sum of min(speed, limit) /
limit over those, hardest deceleration so far (m/s2), least distance to a person or rider (m)."""

_ROOM = 0.5
"""Metres beyond the road's edge at which an agent has left it."""
_STRAIGHT_ROWS = 64


class Batch:
    """B episodes.

    Attributes:
        world: all worlds; agent: who acts.
        observations: by name; filled after every reset and step.
        reward, terms: (B,) and (B, T) float64 of the last step.
        terminated, truncated: (B,) bool.
        moved: (B,) bool, worlds that the last step or reset changed; those whose episode was over before are not.
        track: (B, COLUMNS); poses: (B, N, 4); seen, distance: (B, N).
    """

    def __init__(self, settings: Settings, count: int) -> None:
        self.settings, self.count = settings, count
        self.stage = Stage(settings)
        self.agent = self.stage.agent
        self.actions = actions_of(settings.action, self.agent)
        actors = self.stage.actors
        self.world = World(self.stage.network, actors, self.stage.weather, 0, batch=count)
        self.episodes: list[Episode | None] = [None] * count
        self.kinds = np.array([_kind(actor.kind, actor.category) for actor in actors])
        default = rewards.ADVERSARY if self.agent.kind == "pedestrian" else rewards.DRIVER
        self.weights = rewards.weights_of(default if settings.reward is None else settings.reward)
        shape = (count, len(actors))
        self.poses = np.zeros((*shape, 4))
        self.seen = np.zeros(shape, dtype=np.bool_)
        self.distance = np.zeros(shape)
        self.track = np.zeros((count, t.COLUMNS))
        self.tally = np.zeros((count, 6))
        self.reward = np.zeros(count)
        self.terms = np.zeros((count, len(rewards.TERMS)))
        self.terminated = np.zeros(count, dtype=np.bool_)
        self.truncated = np.zeros(count, dtype=np.bool_)
        self.moved = np.zeros(count, dtype=np.bool_)
        self._fresh = np.zeros(count, dtype=np.bool_)
        self._impact = np.full(count, -1.0)
        self._reached = np.zeros(count, dtype=np.bool_)
        self._left_road = np.zeros(count, dtype=np.bool_)
        self._routes = np.zeros((count * _STRAIGHT_ROWS, 8))
        self._placed: dict[Any, int] = {}
        self._first = np.zeros(count, dtype=np.int64)
        self._rows = np.zeros(count, dtype=np.int64)
        self.observations = observations_of(self)

    def reset(self, row: int, seed: int) -> Episode:
        """Begin the episode that belongs to ``seed`` in one world, and observe it."""
        episode = self.stage.begin(seed, self.world, row)
        self.episodes[row] = episode
        self._set_route(row, *self.stage.route(episode.world))
        only = slice(row, row + 1)
        self._fresh[row] = True
        self._perceive(only)
        self._fresh[row] = False
        end = (self._rows[row] - 1) * 1.0 - 1.0
        goal = self.track[row, t.START] + self.stage.goal_distance(episode.world)
        self.track[row, t.GOAL] = min(goal, max(end, self.track[row, t.START] + 1.0))
        self.tally[row] = 0.0
        self.tally[row, NEAREST] = np.inf
        self.reward[row], self.terms[row] = 0.0, 0.0
        self.terminated[row] = self.truncated[row] = False
        self.moved[row] = True
        for part in self.observations.values():
            part.fill(self, only)
        return episode

    def step(self, actions: list[Any]) -> None:
        """Advance every world by one action each; worlds whose episode has ended are carried along unused."""
        dt, agent = self.settings.dt, self.agent
        running = [(row, e) for row, e in enumerate(self.episodes) if e is not None and not e.ended]
        self.moved[:] = False
        for row, episode in running:
            self.moved[row] = True
            track = self.track[row].tolist()
            episode.puppet.wish = self.actions.control(actions[row], episode.world, track, self.settings.step_duration)
        for _ in range(self.settings.action_repeat):
            for _, episode in running:
                episode.player.decide(dt)
            self.world.step(dt)
            for _, episode in running:
                episode.player.conclude()
        everyone = slice(0, self.count)
        self._perceive(everyone)
        self._impact[:] = -1.0
        for row, episode in running:
            collisions = episode.world.collisions
            for hit in collisions[episode.met :]:
                if agent.name in (hit.first, hit.second):
                    self._impact[row] = max(self._impact[row], hit.closing_speed)
            episode.met = len(collisions)
        w = self.world
        _judge(agent.index, self.track, w.speed, w.boxes, self._impact, self._reached, self._left_road,
               self.terminated, self.tally)  # fmt: skip
        rewards.reward(agent.index, self.settings.step_duration, self.weights, self.track, w.boxes, w.speed,
                       w.angular_velocity, self._impact, self._reached, self._left_road, self.terms,
                       self.reward)  # fmt: skip
        for row, episode in running:
            over = episode.player.finished or episode.world.time >= self.stage.time_limit - 1e-9
            self.truncated[row] = over and not self.terminated[row]
            episode.ended = bool(over or self.terminated[row])
        for part in self.observations.values():
            part.fill(self, everyone)

    def outcome(self, row: int) -> dict[str, Any]:
        """How an episode ended, in plain numbers."""
        episode, tally = self.episodes[row], self.tally[row].tolist()
        assert episode is not None
        hits = [c for c in episode.world.collisions if self.agent.name in (c.first, c.second)]
        with_whom = [c.second if c.first == self.agent.name else c.first for c in hits]
        steps = max(tally[STEPS], 1.0)
        clear = tally[CLEAR_STEPS]
        return {
            "collision": bool(hits),
            "collision_with": with_whom[0] if hits else "",
            "impact_speed": float(hits[0].closing_speed) if hits else 0.0,
            "goal": bool(self._reached[row]),
            "off_road": bool(self._left_road[row]),
            "duration": episode.world.time,
            "distance": float(self.track[row, t.ALONG] - self.track[row, t.START]),
            "mean_speed": tally[SPEED_SUM] / steps,
            "clear_time": clear * self.settings.step_duration,
            "clear_speed_over_limit": tally[CLEAR_SUM] / clear if clear else 0.0,
            "hardest_braking": tally[HARDEST],
            "nearest_person": min(tally[NEAREST], 1e3),
        }

    def on_route(self, row: int, along: float) -> tuple[float, float, float]:
        """x, y and heading of the centre of a world's route, ``along`` metres from its start."""
        first, count = int(self._first[row]), int(self._rows[row])
        x, y, heading = (at(self._routes, first, count, along, column) for column in (X, Y, HEADING))
        return x, y, heading

    def close(self) -> None:
        """Release what observations hold; legal twice."""
        for part in self.observations.values():
            part.close()

    def _perceive(self, rows: slice) -> None:
        w, agent = self.world, self.agent.index
        self.poses[rows] = poses_of(w.position[rows], w.orientation[rows])
        t.follow(
            agent, self.settings.step_duration, self._fresh[rows], self.track[rows], self._routes, self._first[rows],
            self._rows[rows], w.limits[rows], w.position[rows], w.orientation[rows], w.acceleration[rows],
            w.speed[rows],
        )  # fmt: skip
        perception.look(
            agent, w.eye_height(agent), self.settings.occlusion, self.kinds, self.seen[rows], self.distance[rows],
            w.present[rows], w.boxes[rows], self.poses[rows], self.track[rows],
        )  # fmt: skip

    def _set_route(self, row: int, key: Any, table: np.ndarray) -> None:
        """Note where a world's route is in the common table; ways of their own are kept per world."""
        if key is None:
            first = row * _STRAIGHT_ROWS
            self._routes[first : first + len(table)] = table
        elif key in self._placed:
            first = self._placed[key]
        else:
            first = self._placed[key] = len(self._routes)
            self._routes = np.concatenate([self._routes, table])
        self._first[row], self._rows[row] = first, len(table)


def _kind(kind: str, category: str) -> int:
    if kind == "pedestrian":
        return perception.PERSON
    return perception.RIDER if category in ("bicycle", "motorbike") else perception.OTHER


@nb.njit(cache=True)
def _judge(
    agent: int, track: Any, speed: Any, boxes: Any, impact: Any, reached: Any, left_road: Any, terminated: Any,
    tally: Any,
) -> None:  # fmt: skip
    """Who has reached the goal or left the road, whose episode ends by itself, and the tally of each."""
    for b in range(track.shape[0]):
        reached[b] = track[b, t.ALONG] >= track[b, t.GOAL]
        left = track[b, t.LEFT]
        left_road[b] = left > track[b, t.ROOM_LEFT] + _ROOM or left < track[b, t.ROOM_RIGHT] - _ROOM
        terminated[b] = reached[b] or left_road[b] or impact[b] >= 0.0
        v, limit = speed[b, agent], track[b, t.SPEED_LIMIT]
        tally[b, STEPS] += 1.0
        tally[b, SPEED_SUM] += v
        if track[b, t.CLEAR] > 0.0:
            tally[b, CLEAR_STEPS] += 1.0
            tally[b, CLEAR_SUM] += min(max(v, 0.0), limit) / limit
        tally[b, HARDEST] = max(tally[b, HARDEST], -track[b, t.ACCELERATION])
        tally[b, NEAREST] = min(tally[b, NEAREST], track[b, t.NEAREST_PERSON])
