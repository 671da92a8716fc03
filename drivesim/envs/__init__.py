"""Gymnasium environments from scenario files; importing this package registers one per shipped scenario."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from drivesim.envs.registration import register_envs

__all__ = ["ScenarioEnv", "ScenarioVectorEnv"]

_HOME = {"ScenarioEnv": "drivesim.envs.env", "ScenarioVectorEnv": "drivesim.envs.vector"}

register_envs()

if TYPE_CHECKING:
    from drivesim.envs.env import ScenarioEnv
    from drivesim.envs.vector import ScenarioVectorEnv


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'drivesim.envs' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
