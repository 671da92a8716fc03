"""What is each kind of variety worth? Leave one out of the training pictures at a time, and test elsewhere.

    pip install 'drivesim[torch]' matplotlib
    python examples/learning/ablation.py --out results/ablation

A small network learns to segment people and what is around them from pictures in which seven things are random
(``streets.FACTORS``), and again from the same pictures with one of them held at one value. All are judged on sets that
no network has seen: shipped scenarios as they play in streets (``played.py``), the same on a country road, and streets
of the training pictures' own kind. Every seed draws which streets are learned
from, the initial weights and the order of training, the same for all variants, so that differences are paired.

Pictures and networks are kept in ``--pool``: a run that was stopped goes on where it was. Writes
``ablation.json``, ``ablation.csv``, ``ablation.png`` and ``variants.jpg``; the same arguments give the same numbers.
"""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import numpy as np
import played
import streets
from pool import VARIANTS, Pool, begin, score, standard_error

from drivesim.studies.statistics import bootstrap_mean

MEASURES = {
    "people played": ("played", "people"), "people unseen": ("unseen", "people"),
    "people country": ("country", "people"),
    "mean played": ("played", "mean"), "mean unseen": ("unseen", "mean"), "mean country": ("country", "mean"),
}  # fmt: skip
"""What is reported: on which set, and which of :func:`pool.score`."""


def measure(pool: Pool, seeds: int) -> list[dict]:
    """Scores of every variant and seed on every test set."""
    test, country, rows = pool.test(), pool.test(played.COUNTRY), []
    for seed in range(seeds):
        unseen = pool.of(pool.unseen_by(seed), None)
        for variant in VARIANTS:
            began = time.process_time()
            network = pool.network(seed, variant)
            sets = {"played": test, "unseen": unseen, "country": country}
            row = {"seed": seed, "without": variant, **{name: score(network, part) for name, part in sets.items()}}
            rows.append(row)
            shown = ", ".join(f"{name} {row[name]['people']:.3f}" for name in sets)
            print(f"seed {seed}, without {variant or 'nothing'}: average precision of people: {shown} "
                  f"({time.process_time() - began:.0f} s of processor)", flush=True)  # fmt: skip
    return rows


def report(rows: list[dict], settings: dict) -> dict:
    """What each factor is worth: score of the full variety minus that without it, paired over seeds, 95 % interval."""
    seeds = sorted({row["seed"] for row in rows})
    by = {(row["seed"], row["without"]): row for row in rows}
    summary: dict = {**settings, "seeds": len(seeds), "measures": {}}
    for name, (place, what) in MEASURES.items():
        full = np.array([by[seed, None][place][what] for seed in seeds])
        found = {"full": {"mean": float(full.mean()), "standard_error": standard_error(full)}, "worth": {}}
        for factor in streets.FACTORS:
            worth = full - np.array([by[seed, factor][place][what] for seed in seeds])
            interval = bootstrap_mean(worth)
            found["worth"][factor] = {"mean": float(worth.mean()), "standard_error": standard_error(worth),
                                      "low": interval.low, "high": interval.high,
                                      "without": float(full.mean() - worth.mean())}  # fmt: skip
        summary["measures"][name] = found
    return {**summary, "rows": rows}


def write(summary: dict, out: Path) -> None:
    """The numbers, as JSON and as a table."""
    (out / "ablation.json").write_text(json.dumps(summary, indent=1) + "\n")
    with (out / "ablation.csv").open("w", newline="") as file:
        table, parts = csv.writer(file, lineterminator="\n"), ("without", "mean", "low", "high")
        heads = [f"{name} {part.replace('mean', 'worth')}".replace(" ", "_") for name in MEASURES for part in parts]
        table.writerow(["left_out", *heads])
        for factor in streets.FACTORS:
            cells = [summary["measures"][name]["worth"][factor] for name in MEASURES]
            table.writerow([factor, *(f"{cell[part]:.4f}" for cell in cells for part in parts)])


def plot(summary: dict, path: Path) -> None:
    """Points that each factor is worth, with intervals and every seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    titles = {
        "people played": ("people, played scenarios", "average precision", "#cc6677"),
        "people unseen": ("people, unseen streets of the same kind", "average precision", "#ddaa33"),
        "mean played": ("all classes, played scenarios", "mean intersection over union", "#4477aa"),
    }
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), sharey=True, constrained_layout=True)
    order = sorted(streets.FACTORS, key=lambda f: summary["measures"]["people played"]["worth"][f]["mean"])
    by = {(row["seed"], row["without"]): row for row in summary["rows"]}
    for axis, (name, (words, unit, colour)) in zip(axes, titles.items(), strict=True):
        found, (where, what) = summary["measures"][name], MEASURES[name]
        for place, factor in enumerate(order):
            cell = found["worth"][factor]
            axis.barh(place, 100 * cell["mean"], 0.62, color=colour, alpha=0.75)
            axis.plot([100 * cell["low"], 100 * cell["high"]], [place, place], color="0.15", lw=1.6)
            seeds = range(summary["seeds"])
            points = [100 * (by[seed, None][where][what] - by[seed, factor][where][what]) for seed in seeds]
            axis.plot(points, [place] * len(points), "o", ms=3.2, mfc="white", mec="0.15", mew=0.8)
        axis.axvline(0, color="0.3", lw=0.8)
        full, error = 100 * found["full"]["mean"], 100 * found["full"]["standard_error"]
        axis.set_title(f"{words}: {full:.1f} ± {error:.1f}", fontsize=10)
        axis.set_xlabel(f"points of {unit} lost without it")
    axes[0].set_yticks(range(len(order)), order)
    figure.suptitle(f"What each kind of variety is worth: {summary['training_pictures']} pictures to learn from, "
                    f"{summary['test_pictures']} of played scenarios to test on; {summary['seeds']} seeds (dots), "
                    "95 % intervals", fontsize=11)  # fmt: skip
    figure.savefig(path, dpi=100)


def show_variants(pool: Pool, path: Path) -> None:
    """The same pictures of one street in every variant, a row each."""
    from PIL import Image, ImageDraw, ImageFont

    shown, scale, margin = min(8, pool.count), 2, 110
    taken = [pool.of([0], variant)[0][:shown].permute(0, 2, 3, 1).numpy() for variant in VARIANTS]
    rows = [np.concatenate(list(pictures), axis=1) for pictures in taken]
    width, height = shown * streets.WIDTH * scale, streets.HEIGHT * scale
    sheet = Image.new("RGB", (margin + width, len(rows) * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, (variant, row) in enumerate(zip(VARIANTS, rows, strict=True)):
        sheet.paste(Image.fromarray(row).resize((width, height), Image.Resampling.NEAREST), (margin, number * height))
        words = f"without\n{variant}" if variant else "all variety"
        draw.text((8, (number + 0.5) * height), words, fill="black", font=font, anchor="lm")
    sheet.save(path, quality=88)


def main(arguments: list[str] | None = None) -> None:
    given = begin("ablation", __doc__, arguments)
    pool: Pool = given.pool
    rows = measure(pool, given.seeds)
    learned = len(pool.learned_by(0)) * pool.count
    summary = report(rows, {"training_pictures": learned, "test_pictures": len(pool.test()[0]), "steps": pool.steps})
    write(summary, given.out)
    plot(summary, given.out / "ablation.png")
    show_variants(pool, given.out / "variants.jpg")
    for factor, cell in summary["measures"]["people played"]["worth"].items():
        worth, low, high = (100 * cell[part] for part in ("mean", "low", "high"))
        print(f"{factor}: {worth:+.1f} points on people ({low:+.1f} to {high:+.1f})")


if __name__ == "__main__":
    main()
