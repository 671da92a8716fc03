"""drivesim: a scenario simulator for automated driving.

The public surface is a handful of verbs; each is imported only when first used, so that ``import drivesim``
costs nothing: every Python that starts where drivesim is installed does it (:mod:`drivesim.plugin`).
"""

from __future__ import annotations

TYPE_CHECKING = False

__version__ = "0.1.0"

__all__ = ["DrivesimError", "__version__", "load_rig", "load_scenario", "record", "simulate"]

_HOME = {
    "DrivesimError": "drivesim.errors",
    "load_rig": "drivesim.sensors.rig",
    "load_scenario": "drivesim.openscenario",
    "record": "drivesim.simulation",
    "simulate": "drivesim.simulation",
}

if TYPE_CHECKING:
    from drivesim.errors import DrivesimError
    from drivesim.openscenario import load_scenario
    from drivesim.sensors.rig import load_rig
    from drivesim.simulation import record, simulate


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'drivesim' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
