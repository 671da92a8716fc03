"""A careful driver by rule of thumb in many processes: gymnasium's AsyncVectorEnv over the child crossing.

Processes pay where one step costs much (cameras, lidars of a rig); for state vectors the native batch in one process
(``vectorization_mode="vector_entry_point"``) is faster. The driver sees nothing but a ray lidar: it goes at the limit
past an empty roadside, slower the nearer something stands beside its path, and brakes for what is in it.

    python examples/drive_in_processes.py --processes 4 --episodes 100
"""

from __future__ import annotations

import argparse

import gymnasium as gym
import numpy as np

NAME = "drivesim.envs:drivesim/ChildCrossing-v0"
RAYS, REACH = 240, 80.0
TOP = 1.25
"""The highest target speed over the limit: where the action is 1."""
ANGLES = np.arange(RAYS) * 2.0 * np.pi / RAYS


def careful(scans: np.ndarray) -> np.ndarray:
    """Target speeds (B, 1) in -1 .. 1 from ranges over reach (B, RAYS), the first ahead, counter-clockwise."""
    ahead, aside = scans * REACH * np.cos(ANGLES), np.abs(scans * REACH * np.sin(ANGLES))
    hit = (scans < 1.0) & (ahead > 0.0)
    in_path = np.where(hit & (aside < 1.3), ahead, REACH).min(axis=1)
    beside = np.where(hit & (aside < 5.0), ahead, REACH).min(axis=1)
    share = np.where(in_path < 15.0, 0.0, np.where(beside < 30.0, 0.5, 1.0))
    return (2.0 * share / TOP - 1.0).astype(np.float32)[:, None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--episodes", type=int, default=100)
    options = parser.parse_args()
    envs = gym.make_vec(
        NAME, options.processes, vectorization_mode="async", vector_kwargs={"context": "spawn"},
        observation="lidar", rays=RAYS, reach=REACH, action="target_speed", action_repeat=2,
    )  # fmt: skip
    collisions, goals = [], []
    try:
        scans, _ = envs.reset(seed=0)
        while len(goals) < options.episodes:
            scans, _, terminated, truncated, infos = envs.step(careful(scans))
            for i in np.flatnonzero(terminated | truncated):
                collisions.append(bool(infos["outcome"]["collision"][i]))
                goals.append(bool(infos["outcome"]["goal"][i]))
    finally:
        envs.close()
    print(f"{len(goals)} episodes: {np.mean(collisions):.1%} collisions, {np.mean(goals):.1%} reach the goal")


if __name__ == "__main__":
    main()
