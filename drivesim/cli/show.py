"""``drivesim show``: a picture of anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from drivesim import content
from drivesim.cli.common import parse_settings
from drivesim.cli.materials import show_materials
from drivesim.cli.terminal import terminal
from drivesim.errors import ContentNotFoundError, DrivesimError, RecordingError

if TYPE_CHECKING:
    from PIL import Image

SHEETS = ("people", "walk", "things", "vehicles", "district")
"""What the studio photographs; a file of such a name is shown by its path."""
DT = 0.05
"""Seconds between the points of a path."""
LONGEST = 60.0
"""Seconds after which a scenario without an end is drawn as it is."""


def show_command(
    name: str, *, out: Path | None, settings: list[str], seed: int, duration: float | None, width: int, quiet: bool
) -> None:
    if name == "materials":
        show_materials()
        return
    if name in SHEETS:
        from drivesim import studio

        picture, stem = studio.draw_sheet(name, seed, width), name
    else:
        path = _locate(name)
        draw = {".xosc": _scenario, ".xodr": _map, ".yaml": _rig}[path.suffix]
        picture, stem = draw(path, parse_settings(settings), seed, duration, width), path.stem
    target = out or Path(f"{stem}.png")
    try:
        picture.save(target)
    except (OSError, ValueError) as error:
        raise RecordingError(f"cannot write: {error}", file=target, remedy="choose a writable .png or .jpg") from error
    if not quiet:
        terminal().print(f"{target}: {picture.width} by {picture.height} pixels")


def _locate(name: str) -> Path:
    try:
        path = content.find("scenarios", name)
    except ContentNotFoundError as missing:
        for kind in (name, f"devices/{name}"):
            try:
                path = content.find("sensors", kind)
                break
            except ContentNotFoundError:
                continue
        else:
            raise missing
    if path.suffix not in (".xosc", ".xodr", ".yaml"):
        raise DrivesimError(f"cannot draw '{name}'", remedy="name a scenario (.xosc), a map (.xodr) or a rig (.yaml)")
    return path


Drawing = Callable[[Path, dict[str, str], int, float | None, int], "Image.Image"]


def _map(path: Path, settings: dict[str, str], seed: int, duration: float | None, width: int) -> Image.Image:
    from drivesim.opendrive import read_network
    from drivesim.pictures import draw_map

    return draw_map(read_network(path), width=width)


def _rig(path: Path, settings: dict[str, str], seed: int, duration: float | None, width: int) -> Image.Image:
    from drivesim.sensors.coverage import alone, draw_rig
    from drivesim.sensors.located import read_document
    from drivesim.sensors.rig import load_device, load_rig

    data = read_document(path).data
    if isinstance(data, dict) and "kind" in data:
        return draw_rig(alone(load_device(path), path.stem), width=width)
    return draw_rig(load_rig(path), width=width)


def _scenario(path: Path, settings: dict[str, str], seed: int, duration: float | None, width: int) -> Image.Image:
    """Plays the scenario, or the first instance of a distribution, without sensors and draws everyone's path."""
    import numpy as np

    from drivesim.behaviors import make_controller
    from drivesim.opendrive import empty_network, read_network
    from drivesim.openscenario import ScenarioPlayer, load_scenario
    from drivesim.openscenario.documents import open_document
    from drivesim.pictures import Track, draw_scenario
    from drivesim.world import World

    name = path.stem
    if open_document(path).kind == "ParameterValueDistribution":
        path, values = _first_of(path)
        settings = {**values, **settings}
    scenario = load_scenario(path, settings)
    network = read_network(scenario.road_file) if scenario.road_file else empty_network()
    world = World(network, scenario.actors(), scenario.weather(network.place()), seed)
    player = ScenarioPlayer(scenario, world, make_controller)
    rows: list[list[tuple[float, ...]]] = [[] for _ in world.actors]
    while True:
        for actor in world.actors:
            if world.present[0, actor.index]:
                x, y, _ = world.position[0, actor.index]
                rows[actor.index].append((world.time, x, y, world.orientation[0, actor.index, 0]))
        if player.finished or world.time >= (duration or LONGEST) - 1e-9:
            break
        player.step(DT)
    tracks = [Track(actor, np.array(rows[actor.index])) for actor in world.actors if rows[actor.index]]
    below = f"{scenario.header.description}, {world.time:.1f} s; labels are seconds"
    return draw_scenario(network, tracks, name, below, world.collisions, width)


def _first_of(path: Path) -> tuple[Path, dict[str, str]]:
    """The scenario of a distribution, and the first values that it accepts."""
    from drivesim.openscenario import read_distribution

    distribution = read_distribution(path)
    for values in distribution.instances():
        if distribution.allows(values):
            return distribution.scenario_file, values
    raise DrivesimError("its scenario accepts none of its instances", file=path, remedy="see drivesim expand")
