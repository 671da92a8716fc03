"""What stands in the city: environment objects, their boxes and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import method
from drivesim.carla_server.things import Thing
from drivesim.carla_server.wire import Refusal
from drivesim.simulators.carla.frames import Transform, carla_from_pose
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer

_ANY = 255


def _wanted(label: int) -> set[int]:
    if int(label) != _ANY and int(label) not in set(Tag):
        raise Refusal(f"there is no label {label}; carla.CityObjectLabel has them")
    return {int(tag) for tag in Tag} if int(label) == _ANY else {int(label)}


def _things(server: CarlaServer, label: int) -> list[Thing]:
    wanted = _wanted(label)
    return [thing for thing in server.sensing.things(server.episode) if thing.tag in wanted]


def _box(pose: Pose, half: tuple[float, float, float], actor: int = 0) -> list[Any]:
    """In the world."""
    place: Transform = carla_from_pose(pose)
    return [place[0], list(half), place[1], actor]


@method("get_environment_objects")
def _objects(server: CarlaServer, label: int = _ANY) -> list[Any]:
    found = []
    for thing in _things(server, label):
        place: Transform = carla_from_pose(thing.pose)
        found.append([list(place), _box(thing.pose, thing.half), thing.id, thing.name, thing.tag])
    return found


@method("get_names_of_all_objects")
def _names(server: CarlaServer) -> list[str]:
    return [thing.name for thing in _things(server, _ANY)]


@method("get_all_level_BBs")
def _level_boxes(server: CarlaServer, label: int = _ANY) -> list[Any]:
    """Things and bodies alike."""
    boxes = [_box(thing.pose, thing.half) for thing in _things(server, label)]
    wanted, episode = _wanted(label), server.episode
    for record in episode.records.values():
        if record.name is None:
            continue
        index = episode.column(record)
        actor = episode.world.actors[index]
        if int(actor.tag) in wanted:
            middle = episode.after.pose(index) @ Pose.from_ypr(actor.box.center, (0.0, 0.0, 0.0))
            half = (actor.box.length / 2, actor.box.width / 2, actor.box.height / 2)
            boxes.append(_box(middle, half, record.id))
    return boxes
