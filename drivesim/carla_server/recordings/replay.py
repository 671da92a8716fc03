"""Plays a recording again: its vehicles, walkers and props go where they went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from drivesim.carla_server import blueprints
from drivesim.carla_server.recordings.file import Frame, Newcomer
from drivesim.carla_server.records import Record, TrafficLight
from drivesim.carla_server.wire import Refusal, VehicleControl
from drivesim.simulators.carla.frames import Transform, carla_from_pose, pose_from_carla

if TYPE_CHECKING:
    from drivesim.carla_server.episode import Episode

_SIGNAL = slice(0, 32)
_LIGHT_STATE = 53
"""Where a traffic light's own part of a snapshot has its signal's id and its state."""


class Replay:
    """Moves actors of an episode as a recording says, frame by frame.

    An actor of the recording that is still there, by id and blueprint, is taken; others are spawned anew.

    Args:
        frames: of the recording. start, duration: what is played of it, s; a duration of 0 is all that is left.
        follow: id in the recording of the actor that the spectator follows, 0 for none; ``offset``: from where.
        heroes: whether they are played too.
    """

    def __init__(
        self, episode: Episode, frames: Iterator[Frame], start: float, duration: float, follow: int, offset: Transform,
        *, heroes: bool = True,
    ) -> None:  # fmt: skip
        self._heroes = heroes
        self._frames, self._time = frames, start
        self._end = start + duration if duration > 0.0 else np.inf
        self._follow, self._offset = follow, pose_from_carla(offset)
        self._actors: dict[int, Record] = {}
        self._made: list[Record] = []
        self._wanted: dict[int, Newcomer] = {}
        self._ahead: Frame | None = next(frames, None)
        self._now: dict[int, Any] = {}
        self._next: dict[int, Any] = {}
        self._then = start
        self._episode = episode.number

    @property
    def over(self) -> bool:
        return self._ahead is None or self._time > self._end

    def step(self, episode: Episode, factor: float = 1.0, *, spectator: bool = True) -> None:
        """Before each step of the episode: say where its actors are at its end.

        Args:
            factor: how many times as fast as it was. spectator: whether the recorded one is played too.
        """
        if episode.number != self._episode:
            self._ahead = None
            return
        self._time += episode.delta * factor
        while self._ahead is not None and self._ahead.time <= self._time + 1e-6:
            self._take(episode, self._ahead)
            self._then, self._ahead = self._ahead.time, next(self._frames, None)
            coming = self._ahead.states if self._ahead is not None else ()
            self._next = {int(state["id"]): state for state in coming}
        lights = {r.signal: r for r in episode.records.values() if isinstance(r, TrafficLight)}
        share = self._share()
        for number, state in self._now.items():
            record = self._actors.get(number)
            if record is not None and record.id in episode.records:
                x, y, z = (float(part) * factor for part in state["velocity"])
                record.replayed = self._between(number, state, share), (x, y, z)
            elif self._wanted[number].description.blueprint == "traffic.traffic_light":
                self._light(lights, bytes(state["own"]))
            elif spectator and not self._follow and self._wanted[number].description.blueprint == "spectator":
                episode.spectator.place = _place(state)
        followed = self._now.get(self._follow)
        if followed is not None:
            episode.spectator.place = carla_from_pose(pose_from_carla(_place(followed)) @ self._offset)

    def _take(self, episode: Episode, frame: Frame) -> None:
        states = {int(state["id"]): state for state in frame.states}
        for one in frame.came:
            self._wanted[one.id] = one
        for number in frame.gone:
            self._leave(episode, number)
        for number in states.keys() - self._actors.keys():
            wanted = self._wanted.get(number)
            if wanted is not None and blueprints.has_body(wanted.description.blueprint):
                self._enter(episode, wanted, _place(states[number]))
        self._now = {number: state for number, state in states.items() if number in self._wanted}

    def _enter(self, episode: Episode, one: Newcomer, place: Transform) -> None:
        if not self._heroes and one.description.get("role_name") in {"hero", "ego_vehicle"}:
            return
        there = episode.records.get(one.id)
        if there is not None and there.description.blueprint == one.description.blueprint:
            self._actors[one.id] = there
            return
        try:
            made = episode.spawn(one.description, place)
        except Refusal:
            return  # somebody else stands there now; tried again with the next frame
        self._actors[one.id] = made
        self._made.append(made)

    def _leave(self, episode: Episode, number: int) -> None:
        record = self._actors.pop(number, None)
        if record is not None and record in self._made:
            self._made.remove(record)
            episode.destroy(record.id)

    def _share(self) -> float:
        """How far time is from the newest frame to the one after it, 0 to 1."""
        if self._ahead is None or self._ahead.time <= self._then:
            return 0.0
        return float(np.clip((self._time - self._then) / (self._ahead.time - self._then), 0.0, 1.0))

    def _between(self, number: int, state: Any, share: float) -> Transform:
        """Where an actor is at a share of the way to the frame ahead."""
        onward = self._next.get(number)
        if onward is None or share < 1e-6:
            return _place(state)
        x, y, z = (state["place"] + share * (onward["place"] - state["place"])).tolist()
        turn = (onward["rotation"] - state["rotation"] + 180.0) % 360.0 - 180.0
        pitch, yaw, roll = (state["rotation"] + share * turn).tolist()
        return (x, y, z), (pitch, yaw, roll)

    def _light(self, lights: dict[str, TrafficLight], own: bytes) -> None:
        light = lights.get(own[_SIGNAL].rstrip(b"\0").decode(errors="replace"))
        if light is not None:
            light.frozen, light.state = True, min(own[_LIGHT_STATE], 4)

    def stop(self, episode: Episode, *, keep: bool) -> None:
        """Let go of everything; what was spawned stays where it is if ``keep``, else it goes."""
        if episode.number != self._episode:
            return
        for record in self._actors.values():
            record.vehicle = VehicleControl(brake=1.0)
        for light in episode.records.values():
            if isinstance(light, TrafficLight) and any(
                one.description.blueprint == light.blueprint for one in self._wanted.values()
            ):
                light.frozen = False
        for record in () if keep else self._made:
            episode.destroy(record.id)
        self._ahead = None


def _place(state: Any) -> Transform:
    (x, y, z), (pitch, yaw, roll) = state["place"].tolist(), state["rotation"].tolist()
    return (x, y, z), (pitch, yaw, roll)
