"""``drivesim check``: read files of every kind and report what is wrong with each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from drivesim import content
from drivesim.errors import DrivesimError


def check_command(files: list[str], *, quiet: bool) -> int:
    """Check every file and print one line each; 1 if any has a fault."""
    console = Console(highlight=False, soft_wrap=True)
    faults = 0
    for name in files:
        try:
            path = _locate(name)
            _CHECKS[path.suffix](path)
        except DrivesimError as error:
            faults += 1
            console.print(f"[bold red]✗[/] {escape(str(error))}")
        else:
            if not quiet:
                console.print(f"[bold green]✓[/] {escape(str(name))}")
    return 1 if faults else 0


def _locate(name: str) -> Path:
    """A file by its suffix, or by name among the shipped content."""
    suffix = Path(name).suffix
    for kind, suffixes in content.KINDS.items():
        if suffix in suffixes or (not suffix and name in content.available(kind)):
            return content.find(kind, name)
    known = ", ".join(_CHECKS)
    raise DrivesimError(f"cannot tell what kind of file '{name}' is", remedy=f"use one of the suffixes {known}")


def _check_scenario(path: Path) -> None:
    from drivesim.openscenario import load_scenario
    from drivesim.simulation import Simulation

    with Simulation(load_scenario(path)):
        pass


def _check_map(path: Path) -> None:
    from drivesim.opendrive import read_network

    read_network(path)


def _check_rig(path: Path) -> None:
    from drivesim.sensors.rig import load_rig

    load_rig(path)


def _check_tree(path: Path) -> None:
    from drivesim.behaviors.tree import read_tree

    read_tree(path)


_CHECKS: dict[str, Callable[[Path], None]] = {
    ".xosc": _check_scenario,
    ".xodr": _check_map,
    ".yaml": _check_rig,
    ".xml": _check_tree,
}
