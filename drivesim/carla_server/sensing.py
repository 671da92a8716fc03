"""Sensors of clients: measured with drivesim's own engine, packed as CARLA packs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from drivesim.carla_server import blueprints, cameras, events, pixel_rays, ranging
from drivesim.carla_server.episode import Episode
from drivesim.carla_server.records import Record
from drivesim.carla_server.things import Thing, things_of
from drivesim.carla_server.wire import Description, Refusal
from drivesim.scene import Scene
from drivesim.scene.scene import FIRST_LASTING
from drivesim.scene.surroundings import Surroundings
from drivesim.scene.trace import nearest
from drivesim.simulators.carla.frames import Vector, mirrored

_APART = 1e-3
"""m between surfaces that a ray goes through."""
_MOST_SURFACES = 64
_LOOKING = (
    "sensor.camera.rgb", "sensor.camera.depth", "sensor.camera.semantic_segmentation",
    "sensor.camera.instance_segmentation", pixel_rays.NORMALS, pixel_rays.FLOW, "sensor.lidar.ray_cast",
    "sensor.lidar.ray_cast_semantic",
)  # fmt: skip
_SMALL = {"image_size_x": "16", "image_size_y": "16", "points_per_second": "4000"}
"""Attributes of sensors that are only to be compiled."""

Pack = Callable[[Record], list[Any]]


class Sensing:
    """Holds the scene that sensors look at; made when the first of them needs it, and anew when bodies come or go. The
    street stands as long as the episode.

    Args:
        seed: of looks and noise.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._scene: Scene | None = None
        self._street: Surroundings | None = None
        self._things: list[Thing] | None = None
        self._made_for: tuple[int, int, int] = (0, 0, 0)
        self._cameras = cameras.Cameras(seed)
        self._pixel_rays = pixel_rays.PixelRays()
        self._shown = -1

    def capture(self, episode: Episode, listening: set[int], pack: Pack) -> Iterator[tuple[int, bytes]]:
        """Stream and message of every sensor that is due and heard.

        Args:
            pack: the wire form of an actor.
        """
        for record in list(episode.records.values()):
            if not record.stream or record.stream not in listening or not _due(episode, record):
                continue
            if record.blueprint.startswith(("sensor.camera.", "sensor.lidar.")) or record.blueprint == ranging.RADAR:
                yield record.stream, self._message(episode, record)
            else:
                for data in events.messages(episode, record, pack, self._seed):
                    yield record.stream, data

    def _message(self, episode: Episode, record: Record) -> bytes:
        """What a sensor that looks into the scene sees of this frame."""
        scene = self._scene_of(episode, record)
        if record.blueprint in {pixel_rays.NORMALS, pixel_rays.FLOW}:
            return self._pixel_rays.message(episode, record, scene)
        if record.blueprint.startswith("sensor.camera."):
            return self._cameras.message(episode, record, scene)
        return ranging.message_of(episode, record, scene, self._seed)

    def _scene_of(self, episode: Episode, record: Record) -> Scene:
        """The scene of this frame; sensors look past the body that carries the first of them."""
        carrier = episode.records.get(record.parent)
        ego = episode.column(carrier) if carrier is not None and carrier.name is not None else -1
        made_for = episode.number, episode.crowd, ego
        if self._scene is None or made_for[:2] != self._made_for[:2]:
            self._close_scene()
            if made_for[0] != self._made_for[0] or episode.played:
                self.forget()
            if self._street is None and not episode.played:
                origin = episode.pose(record).translation
                self._street = Surroundings(episode.network, self._seed, (), origin, FIRST_LASTING, shared=True)
            self._scene = Scene(
                episode.network, episode.world.actors, self._seed, ego=ego, state=episode.after,
                origin=episode.pose(record).translation, lasting=not episode.played, surroundings=self._street,
            )  # fmt: skip
            self._made_for, self._shown = made_for, -1
        if self._shown != episode.frame:
            self._scene.signals = episode.signals()
            self._scene.update(*episode.states())
            self._shown = episode.frame
        return self._scene

    def along(self, episode: Episode, start: Vector, end: Vector) -> Iterator[tuple[Vector, int]]:
        """Point and label of every surface on the way between two points, CARLA's axes, nearest first."""
        scene = self._scene_of(episode, episode.spectator)
        place, target = np.array(mirrored(start)), np.array(mirrored(end))
        for _ in range(_MOST_SURFACES):
            way = float(np.linalg.norm(target - place))
            if way < _APART:
                return
            ahead = (target - place) / way
            hit = nearest(scene.rays, place - scene.rays.origin, ahead, 1.0, limit=way)
            if hit.triangle[0] < 0:
                return
            point = place + ahead * float(hit.distance[0])
            yield mirrored(point), int(scene.rays.tables.semantic[hit.triangle[0]])
            place = point + ahead * _APART

    def things(self, episode: Episode) -> list[Thing]:
        """What stands in the city.

        Raises:
            Refusal: a drivesim client plays a scenario, whose city is that scenario's.
        """
        if episode.played:
            raise Refusal("while a scenario of drivesim's is played, its city is not told to others")
        self._scene_of(episode, episode.spectator)
        assert self._street is not None
        if self._things is None:
            self._things = things_of(self._street)
        return self._things

    def prepare(self, practice: Episode) -> None:
        """Build the city and compile what looks at it, so that no client waits for that.

        Args:
            practice: an episode nobody sees, with the number of the first that they will.
        """
        for name in (*_LOOKING, ranging.RADAR):
            text = blueprints.library()[name].default()
            small = tuple((n, t, _SMALL.get(n, v)) for n, t, v in text.attributes)
            self._message(practice, Record(0, Description(text.uid, name, small), place=practice.spectator.place))
        x, y, z = practice.spectator.place[0]
        list(self.along(practice, (x, y, z), (x, y, z - 2.0 * z)))
        self._close_scene()

    def _close_scene(self) -> None:
        if self._scene is not None:
            self._scene.close()
            self._scene = None

    def forget(self) -> None:
        """Release scene and street; new ones are made when needed."""
        self._close_scene()
        if self._street is not None:
            self._street.close()
            self._street = self._things = None

    close = forget


def _due(episode: Episode, record: Record) -> bool:
    """Whether the sensor's tick has come (``sensor_tick``: every frame if 0)."""
    tick = record.description.number("sensor_tick")
    if episode.time + 1e-9 < record.due:
        return False
    record.due = (record.due or episode.time) + tick if tick > 0.0 else 0.0
    return True
