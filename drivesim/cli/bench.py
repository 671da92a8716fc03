"""``drivesim bench``: run the benchmarks of a source checkout and print one table."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numba
from rich.table import Table

import drivesim
from drivesim.cli.terminal import terminal
from drivesim.errors import DrivesimError, did_you_mean

BENCHMARKS = (
    "camera", "lidar", "radar", "rig", "scene", "record", "env", "carla", "whatif", "sweep", "cluster", "behaviors",
)  # fmt: skip
GROUPS = {"sensors": ("camera", "lidar", "radar", "rig")}
_HEADINGS = ("ms", "× drivesim")


def bench_command(names: list[str]) -> None:
    root = Path(drivesim.__file__).resolve().parents[1]
    if not (root / "benchmarks").is_dir():
        raise DrivesimError(
            "the benchmarks are not part of the installed package", remedy="run this in a source checkout"
        )
    sys.path.insert(0, str(root))
    wanted = [each for name in names for each in GROUPS.get(name, (name,))]
    for name in wanted:
        if name not in BENCHMARKS:
            remedy = did_you_mean(name, [*BENCHMARKS, *GROUPS])
            raise DrivesimError(f"no benchmark '{name}'", element="NAME", remedy=remedy)
    console = terminal()
    for name in wanted or BENCHMARKS:
        table = Table(title=f"{name} ({numba.get_num_threads()} threads)", title_justify="left")
        table.add_column("what")
        module = import_module(f"benchmarks.{name}")
        for heading in getattr(module, "HEADINGS", _HEADINGS):
            table.add_column(heading, justify="right")
        for what, *values in module.rows():
            if not isinstance(values[0], str):
                seconds, ratio = values
                values = [f"{1000 * seconds:.1f}", f"{ratio:.2f}"]
            table.add_row(what, *values)
        console.print(table)
