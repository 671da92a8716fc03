"""Things that are no vehicles: cones, barriers, bins, balls, prams, walking frames; crates for what is unknown."""

from __future__ import annotations

import numpy as np

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh
from drivesim.scene.imported import imported_mesh, mesh_file
from drivesim.scene.vehicles.aids import pram, walking_frame, wheelchair
from drivesim.scene.vehicles.assembly import BLACK, RUBBER, STEEL, Assembly, Finish
from drivesim.scene.vehicles.shapes import Shape, box, ellipsoid, lathe, rounded_box
from drivesim.types import Actor

_ORANGE = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#e2571e"))
_WHITE_SHEET = Finish(MaterialId.RETROREFLECTOR, linear_rgb("#f0f0ec"))
_RED = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#b8232a"))
_CARDBOARD = Finish(MaterialId.WOOD, linear_rgb("#9c7a4f"))
_CONCRETE = Finish(MaterialId.CONCRETE, linear_rgb("#a19e97"))
_GREEN = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#2b4d36"))


def prop_model(actor: Actor, seed: int) -> Mesh:
    """A mesh that fills the actor's box, by words in its model's name, else by category.

    Args:
        seed: unused today; props of one kind look alike.

    Raises:
        ScenarioError: the actor's own mesh cannot be used.
    """
    own = mesh_file(actor)
    if own is not None:
        return imported_mesh(own, actor)
    assembly = Assembly(actor.tag)
    hint = f"{actor.model} {actor.name}".lower()
    for word, build in _BY_WORD:
        if word in hint:
            build(assembly)
            break
    else:
        _BY_CATEGORY.get(actor.category, _crate)(assembly)
    low, high = assembly.bounds()
    size = np.array([actor.box.length, actor.box.width, actor.box.height])
    scale = size / (high - low)
    center = np.array(actor.box.center)
    assembly.stretch(scale, center - scale * (low + high) / 2)
    return assembly.build()[0]


def _upright(profile: list[tuple[float, float]], segments: int = 20) -> Shape:
    """A profile of (height, radius) turned about the vertical, bottom first."""
    return lathe(profile, segments).turned(0, np.pi / 2)


def _cone(assembly: Assembly) -> None:
    assembly.add(rounded_box((0.40, 0.40, 0.03), 0.01, 1).moved((0, 0, 0.015)), BLACK)
    assembly.add(_upright([(0.03, 0.0), (0.03, 0.145), (0.33, 0.085)]), _ORANGE)
    assembly.add(_upright([(0.33, 0.086), (0.48, 0.058)]), _WHITE_SHEET)
    assembly.add(_upright([(0.48, 0.057), (0.75, 0.025), (0.75, 0.0)]), _ORANGE)


def _ball(assembly: Assembly) -> None:
    assembly.add(ellipsoid((0.11, 0.11, 0.11), 16, 24).moved((0, 0, 0.11)), _RED)


def _plate(assembly: Assembly) -> None:
    assembly.add(box((3.7, 2.4, 0.025)).moved((0, 0, 0.0125)), STEEL)


def _bin(assembly: Assembly) -> None:
    assembly.add(rounded_box((0.56, 0.70, 0.95), 0.05, 2).moved((0, 0, 0.53)), _GREEN)
    assembly.add(rounded_box((0.60, 0.76, 0.06), 0.03, 2).moved((0, 0, 1.03)), _GREEN)
    for side in (0.26, -0.26):
        wheel = lathe([(-0.03, 0.0), (-0.03, 0.1), (0.03, 0.1), (0.03, 0.0)], 16).turned(2, np.pi / 2)
        assembly.add(wheel.moved((side, -0.3, 0.1)), RUBBER)


def _barrier(assembly: Assembly) -> None:
    for number in range(6):
        finish = _RED if number % 2 else _WHITE_SHEET
        assembly.add(box((0.05, 1 / 6, 0.2)).moved((0, (number + 0.5) / 6 - 0.5, 0.9)), finish)
    for side in (0.4, -0.4):
        assembly.add(box((0.05, 0.05, 1.0)).moved((0, side, 0.5)), STEEL)
        assembly.add(box((0.5, 0.1, 0.06)).moved((0, side, 0.03)), BLACK)


def _pole(assembly: Assembly) -> None:
    assembly.add(_upright([(0.0, 0.0), (0.0, 0.06), (2.5, 0.05), (2.5, 0.0)]), STEEL)


def _block(assembly: Assembly) -> None:
    assembly.add(rounded_box((1.0, 1.0, 1.0), 0.03, 1), _CONCRETE)


def _crate(assembly: Assembly) -> None:
    assembly.add(rounded_box((1.0, 1.0, 1.0), 0.01, 1), _CARDBOARD)
    for z in (-0.46, 0.46):
        assembly.add(box((1.01, 1.01, 0.06)).moved((0, 0, z)), _CARDBOARD)


_BY_WORD = (
    *((word, pram) for word in ("pram", "stroller", "pushchair", "buggy")),
    *((word, walking_frame) for word in ("walking_frame", "walkingframe", "rollator")),
    ("wheelchair", wheelchair), ("cone", _cone), ("ball", _ball), ("bin", _bin), ("barrier", _barrier), ("pole", _pole),
    ("steel_plate", _plate),
)  # fmt: skip
_BY_CATEGORY = {"barrier": _barrier, "pole": _pole, "building": _block, "wheelchair": wheelchair}
