"""The pictures of ``white_box.py``: failures looked into, and what the looks are worth."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import streets
import torch
from inside import Probe, blame, margins, occlusion_map
from matplotlib import pyplot as plt
from network import Network
from pool import PERSON

matplotlib.use("Agg")
SHOWN = 4


def show_failures(network: Network, probe: Probe, failed: np.ndarray, path: Path) -> None:
    """Failures with the most people: the picture, what was found, what misled, and what holding a factor changes."""
    pictures, classes = probe.variants[None]
    size = (classes[failed] == PERSON).sum((1, 2)).numpy()
    shown = failed[np.argsort(-size, kind="stable")[:SHOWN]]
    figure, axes = plt.subplots(max(len(shown), 1), 4, figsize=(11.5, 2.15 * max(len(shown), 1) + 0.5), squeeze=False,
                                constrained_layout=True)  # fmt: skip
    for row, number in zip(axes, shown, strict=False):
        single = np.array([number])
        base = margins(network, pictures[single], classes[single])[0]
        raised = blame(network, probe, single)[0]
        factor = streets.FACTORS[int(np.argmax(raised))]
        held = probe.variants[factor][0][number], probe.variants[factor][1][number]
        picture = _image(pictures[number])
        row[0].imshow(picture)
        row[0].set_title(f"{_words(probe.draws[number])}; margin {base:+.1f}", fontsize=8)
        row[1].imshow(_found(network, pictures[number], classes[number]))
        found = occlusion_map(network, pictures[number], classes[number])
        most = max(float(np.abs(found).max()), 1e-6)
        row[2].imshow(picture.mean(-1), cmap="gray", vmin=0, vmax=255)
        row[2].imshow(found, cmap="coolwarm", vmin=-most, vmax=most, alpha=0.6)
        row[2].set_title(f"largest rise by hiding a patch {max(float(found.max()), 0.0):+.1f}", fontsize=8)
        row[3].imshow(_found(network, *held))
        row[3].set_title(f"without variety of {factor}: margin {base + raised.max():+.1f}", fontsize=8)
    for axis in axes.ravel():
        axis.set_axis_off()
    figure.suptitle(
        "Failures of a network that knows afternoons only: picture; people missed (red), found (green), made up "
        "(blue);\nwhat misled it (red: hiding it helps); the same with the factor most to blame held", fontsize=9
    )  # fmt: skip
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _image(picture: torch.Tensor) -> np.ndarray:
    return picture.permute(1, 2, 0).numpy()


@torch.no_grad()
def _found(network: Network, picture: torch.Tensor, classes: torch.Tensor) -> np.ndarray:
    """The picture with people missed in red, found in green and made up in blue."""
    said = (network(picture[None]).argmax(1)[0] == PERSON).numpy()
    there = (classes == PERSON).numpy()
    out = _image(picture).astype(np.float64) * 0.6
    missed, found, made_up = there & ~said, there & said, said & ~there
    for mask, colour in ((missed, (255, 40, 40)), (found, (40, 220, 60)), (made_up, (60, 120, 255))):
        out[mask.repeat(2, 0).repeat(2, 1)] = colour
    return out.astype(np.uint8)


def _words(draw: streets.Draw) -> str:
    air = [f"fog {draw.fog:.0f} m"] * bool(draw.fog) + [f"rain {draw.rain:.0f} mm/h"] * bool(draw.rain)
    return ", ".join([f"sun {draw.elevation:.0f}°", *air])


def show_summary(summary: dict, path: Path) -> None:
    """Blame by what a network is ignorant of, and the loop closed both ways."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.3), width_ratios=(3, 2), constrained_layout=True)
    names = list(summary["blame"])
    table = np.array([[summary["blame"][name]["blame"][factor] for factor in streets.FACTORS] for name in names])
    left.imshow(table, cmap="Reds", vmin=0, vmax=max(0.5, float(table.max())), aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        own = names[row] == streets.FACTORS[column]
        left.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8,
                  weight="bold" if own else "normal", color="white" if value > 0.4 else "0.1")  # fmt: skip
    left.set_xticks(range(len(streets.FACTORS)), streets.FACTORS, rotation=35, ha="right")
    counts = [summary["blame"][name]["failures"] for name in names]
    left.set_yticks(range(len(names)), [f"{n} ({c:.0f} failures)" for n, c in zip(names, counts, strict=True)])
    left.set_ylabel("what the network never saw vary")
    left.set_title("share of blame, % (bold: where it should fall)", fontsize=10)
    ways = {
        "first": ("first batch\n(afternoons)", "0.75"), "evenly": ("more,\nevenly", "#4477aa"),
        "where it failed": ("more,\nwhere it failed", "#cc6677"),
    }  # fmt: skip
    for place, (way, (_, colour)) in enumerate(ways.items()):
        cell = summary["loop"][way]
        right.bar(place, cell["people"], 0.6, yerr=cell["standard_error"], capsize=3, color=colour)
        points = [row[way]["people"] for row in summary["rows"]]
        right.plot([place] * len(points), points, "o", ms=3.5, mfc="white", mec="0.2")
        words = f"{cell['failures']:.1f} failures\nof {summary['looked_at']}"
        right.text(place, 0.01, words, ha="center", va="bottom", fontsize=8)
    right.set_xticks(range(len(ways)), [words for words, _ in ways.values()])
    right.set_ylabel("average precision of people, played scenarios")
    right.set_title(f"the loop closed, {len(summary['rows'])} seeds (dots)", fontsize=10)
    figure.savefig(path, dpi=110)
    plt.close(figure)
