"""What a built city is: one mesh of what is unique, and shapes that stand in many places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.mesh import Mesh, gathered, merge
from drivesim.transforms import Pose


class Copy(NamedTuple):
    """A shape at one of its places: stored once however often it stands in the city.

    Attributes:
        shape: in its own frame; copies of one shape share the object.
        place: ``world_from_shape``.
        instance: id of the thing, 0 before it has one.
    """

    shape: Mesh
    place: Pose
    instance: int = 0


Thing = Mesh | Copy
"""What districts are made of."""


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """Everything static.

    Attributes:
        unique: what there is once, instances included.
        copies: the rest.
    """

    unique: Mesh
    copies: tuple[Copy, ...]

    @staticmethod
    def of(ground: Iterable[Mesh], things: Iterable[Thing], first_instance: int) -> City:
        """Things numbered in order from ``first_instance``; ``ground`` has no number. None is held longer than it takes
        to add it."""
        copies: list[Copy] = []

        def unique() -> Iterator[Mesh]:
            yield from ground
            for number, thing in enumerate(things, start=first_instance):
                if isinstance(thing, Copy):
                    copies.append(thing._replace(instance=number))
                else:
                    yield thing.labelled(instance=number)

        mesh = gathered(unique())
        return City(mesh, tuple(copies))

    def mesh(self) -> Mesh:
        """The whole city as one mesh, copies written out."""
        placed = [copy.shape.placed(copy.place).labelled(instance=copy.instance) for copy in self.copies]
        return merge([self.unique, *placed])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name, to keep in a file; :meth:`from_arrays` is the city again."""
        shapes = list({id(copy.shape): copy.shape for copy in self.copies}.values())
        row = {id(shape): number for number, shape in enumerate(shapes)}
        stored = {f"unique.{name}": values for name, values in self.unique.arrays().items()}
        for number, shape in enumerate(shapes):
            stored |= {f"{number}.{name}": values for name, values in shape.arrays().items()}
        stored["shape"] = np.array([row[id(copy.shape)] for copy in self.copies], dtype=np.int32)
        stored["instance"] = np.array([copy.instance for copy in self.copies], dtype=np.int32)
        stored["translation"] = np.array([copy.place.translation for copy in self.copies]).reshape(-1, 3)
        stored["rotation"] = np.array([copy.place.rotation for copy in self.copies]).reshape(-1, 3, 3)
        return stored

    @staticmethod
    def from_arrays(stored: Mapping[str, NDArray[Any]]) -> City:
        """What :meth:`arrays` stored."""

        def mesh(prefix: str) -> Mesh:
            return Mesh(**{name: stored[f"{prefix}.{name}"] for name in Mesh.__slots__})

        shapes = [mesh(str(number)) for number in range(int(stored["shape"].max(initial=-1)) + 1)]
        rows = zip(stored["shape"], stored["translation"], stored["rotation"], stored["instance"], strict=True)
        copies = [Copy(shapes[number], Pose(place, turned), int(own)) for number, place, turned, own in rows]
        return City(mesh("unique"), tuple(copies))
