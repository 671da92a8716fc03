"""Sample where the network errs, or evenly? The same number of recordings either way.

    pip install 'drivesim[studies,torch]' matplotlib
    python examples/learning/adaptive.py --recordings recordings/adaptive --out results

A small network learns to segment pictures of the child crossing under eight conditions (district, light, fog) from a
first batch, evenly over conditions. Its confusion matrix on a validation set says under which conditions it errs.
A second batch of the same size is drawn once in proportion to that and once evenly again, and a network is taught from
scratch on both batches together. Repeated with several seeds: which recordings, initial weights, order of training.

All recordings are made by three sweeps beforehand and batches are drawn from them, so that seeds share their cost.
Writes ``result.json`` and ``adaptive_vs_uniform.png``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from network import CLASSES, confusion, intersection_over_union, load, train
from recordings import FULL, QUICK, Plan, instances, record_all

from drivesim.studies.statistics import bootstrap_mean


class Set:
    """Pictures of a set in memory, by recording and by condition."""

    def __init__(self, plan: Plan, folder: Path, name: str) -> None:
        self.pictures, self.classes, recordings = load(str(folder / name / "recordings"))
        self.recordings = recordings.numpy()
        self.plan, self.cells = plan, instances(plan, name)[1]

    def of(self, chosen: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures and classes of some recordings."""
        which = torch.from_numpy(np.flatnonzero(np.isin(self.recordings, chosen)))
        return self.pictures[which], self.classes[which]

    def confusions(self, network: torch.nn.Module) -> np.ndarray:
        """(cells, C, C) pixels."""
        parts = [self.of(np.flatnonzero(self.cells == cell)) for cell in range(len(self.plan.cells))]
        return np.stack([confusion(network, *part) for part in parts])


def demand(confusions: np.ndarray) -> np.ndarray:
    """How much of all confusion is under each condition: its share of the mass off the diagonals."""
    wrong = confusions.sum(axis=(1, 2)) - np.einsum("kii->k", confusions)
    return wrong / wrong.sum()


def allot(shares: np.ndarray, count: int, most: np.ndarray) -> np.ndarray:
    """Whole numbers in proportion to shares, none above ``most``: one at a time to who lacks most."""
    given = np.zeros(len(shares), dtype=int)
    for _ in range(count):
        lack = np.where(given < most, shares * count - given, -np.inf)
        given[int(np.argmax(lack))] += 1
    return given


def pick(cells: np.ndarray, numbers: np.ndarray, rng: np.random.Generator, taken: np.ndarray) -> np.ndarray:
    """So many recordings of each condition, at random, none that was taken before."""
    free = [np.setdiff1d(np.flatnonzero(cells == cell), taken) for cell in range(len(numbers))]
    return np.concatenate([rng.permutation(f)[:n] for f, n in zip(free, numbers, strict=True)])


def one_seed(seed: int, pool: Set, validation: Set, test: Set, steps: int) -> dict:
    """Scores of the first batch alone, and of both ways to go on."""
    rng = np.random.default_rng(seed)
    even = np.full(len(pool.plan.cells), pool.plan.first)
    first = pick(pool.cells, even, rng, np.array([], dtype=int))
    network = train(*pool.of(first), steps=steps, seed=seed)
    shares = demand(validation.confusions(network))
    left = np.bincount(pool.cells, minlength=len(even)) - even
    wanted = allot(shares, int(even.sum()), left)
    scores = {"first": score(test.confusions(network))}
    for name, numbers in (("adaptive", wanted), ("uniform", even)):
        batch = np.concatenate([first, pick(pool.cells, numbers, rng, first)])
        scores[name] = score(test.confusions(train(*pool.of(batch), steps=steps, seed=seed)))
    return {"seed": seed, "shares": shares.tolist(), "drawn": wanted.tolist(), **scores}


def score(confusions: np.ndarray) -> dict:
    """Mean and per-class intersection over union on the whole test set, and the mean of every condition."""
    whole = intersection_over_union(confusions.sum(axis=0))
    cells = [float(np.nanmean(intersection_over_union(matrix))) for matrix in confusions]
    return {"mean": float(np.nanmean(whole)), "classes": whole.tolist(), "cells": cells, "worst": min(cells)}


def report(results: list[dict], settings: dict) -> dict:
    """Means over seeds, and the paired difference with its 95 % interval."""
    summary: dict = {**settings, "classes": list(CLASSES)}
    for measure in ("mean", "worst"):
        values = {name: np.array([r[name][measure] for r in results]) for name in ("first", "uniform", "adaptive")}
        interval = bootstrap_mean(values["adaptive"] - values["uniform"])
        summary[measure] = {name: {"mean": float(v.mean()), "standard_error": float(v.std(ddof=1) / len(v) ** 0.5)}
                            for name, v in values.items()}  # fmt: skip
        summary[measure]["adaptive_minus_uniform"] = {
            "mean": float((values["adaptive"] - values["uniform"]).mean()), "low": interval.low, "high": interval.high,
        }  # fmt: skip
    return {**summary, "seeds": results}


def plot(summary: dict, path: Path) -> None:
    """Scores with standard errors, by class and by condition."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(13, 4.6), width_ratios=(2, 3), constrained_layout=True)
    seeds, colours = summary["seeds"], {"first": "0.75", "uniform": "#4477aa", "adaptive": "#cc6677"}
    labels = {"first": "first batch alone", "uniform": "second batch evenly", "adaptive": "second batch where it erred"}
    for axis, part, names in ((axes[0], "classes", ["mean", *CLASSES]), (axes[1], "cells", summary["cells"])):
        places = np.arange(len(names))
        for shift, (way, colour) in zip((-0.27, 0.0, 0.27), colours.items(), strict=True):
            rows = np.array([[*([s[way]["mean"]] if part == "classes" else []), *s[way][part]] for s in seeds])
            error = rows.std(axis=0, ddof=1) / len(rows) ** 0.5
            axis.bar(places + shift, rows.mean(axis=0), 0.26, yerr=error, color=colour, label=labels[way], capsize=2)
        axis.set_xticks(places, names, rotation=40, ha="right")
        axis.set_ylim(0, 1)
        axis.set_ylabel("intersection over union")
    drawn = np.mean([s["drawn"] for s in seeds], axis=0)
    for place, number in enumerate(drawn):
        axes[1].text(place, 0.97, f"{number:.1f}", ha="center", va="top", color=colours["adaptive"], fontsize=9)
    axes[0].set_title("by class")
    axes[1].set_title(
        f"by condition; above: recordings drawn adaptively (evenly: {summary['recordings_second'] // len(drawn)})"
    )
    axes[0].legend(loc="upper right", fontsize=8)
    figure.suptitle(f"Held-out test set, {len(seeds)} seeds, bars are standard errors")
    figure.savefig(path, dpi=110)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=Path, default=Path("recordings/adaptive"))
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true", help="a few recordings and steps, to see that it runs")
    given = parser.parse_args(arguments)
    plan = QUICK if given.quick else FULL
    if given.quick:
        given.seeds, given.steps = 2, 4
    torch.set_num_threads(given.jobs)
    record_all(plan, given.recordings, given.jobs)
    pool, validation, test = (Set(plan, given.recordings, name) for name in ("pool", "validation", "test"))
    results = []
    for seed in range(given.seeds):
        began = time.perf_counter()
        results.append(one_seed(seed, pool, validation, test, given.steps))
        shown = ", ".join(f"{name} {results[-1][name]['mean']:.3f}" for name in ("first", "uniform", "adaptive"))
        print(f"seed {seed}: mean IoU {shown} ({time.perf_counter() - began:.0f} s)", flush=True)
    batch = plan.first * len(plan.cells)
    budget = {
        "cells": [" ".join(cell) for cell in plan.cells], "recordings_first": batch, "recordings_second": batch,
        "steps": given.steps, "pictures_per_recording": len(pool.pictures) / len(pool.cells),
    }  # fmt: skip
    summary = report(results, budget)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "result.json").write_text(json.dumps(summary, indent=1) + "\n")
    plot(summary, given.out / "adaptive_vs_uniform.png")
    for measure in ("mean", "worst"):
        difference = summary[measure]["adaptive_minus_uniform"]
        print(f"{measure} IoU, adaptive minus uniform: {difference['mean']:+.3f} "
              f"({difference['low']:+.3f} to {difference['high']:+.3f})")  # fmt: skip


if __name__ == "__main__":
    main()
