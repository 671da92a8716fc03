"""Steps per second of the environments, resets included, beside highway-env in the same run.

Run: ``drivesim bench env``. State and lidar run on one core; the camera on all.
"""

from __future__ import annotations

import re
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import drivesim.envs
from drivesim import content
from drivesim.envs import ScenarioEnv, ScenarioVectorEnv

HEADINGS = ("steps/s", "µs per step", "× highway-fast-v0")
Row = tuple[str, str, str, str]

NAME = "child_crossing"
VARIED: dict[str, Any] = {"distribution": f"distributions/{NAME}", "action": "target_speed"}
ROUNDS = 3
SECONDS = 2.0


def per_second(step: Callable[[], int]) -> float:
    """Best of some rounds of calling ``step``, which says how many steps it made."""
    for _ in range(3):
        step()
    best = 0.0
    for _ in range(ROUNDS):
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            steps += step()
        best = max(best, steps / (time.perf_counter() - start))
    return best


def single(env: gym.Env[Any, Any], action: Any) -> Callable[[], int]:
    """One step after the other, reset when over."""
    env.reset(seed=0)

    def step() -> int:
        for _ in range(20):
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return 20

    return step


def vector(env: gym.vector.VectorEnv[Any, Any, Any], action: Any) -> Callable[[], int]:
    """Steps of all environments; those that are being reset do not count."""
    env.reset(seed=0)
    actions = np.repeat(np.asarray(action)[None], env.num_envs, axis=0)
    over = np.zeros(env.num_envs, dtype=np.bool_)

    def step() -> int:
        made = int((~over).sum())
        _, _, terminated, truncated, _ = env.step(actions)
        over[:] = terminated | truncated
        return made

    return step


def crowded(actors: int, folder: Path) -> Path:
    """The child crossing with more parked cars, so many actors in all."""
    text = (content.shipped("scenarios") / f"{NAME}.xosc").read_text()
    car = re.search(r'<ScenarioObject name="ParkedCarAhead">.*?</ScenarioObject>', text, re.DOTALL)
    place = re.search(r'<Private entityRef="ParkedCarAhead">.*?</Private>', text, re.DOTALL)
    assert car is not None
    assert place is not None
    cars = places = ""
    for k in range(actors - 5):
        cars += car[0].replace("ParkedCarAhead", f"Extra{k}")
        spot = place[0].replace("ParkedCarAhead", f"Extra{k}").replace('s="134.169"', f's="{12.0 + 6.5 * (k % 14)}"')
        places += spot.replace('laneId="-2"', f'laneId="{2 if k < 14 else -2}"')
    text = text.replace(car[0], car[0] + cars).replace(place[0], place[0] + places)
    file = folder / f"crowded_{actors}.xosc"
    file.write_text(text.replace('filepath="residential_street.xodr"', f'filepath="{content.shipped("scenarios")}/'
                                 'residential_street.xodr"'))  # fmt: skip
    return file


def highway(name: str) -> float:
    """Steps per second of one of highway-env's environments, idling."""
    import highway_env

    gym.register_envs(highway_env)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return per_second(single(gym.make(name), 1))


def rows() -> list[Row]:
    """What, steps per second, microseconds per step, and how many times highway-fast-v0."""
    gym.register_envs(drivesim.envs)
    rate: dict[str, float] = {}
    hold, lidar = np.zeros(1, np.float32), {"observation": "lidar", "rays": 240}
    rate["highway-env highway-fast-v0"] = highway("highway-fast-v0")
    rate["highway-env intersection-v2"] = highway("intersection-v2")
    rate["ChildCrossing, state, single"] = per_second(single(ScenarioEnv(NAME, **VARIED), hold))
    rate["ChildCrossing, state, vector of 64"] = per_second(vector(ScenarioVectorEnv(64, NAME, **VARIED), hold))
    rate["ChildCrossing, lidar of 240 rays, single"] = per_second(single(ScenarioEnv(NAME, **VARIED, **lidar), hold))
    rate["ChildCrossing, lidar of 240 rays, vector of 64"] = per_second(
        vector(ScenarioVectorEnv(64, NAME, **VARIED, **lidar), hold)
    )
    camera = ScenarioEnv(NAME, **VARIED, observation="camera")
    rate["ChildCrossing, camera of 128 x 72, single"] = per_second(single(camera, hold))
    camera.close()
    with tempfile.TemporaryDirectory() as folder:
        for actors in (5, 10, 20, 33):
            env = ScenarioEnv(crowded(actors, Path(folder)), action="target_speed")
            rate[f"{actors} actors, state, single"] = per_second(single(env, hold))
    reference = rate["highway-env highway-fast-v0"]
    return [(what, f"{value:,.0f}", f"{1e6 / value:,.1f}", f"{value / reference:,.2f}") for what, value in rate.items()]


if __name__ == "__main__":
    for row in rows():
        print("{:48s} {:>10s} {:>12s} {:>10s}".format(*row))
