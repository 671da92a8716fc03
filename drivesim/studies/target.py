"""Whom a run is about."""

from __future__ import annotations

from collections.abc import Sequence

from drivesim.errors import DrivesimError, did_you_mean
from drivesim.types import Actor


def target_of(actors: Sequence[Actor], ego: Actor, name: str | None = None) -> Actor:
    """Whom the story is about: by name, else the first person, else the first cyclist, else the first other vehicle.

    Raises:
        DrivesimError: nobody of that name, or nobody but the ego.
    """
    others = [actor for actor in actors if actor.index != ego.index]
    if name is not None:
        found = [actor for actor in others if actor.name == name]
        if not found:
            known = [actor.name for actor in others]
            raise DrivesimError(f"no actor '{name}'", element="--target", remedy=did_you_mean(name, known))
        return found[0]
    for wanted in ("pedestrian", "bicycle", "motorbike"):
        for actor in others:
            if wanted in (actor.kind, actor.category):
                return actor
    for actor in others:
        if actor.kind == "vehicle":
            return actor
    raise DrivesimError("the scenario has nobody to collide with", remedy="add a pedestrian or another vehicle")
