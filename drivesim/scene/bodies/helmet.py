"""Helmets of people who ride.

Who wears one: all on motorcycles; of cyclists four in five children up to ten and one in three others, as counted in
German towns (BASt, "Gurte, Kindersitze, Helme und Schutzkleidung 2021"); nobody on an e-scooter. ``helmet`` = ``yes``
or ``no`` among the properties of the rider's vehicle says otherwise.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, linear_rgb
from drivesim.scene.bodies.appearance import Appearance
from drivesim.scene.bodies.basis import HEAD, Shape
from drivesim.scene.bodies.surface import Piece, grid
from drivesim.streams import stream
from drivesim.types import Actor

F64 = NDArray[np.float64]

_CHILD, _CHILDREN_SHARE, _OTHERS_SHARE = 11.0, 0.8, 0.32
_COLOURS = ("#e8e8e4", "#17181a", "#a81e22", "#23466f", "#b9c52a", "#6d7074")
_VENT, _VISOR = (0.006, 0.006, 0.007), (0.010, 0.011, 0.013)
_ROWS, _COLUMNS = 15, 48
_PAD = {"cycle": 0.030, "full": 0.036}
"""How far helmets stand off the skull, m on an adult's head."""


class Helmet(NamedTuple):
    """What someone has on the head.

    Attributes:
        kind: a cyclist's, or one that covers the face; colour: linear RGB.
    """

    kind: Literal["cycle", "full"]
    colour: tuple[float, float, float]

    def pieces(self, body: Shape) -> list[Piece]:
        """On a body's head, at the body's own size."""
        return _pieces(self, body)


def helmet_of(actor: Actor, seed: int, look: Appearance) -> Helmet | None:
    """What the rider of a two-wheeler has on the head, if anything."""
    random = stream(seed, "helmet", actor.name)
    colour, chance = linear_rgb(str(random.choice(_COLOURS))), random.random()
    asked = actor.properties.get("helmet", "").lower()
    if actor.kind == "pedestrian" or asked == "no":
        return None
    if actor.category == "motorbike":
        return Helmet("full", colour)
    scooter = "scooter" in actor.model.lower()
    share = 0.0 if scooter else _CHILDREN_SHARE if look.age < _CHILD else _OTHERS_SHARE
    return Helmet("cycle", colour) if asked == "yes" or chance < share else None


def _pieces(helmet: Helmet, body: Shape) -> list[Piece]:
    kind, colour = helmet
    ears, crown = body.keypoints[3:5].mean(axis=0), float(body.vertices[:, 2].max())
    tall = crown - float(ears[2])
    skull = body.vertices[(body.weights[:, HEAD] > 0.9) & (body.vertices[:, 2] > ears[2] + 0.2 * tall)]
    pad = _PAD[kind] * tall / 0.14
    middle = np.array([0.5 * (skull[:, 0].min() + skull[:, 0].max()), 0.0, ears[2] + 0.15 * tall])
    radii = np.array([np.ptp(skull[:, 0]) / 2, np.ptp(skull[:, 1]) / 2, crown - middle[2]]) + pad
    turn = np.linspace(-np.pi, np.pi, _COLUMNS, endpoint=False)
    rim = _cycle_rim(turn) if kind == "cycle" else np.full(_COLUMNS, -0.86)
    share = np.linspace(0.0005, 1.0, _ROWS)[:, None]
    height = 1.0 - share * (1.0 - rim)  # of the ellipsoid, 1 at the crown
    round_ = np.sqrt(np.clip(1.0 - np.clip(height, -1.0, 1.0) ** 2, 0.0, None))
    if kind == "full":  # straight down from the widest place, and a chin bar ahead
        round_ = np.where(height < 0.0, 0.78 + 0.22 * np.sqrt(1.0 - height**2), round_)
    chin = np.clip(np.cos(turn), 0.0, None) ** 2 * (0.16 if kind == "full" else 0.05) * np.clip(0.5 - height, 0.0, 1.0)
    outer = middle + radii * np.stack(
        [round_ * np.cos(turn) + chin, round_ * np.sin(turn), height * (0.95 if kind == "full" else 1.0)], axis=-1
    )
    inner = middle + (outer - middle) * (1.0 - 0.6 * pad / radii.mean())
    points = np.concatenate([outer.reshape(-1, 3), inner[::-1].reshape(-1, 3)])
    triangles = grid(2 * _ROWS, _COLUMNS, closed=True)
    weights = np.zeros((len(points), 24))
    weights[:, HEAD] = 1.0
    dark = _vents(triangles) if kind == "cycle" else _visor(triangles, height, turn)
    albedo = np.where(dark[:, None], _VENT if kind == "cycle" else _VISOR, np.asarray(colour))
    return [
        Piece.of(points, triangles[part], weights, material, albedo[part])
        for part, material in ((~dark, MaterialId.CAR_PAINT), (dark, MaterialId.BLACK_PLASTIC))
    ]


def _cycle_rim(turn: F64) -> F64:
    """Height of the rim on the ellipsoid: over the brows ahead, over the ears, low on the nape."""
    return np.interp(np.abs(turn), [0.0, 0.7, 1.6, 2.4, np.pi], [0.22, 0.20, 0.12, -0.12, -0.18])


def _place(triangles: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the quadrangle that each triangle is half of (:func:`grid` lists first halves first)."""
    return np.divmod(np.arange(len(triangles)) % (len(triangles) // 2), _COLUMNS)


def _vents(triangles: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Slits that run from front to back, on the outside."""
    row, column = _place(triangles)
    return (row >= 3) & (row <= _ROWS - 5) & (column % 6 < 2)


def _visor(triangles: NDArray[np.int64], height: F64, turn: F64) -> NDArray[np.bool_]:
    """The window before the eyes, on the outside."""
    row, column = _place(triangles)
    outside = row < _ROWS - 1
    level = np.broadcast_to(height, (_ROWS, _COLUMNS))[np.minimum(row, _ROWS - 1), column]
    return outside & (np.abs(turn[column]) < 1.15) & (level > -0.38) & (level < 0.42)
