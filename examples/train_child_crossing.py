"""Teach a driver to expect the child it cannot see: PPO with default settings, 200,000 steps, five minutes of one core.

The child crossing with random parameters; a child that parked cars hide is not in the observation. Afterwards 500
held-out episodes are driven, by the learned policy and, as the baseline, at constant speed.

    pip install 'drivesim[rl]'
    python examples/train_child_crossing.py --out results

writes ``policy.zip``, ``learning_curve.png``, ``result.json`` and ``trained_policy.mp4``. A policy is judged again by

    python examples/train_child_crossing.py --policy examples/child_crossing_ppo/policy.zip --out results
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.monitor import Monitor

import drivesim.envs

gym.register_envs(drivesim.envs)
NAME = "drivesim/ChildCrossing-v0"
DRIVING = {"action": "target_speed", "action_repeat": 2}
CONSTANT = {"action": "acceleration", "action_repeat": 2}
HELD_OUT = 1_000_000
"""First seed of the held-out episodes; training draws its own from another seed."""
VALIDATION = 2_000_000
FORGOTTEN = {"lr_schedule": lambda _: 0.0, "clip_range": lambda _: 0.0}
"""What judging a policy does not need, and other versions of Python cannot read."""


def drive(policy: PPO | None, seeds: range) -> list[dict]:
    """Outcomes of one episode per seed, all at once; without a policy the initial speed is kept."""
    options = CONSTANT if policy is None else DRIVING
    envs = gym.make_vec(NAME, len(seeds), vectorization_mode="vector_entry_point", **options)
    observations, _ = envs.reset(seed=list(seeds))
    outcomes: list[dict | None] = [None] * len(seeds)
    while None in outcomes:
        if policy is None:
            actions = np.zeros(envs.action_space.shape, np.float32)
        else:
            actions, _ = policy.predict(observations, deterministic=True)
        observations, _, terminated, truncated, infos = envs.step(actions)
        for i in np.flatnonzero(terminated | truncated):
            if outcomes[i] is None:
                outcomes[i] = {key: infos["outcome"][key][i] for key in infos["outcome"] if key[0] != "_"}
    envs.close()
    return [outcome for outcome in outcomes if outcome is not None]


def summary(outcomes: list[dict]) -> dict[str, float]:
    """Rates and means over episodes."""
    clear = [o["clear_speed_over_limit"] for o in outcomes if o["clear_time"] > 0]
    return {
        "episodes": len(outcomes),
        "collision_rate": float(np.mean([o["collision"] for o in outcomes])),
        "goal_rate": float(np.mean([o["goal"] for o in outcomes])),
        "clear_road_speed_over_limit": float(np.mean(clear)),
        "mean_speed_kmh": 3.6 * float(np.mean([o["mean_speed"] for o in outcomes])),
        "mean_impact_speed_kmh": 3.6 * float(np.mean([o["impact_speed"] for o in outcomes if o["collision"]] or [0.0])),
    }


class Validation(BaseCallback):
    """Drives a few fixed episodes every so many steps, and remembers the policy that did best."""

    def __init__(self, every: int, episodes: int) -> None:
        super().__init__()
        self.every, self.seeds = every, range(VALIDATION, VALIDATION + episodes)
        self.rows: list[tuple[int, dict[str, float]]] = []
        self.best: tuple[float, dict] | None = None

    def _on_rollout_start(self) -> None:
        if not self.rows or self.num_timesteps - self.rows[-1][0] >= self.every:
            self.validate()

    def validate(self) -> None:
        values = summary(drive(self.model, self.seeds))
        self.rows.append((self.num_timesteps, values))
        score = values["goal_rate"] + values["clear_road_speed_over_limit"] / 10
        if self.best is None or score >= self.best[0]:
            self.best = score, copy.deepcopy(self.model.get_parameters())

    def _on_step(self) -> bool:
        return True


def plot(rows: list[tuple[int, dict[str, float]]], baseline: dict[str, float], file: Path) -> None:
    """The learning curve: collisions, goals and speed over training steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.2), dpi=130, layout="constrained")
    axes = figure.subplots()
    steps = [step for step, _ in rows]
    lines = (
        ("collision_rate", "collisions", "#c8452f"),
        ("goal_rate", "goal reached", "#2f7d4f"),
        ("clear_road_speed_over_limit", "speed on clear road / limit", "#2f5fa8"),
    )
    for key, label, colour in lines:
        axes.plot(steps, [100 * values[key] for _, values in rows], label=label, color=colour, linewidth=2)
    axes.axhline(100 * baseline["collision_rate"], color="#c8452f", linestyle=":", label="collisions at constant speed")
    axes.set(xlabel="training steps", ylabel="% (of episodes, of the limit)", ylim=(-2, 104), xlim=(0, max(steps)))
    axes.set_title(f"PPO on {NAME}, {rows[0][1]['episodes']:.0f} validation episodes", fontsize=10)
    axes.grid(alpha=0.25)
    axes.legend(loc="center right", fontsize=8)
    figure.savefig(file)


def film(policy: PPO, seeds: list[int], file: Path) -> None:
    """A video of some episodes: from behind above, from the sky below."""
    import av
    import cv2

    views = [gym.make(NAME, render_mode="rgb_array", view=view, **DRIVING).unwrapped for view in ("chase", "top")]
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "33", "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = 640, 720, "yuv420p"
        for seed in seeds:
            observation, _ = views[0].reset(seed=seed)
            views[1].reset(seed=seed)
            done, still = False, 0
            while not done or still < 8:
                pictures = [env.render() for env in views]
                image = np.vstack([pictures[0], cv2.resize(pictures[1], (640, 360), interpolation=cv2.INTER_AREA)])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")))
                still += done
                if not done:
                    action, _ = policy.predict(observation, deterministic=True)
                    observation, _, terminated, truncated, _ = views[0].step(action)
                    views[1].step(action)
                    done = terminated or truncated
        container.mux(stream.encode())
    for env in views:
        env.close()


def train(steps: int, seed: int, keep: str, episodes: int) -> tuple[PPO, list[tuple[int, dict[str, float]]]]:
    """A policy, and what validation on so many episodes said along the way."""
    policy = PPO("MlpPolicy", Monitor(gym.make(NAME, **DRIVING)), seed=seed, device="cpu")
    validation = Validation(every=10_000, episodes=episodes)
    policy.learn(steps, callback=validation)
    validation.validate()
    if keep == "best" and validation.best is not None:
        policy.set_parameters(validation.best[1])
    return policy, validation.rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200_000, help="training steps")
    parser.add_argument("--episodes", type=int, default=500, help="held-out episodes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("child_crossing_ppo"))
    parser.add_argument("--keep", choices=("last", "best"), default="last", help="last policy, or best in validation")
    parser.add_argument("--policy", type=Path, help="judge this policy, without training")
    parser.add_argument("--no-video", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # so small a network is slower on more, and its sums would depend on how many

    held_out = range(HELD_OUT, HELD_OUT + options.episodes)
    baseline = drive(None, held_out)
    start, rows = time.process_time(), None
    if options.policy is not None:
        policy = PPO.load(options.policy, device="cpu", custom_objects=FORGOTTEN)
    else:
        policy, rows = train(options.steps, options.seed, options.keep, min(60, options.episodes))
        policy.save(options.out / "policy")
    seconds = time.process_time() - start
    trained = drive(policy, held_out)
    result = {
        "steps": policy.num_timesteps,
        "processor_seconds": round(seconds),
        "constant_speed": summary(baseline),
        "trained": summary(trained),
    }
    (options.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    if rows is not None:
        plot(rows, result["constant_speed"], options.out / "learning_curve.png")
    if not options.no_video:
        narrow = [i for i, (a, b) in enumerate(zip(baseline, trained, strict=True)) if a["collision"] and b["goal"]]
        narrow.sort(key=lambda i: -trained[i]["hardest_braking"])
        film(policy, [HELD_OUT + i for i in narrow[:2]], options.out / "trained_policy.mp4")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
