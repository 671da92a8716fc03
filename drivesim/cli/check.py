"""``drivesim check``: read files of every kind and report what is wrong with each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape

from drivesim import content
from drivesim.cli.terminal import terminal
from drivesim.errors import DrivesimError

SPACE_SUFFIX = ".space.yaml"


def check_command(files: list[str], *, quiet: bool) -> int:
    """Check every file and print one line each, notes below it; 1 if any has a fault."""
    console = terminal()
    faults = 0
    for name in files:
        try:
            with _unlogged():
                path = _locate(name)
                notes = list(_check_space(path) if path.name.endswith(SPACE_SUFFIX) else _CHECKS[path.suffix](path))
        except DrivesimError as error:
            faults += 1
            console.print(f"[bold red]✗[/] {escape(str(error))}")
            continue
        if not quiet:
            console.print(f"[bold green]✓[/] {escape(str(name))}")
            for note in notes:
                console.print(f"  [yellow]note[/] {escape(note)}")
    return 1 if faults else 0


@contextmanager
def _unlogged() -> Iterator[None]:
    """What would be logged is a note here, and printed."""
    logger = logging.getLogger("drivesim")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _locate(name: str) -> Path:
    """A file by its suffix, or by name among the shipped content."""
    suffix = Path(name).suffix
    if name.endswith(SPACE_SUFFIX):
        return content.find("scenarios", name)
    for kind, suffixes in content.KINDS.items():
        if suffix in suffixes or (not suffix and name in content.available(kind)):
            return content.find(kind, name)
    known = ", ".join(_CHECKS)
    raise DrivesimError(f"cannot tell what kind of file '{name}' is", remedy=f"use one of the suffixes {known}")


def _check_openscenario(path: Path) -> Iterable[str]:
    from drivesim.openscenario.documents import open_document

    kind = open_document(path).kind
    return {"Storyboard": _check_scenario, "Catalog": _check_catalog}.get(kind, _check_distribution)(path)


def _check_scenario(path: Path) -> Iterable[str]:
    """Everything short of the first step: parameters, catalogues, map, controllers, positions of the Init."""
    from drivesim.behaviors import make_controller
    from drivesim.opendrive import empty_network, read_network
    from drivesim.openscenario import ScenarioPlayer, load_scenario
    from drivesim.world import World

    scenario = load_scenario(path)
    network = read_network(scenario.road_file) if scenario.road_file else empty_network()
    world = World(network, scenario.actors(), scenario.weather(network.place()), 0)
    ScenarioPlayer(scenario, world, make_controller)
    return [str(note) for note in scenario.notes]


def _check_catalog(path: Path) -> Iterable[str]:
    from drivesim.openscenario.documents import read_catalog

    catalog, notes = read_catalog(path)
    return [f"{len(catalog.entries)} entries", *(str(note) for note in notes)]


def _check_distribution(path: Path) -> Iterable[str]:
    from drivesim.openscenario import load_scenario, read_distribution

    distribution = read_distribution(path)
    load_scenario(distribution.scenario_file)
    next(distribution.instances(), None)
    return [f"{distribution.count} instances of {distribution.scenario_file.name}"]


def _check_space(path: Path) -> Iterable[str]:
    from drivesim.studies.space import read_space

    space = read_space(path)
    return [f"{len(space.parameters)} parameters of {space.scenario_file.name}"]


def _check_map(path: Path) -> Iterable[str]:
    from drivesim.opendrive import read_network
    from drivesim.opendrive.vocabulary import unread
    from drivesim.opendrive.xml import parse

    network = read_network(path)
    if network.geodesy is not None:
        network.geodesy.wgs84_from_world(0.0, 0.0)
    return [str(note) for note in unread(parse(path))]


def _check_rig(path: Path) -> Iterable[str]:
    from drivesim.sensors.rig import load_rig

    load_rig(path)
    return []


def _check_tree(path: Path) -> Iterable[str]:
    from drivesim.behaviors.tree import read_tree

    read_tree(path)
    return []


_CHECKS: dict[str, Callable[[Path], Iterable[str]]] = {
    ".xosc": _check_openscenario,
    ".xodr": _check_map,
    ".yaml": _check_rig,
    ".xml": _check_tree,
}
