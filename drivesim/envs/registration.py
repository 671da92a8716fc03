"""Environments by name, one per shipped scenario.

Importing :mod:`drivesim.envs` registers them, and so does gymnasium itself wherever drivesim is installed: see
:mod:`drivesim.plugin`. The entry point in the group ``gymnasium.envs`` names :func:`register_envs` for whoever loads
plug-ins by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gymnasium.envs.registration import register, registry

from drivesim import content


def environment_id(scenario: str) -> str:
    """``child_crossing`` is ``drivesim/ChildCrossing-v0``."""
    return "drivesim/" + "".join(word.capitalize() for word in scenario.split("_")) + "-v0"


def playable() -> dict[str, Path]:
    """Shipped scenarios (not distributions, not catalogues) by name."""
    folder = content.shipped("scenarios")
    found = {}
    for file in sorted(folder.glob("*.xosc")):
        if "<Storyboard>" in file.read_text(encoding="utf-8"):
            found[file.stem] = file
    return found


def register_envs() -> None:
    """Register ``drivesim/<Scenario>-v0``; a scenario with a distribution of its name varies by it."""
    for name in playable():
        if environment_id(name) in registry:
            continue
        options: dict[str, Any] = {"scenario": name}
        if (content.shipped("scenarios") / "distributions" / f"{name}.xosc").is_file():
            options["distribution"] = f"distributions/{name}"
        register(
            id=environment_id(name),
            entry_point="drivesim.envs:ScenarioEnv",
            vector_entry_point="drivesim.envs:ScenarioVectorEnv",
            kwargs=options,
        )
