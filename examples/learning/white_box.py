"""Look into the network: which pixels made it fail, which parameters made these pixels, and what to draw next.

    pip install 'drivesim[torch]' matplotlib
    python examples/learning/white_box.py --out results/white_box

A picture fails where the network finds less than half of the people in it. Two looks inside, on pictures of streets
that it has not seen:

- *where*: an occlusion map (Zeiler & Fergus 2014). Patches of the picture are replaced by its blur; where that raises
  the network's margin for people (score of people over the best other class, on their pixels), the patch misled it.
  Labels say what stood there.
- *why*: the same picture is taken again with one factor held at its one value (``streets.FACTORS``). How much that
  raises the margin is the factor's blame.

Whether blame can be trusted is tried on networks that are ignorant on purpose: each has seen all but one factor vary,
and the blame should fall on that one. Then the loop is closed: a network that knows afternoons only is shown more
pictures, as many each way: drawn evenly, or those nearest to what failed in the parameters of the factor most to blame.

Writes ``white_box.json``, ``white_box_failures.png`` and ``white_box.png``; the same arguments give the same numbers.
"""

from __future__ import annotations

import json

import numpy as np
import streets
import torch
import white_box_plots
from inside import Probe, blame, failures, misled_by, shares
from network import train
from pool import VARIANTS, Pool, begin, score, standard_error

from drivesim.studies.statistics import bootstrap_mean

IGNORANT_OF = "light"
"""What the network of the second part has never seen vary."""
DRAWN = ("light", "weather")
"""Factors whose values have neighbours, so that more can be drawn near some; looks are seeds."""
WAYS = ("first", "evenly", "where it failed")


def values_of(draw: streets.Draw, factor: str) -> np.ndarray:
    """What a draw decides about light or weather, on scales on which equal steps look alike."""
    if factor == "light":
        azimuth = np.radians(draw.azimuth)
        return np.array([draw.elevation / 20.0, 0.5 * np.cos(azimuth), 0.5 * np.sin(azimuth)])
    return np.array([draw.cloud, np.log(draw.fog) if draw.fog else 7.0, np.log1p(draw.rain)])


def nearest(failed: list[streets.Draw], candidates: list[streets.Draw], factor: str, count: int) -> np.ndarray:
    """The ``count`` candidates with the most failures about them (Gaussian kernel of width one half)."""
    centres = np.array([values_of(draw, factor) for draw in failed]).reshape(-1, 3)
    apart = np.array([values_of(draw, factor) for draw in candidates])[:, None] - centres
    density = np.exp(-0.5 * (apart**2).sum(-1) / 0.5**2).sum(axis=1)
    return np.sort(np.argsort(-density, kind="stable")[:count])


def try_blame(pool: Pool, seeds: int) -> dict:
    """Blame shares of networks, each ignorant of one factor, on streets that they have not seen; means over seeds."""
    found = {}
    probes = [Probe.of(pool, pool.unseen_by(seed)) for seed in range(seeds)]
    for variant in VARIANTS:
        parts, counts = [], []
        for seed, probe in enumerate(probes):
            network = pool.network(seed, variant)
            failed = failures(network, *probe.variants[None])
            counts.append(len(failed))
            parts.append(shares(blame(network, probe, failed)))
        mean = dict(zip(streets.FACTORS, np.mean(parts, axis=0).tolist(), strict=True))
        name, count = variant or "nothing", float(np.mean(counts))
        found[name] = {"failures": count, "blame": mean}
        print(f"ignorant of {name}: {count:.1f} failures, most to blame: {max(mean, key=mean.__getitem__)}", flush=True)
    return found


def close_loop(pool: Pool, seeds: int) -> list[dict]:
    """Scores of a first batch of afternoons, and with a quarter of more pictures drawn evenly or where it failed."""
    test, rows = pool.test(), []
    for seed in range(seeds):
        learned, probe = pool.learned_by(seed), Probe.of(pool, pool.unseen_by(seed))
        half = max(1, len(learned) // 2)
        start, more = pool.of(learned[:half], IGNORANT_OF), pool.of(learned[half:], None)
        draws = pool.draws(learned[half:])
        network = train(*start, steps=pool.steps, seed=seed)
        failed = failures(network, *probe.variants[None])
        share = dict(zip(streets.FACTORS, shares(blame(network, probe, failed)).tolist(), strict=True))
        factor = max(DRAWN, key=share.__getitem__)
        count = max(1, len(draws) // 4)
        chosen = {
            "evenly": np.random.default_rng(seed).permutation(len(draws))[:count],
            "where it failed": nearest([probe.draws[i] for i in failed], draws, factor, count),
        }
        row: dict = {"seed": seed, "blamed": factor, "first": score(network, test), "blame": share,
                     "failures": {"first": len(failed)}}  # fmt: skip
        for way, which in chosen.items():
            both = tuple(torch.cat([a, b[which]]) for a, b in zip(start, more, strict=True))
            taught = train(*both, steps=pool.steps, seed=seed)
            row[way] = score(taught, test)
            row["failures"][way] = len(failures(taught, *probe.variants[None]))
        rows.append(row)
        shown = [f"{way} {row[way]['people']:.3f} ({row['failures'][way]} failures)" for way in WAYS]
        print(f"seed {seed}: {factor} is to blame; people {', '.join(shown)}", flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    given = begin("white_box", __doc__, arguments)
    pool: Pool = given.pool
    tried = try_blame(pool, given.seeds)
    rows = close_loop(pool, given.seeds)
    probe = Probe.of(pool, pool.unseen_by(0))
    network = pool.network(0, IGNORANT_OF)
    failed = failures(network, *probe.variants[None])
    white_box_plots.show_failures(network, probe, failed, given.out / "white_box_failures.png")
    summary = {"looked_at": len(probe.draws), "misled_by": misled_by(network, *probe.variants[None], failed),
               "blame": tried, "loop": summarised(rows), "rows": rows}  # fmt: skip
    (given.out / "white_box.json").write_text(json.dumps(summary, indent=1) + "\n")
    white_box_plots.show_summary(summary, given.out / "white_box.png")


def summarised(rows: list[dict]) -> dict:
    """Means over seeds, and the paired difference of the two ways with its 95 % interval."""
    found: dict = {}
    for way in WAYS:
        values = np.array([row[way]["people"] for row in rows])
        found[way] = {"people": float(values.mean()), "standard_error": standard_error(values),
                      "failures": float(np.mean([row["failures"][way] for row in rows]))}  # fmt: skip
    difference = np.array([row["where it failed"]["people"] - row["evenly"]["people"] for row in rows])
    interval = bootstrap_mean(difference)
    return {**found, "difference": {"mean": float(difference.mean()), "low": interval.low, "high": interval.high}}


if __name__ == "__main__":
    main()
