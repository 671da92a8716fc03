"""Cars and vans: one shell, many styles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from drivesim.scene.vehicles.assembly import DISC, RIM, STEEL, Assembly, Finish
from drivesim.scene.vehicles.coachwork import add_details, add_shell
from drivesim.scene.vehicles.frame import Frame, frame_of
from drivesim.scene.vehicles.model import Lamp, VehicleModel, Wheel
from drivesim.scene.vehicles.paint import paint
from drivesim.scene.vehicles.shapes import box, grid, rounded_box
from drivesim.scene.vehicles.shell import Shell, Style
from drivesim.scene.vehicles.styles import STYLES
from drivesim.scene.vehicles.trim import add_trim
from drivesim.scene.vehicles.wheels import car_wheel
from drivesim.streams import stream
from drivesim.taxonomy import Tag
from drivesim.types import Actor, Light

_ALIASES = {
    "city": "city_car",
    "mini": "city_car",
    "hatch": "hatchback",
    "compact": "hatchback",
    "saloon": "saloon",
    "sedan": "saloon",
    "limousine": "saloon",
    "estate": "estate",
    "wagon": "estate",
    "kombi": "estate",
    "suv": "suv",
    "offroad": "suv",
    "jeep": "suv",
    "pickup": "pickup",
    "pick_up": "pickup",
    "pick-up": "pickup",
    "van": "van",
    "transporter": "van",
}
"""Words in a scenario's model name to style."""


def style_name(actor: Actor, seed: int) -> str:
    """The body style: the property ``style``, a word in the model's name, else what the box's proportions suggest."""
    hint = f"{actor.properties.get('style', '')} {actor.model}".lower()
    for word, style in _ALIASES.items():
        if word in hint:
            return style
    if actor.category == "van":
        return "van"
    slender = actor.box.height / actor.box.length
    if actor.box.length < 3.9:
        return "city_car"
    if actor.box.height > 1.58:
        return "van" if slender > 0.42 else "suv"
    if slender < 0.325:
        return str(stream(seed, "style", actor.name).choice(["saloon", "estate"]))
    return "hatchback"


def car_model(actor: Actor, seed: int) -> VehicleModel:
    """A car or van that fills the actor's box."""
    name = style_name(actor, seed)
    draw = stream(seed, "shape", actor.name)
    style = _varied(STYLES[name], draw)
    frame, finish = frame_of(actor), paint(actor, seed)
    mirrors = 0.035 * frame.half * 2
    shell = Shell(frame, style, frame.half - mirrors)
    assembly = Assembly(actor.tag)
    add_shell(assembly, shell, finish, stream(seed, "lamps", actor.name))
    add_details(assembly, shell, finish, width=frame.half)
    add_trim(assembly, shell, stream(seed, "trim", actor.name))
    if name == "pickup":
        _add_bed(assembly, shell, finish)
    elif name in ("suv", "estate") and draw.random() < 0.7:
        _add_rails(assembly, shell)
    fit(assembly, frame)
    body, lamp_group = assembly.build()
    rim = RIM if name != "van" else STEEL
    if name != "van" and draw.random() < 0.2:
        rim = Finish(RIM.material, (0.06, 0.06, 0.065))
    wheels = car_wheels(actor.tag, frame, shell.half, spokes=int(draw.integers(5, 11)), finish=rim)
    return VehicleModel(body, wheels, car_lamps(shell), lamp_group)


def _varied(style: Style, draw: np.random.Generator) -> Style:
    """The style with lamps, grille and cladding of its own."""
    low, high, start, end = style.headlamp
    start = float(np.clip(start + draw.uniform(-0.06, 0.06), 0.42, 0.8))
    grille = (style.grille[0], style.grille[1], float(np.clip(style.grille[2] + draw.uniform(-0.1, 0.1), 0.25, start)))
    return replace(style, headlamp=(low, high, start, end + draw.uniform(-0.01, 0.02)), grille=grille)


def fit(assembly: Assembly, frame: Frame) -> None:
    """Stretch what is built (y about 0) the last few millimetres to the box's ends, sides and top."""
    low, high = assembly.bounds()
    scale = np.array([frame.length / (high[0] - low[0]), frame.half / max(high[1], -low[1]), frame.top / high[2]])
    assembly.stretch(scale, np.array([frame.front - scale[0] * high[0], frame.middle, 0.0]))


def car_wheels(
    tag: Tag, frame: Frame, half: float, *, spokes: int, finish: Finish, twin: bool = False
) -> tuple[Wheel, ...]:
    """Four wheels under a body ``half`` wide; ``twin``: wide rear pairs."""
    wheels = []
    for x, steered in ((frame.front_axle, True), (frame.rear_axle, False)):
        width = min(0.34 * frame.radius * 2, 0.30 * half)
        if twin and not steered:
            width *= 1.8
        y = min(frame.track / 2, half - width / 2 - 0.022 * half)
        for side in (1, -1):
            mesh = car_wheel(tag, frame.radius, width, spokes=spokes, side=side, finish=finish)
            center = np.array([x, frame.middle + side * y, frame.radius], dtype=np.float32)
            wheels.append(Wheel(mesh, center, frame.radius, steered))
    return tuple(wheels)


def car_lamps(shell: Shell) -> tuple[Lamp, ...]:
    """Beams, tail and brake lamps, indicators where the shell has its lamp panels."""
    s, f = shell.style, shell.frame
    lamps = []
    front_z = shell.sill + (s.headlamp[0] + s.headlamp[1]) / 2 * (shell.nose_top - shell.sill)
    rear_z = shell.sill + (s.taillamp[0] + s.taillamp[1]) / 2 * (shell.tail_top - shell.sill)
    for side in (1.0, -1.0):
        blinker = Light.LEFT_BLINKER if side > 0 else Light.RIGHT_BLINKER
        y = f.middle + side * 0.76 * shell.half
        ahead = (f.x(float(shell.plan_share(0.76, tail=False))), y, front_z)
        astern = (f.x(float(shell.plan_share(0.76, tail=True))), y, rear_z)
        for kind, place, way in (
            (Light.LOW_BEAM, ahead, (1.0, 0.0, -0.0175)),
            (Light.HIGH_BEAM, ahead, (1.0, 0.0, 0.0)),
            (blinker, ahead, (1.0, 0.0, 0.0)),
            (Light.POSITION, astern, (-1.0, 0.0, 0.0)),
            (Light.BRAKE, astern, (-1.0, 0.0, 0.0)),
            (Light.REVERSE, astern, (-1.0, 0.0, 0.0)),
            (blinker, astern, (-1.0, 0.0, 0.0)),
        ):
            direction = np.array(way, dtype=np.float32)
            lamps.append(
                Lamp(kind, np.array(place, dtype=np.float32), direction / np.float32(np.linalg.norm(direction)))
            )
    return tuple(lamps)


def _add_rails(assembly: Assembly, shell: Shell) -> None:
    s, f = shell.style, shell.frame
    front, back = f.x(s.a_top + 0.03), f.x(s.c_top - 0.03)
    rail = rounded_box((front - back, 0.03, 0.035), 0.012, 2)
    y, z = 0.9 * s.roof_half * shell.half, (s.roof_edge + 0.012) * f.top
    assembly.add_both(rail.moved(((front + back) / 2, y, z)), STEEL)


def _add_bed(assembly: Assembly, shell: Shell, finish: Finish) -> None:
    """A pick-up's load bed: inner walls and floor, and its rim."""
    s, f = shell.style, shell.frame
    front, back = f.x(s.c_base) - 0.03, f.rear + 0.10
    top = float(shell.belt_z(back + 0.2)) - 0.004
    floor, wall = 0.62 * top, 0.84 * shell.half
    corners = np.array([(front, wall), (front, -wall), (back, -wall), (back, wall)])
    loops = [np.column_stack([corners, np.full(4, z)]) for z in (floor, top)]
    assembly.add(grid(loops, wrap=True), finish)
    assembly.add(box((front - back, 2 * wall, 0.02)).moved(((front + back) / 2, 0, floor)), DISC)
    for size, place in (
        ((front - back, 0.10 * shell.half, 0.04), ((front + back) / 2, wall + 0.03 * shell.half, top)),
        ((front - back, 0.10 * shell.half, 0.04), ((front + back) / 2, -wall - 0.03 * shell.half, top)),
        ((0.09, 2 * wall, 0.04), (back - 0.02, 0, top)),
    ):
        assembly.add(rounded_box(size, 0.015, 2).moved(place), finish)
