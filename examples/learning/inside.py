"""Ways to look into a network that failed: where in the picture, and for which of the parameters behind it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streets
import torch
from network import CLASSES, Network
from pool import PERSON, VARIANTS, Examples, Pool
from torch.nn import functional

PATCH, STRIDE = 8, 4
"""Of the occlusion map, pixels."""
LEAST = 6
"""Pixels (of every second) that people must have in a picture to be judged."""


class Probe(NamedTuple):
    """Pictures of unseen streets in every variant, by factor (None: all variety), and their parameters."""

    variants: dict[str | None, Examples]
    draws: list[streets.Draw]

    @staticmethod
    def of(pool: Pool, which: list[int]) -> Probe:
        """Some streets of a pool."""
        return Probe({variant: pool.of(which, variant) for variant in VARIANTS}, pool.draws(which))


@torch.no_grad()
def margins(network: Network, pictures: torch.Tensor, classes: torch.Tensor) -> np.ndarray:
    """(N,) mean over the pixels of people of their score above the best other class; NaN where there are too few."""
    scores = network(pictures)
    others = torch.cat([scores[:, :PERSON], scores[:, PERSON + 1 :]], dim=1).amax(1)
    people = classes == PERSON
    total = ((scores[:, PERSON] - others) * people).sum((1, 2)) / people.sum((1, 2)).clamp(min=1)
    return np.where((people.sum((1, 2)) >= LEAST).numpy(), total.numpy(), np.nan)


@torch.no_grad()
def failures(network: Network, pictures: torch.Tensor, classes: torch.Tensor) -> np.ndarray:
    """Which pictures fail: less than half of the pixels of people are found."""
    people = classes == PERSON
    found = ((network(pictures).argmax(1) == PERSON) & people).sum((1, 2)) / people.sum((1, 2)).clamp(min=1)
    return np.flatnonzero(((people.sum((1, 2)) >= LEAST) & (found < 0.5)).numpy())


def blame(network: Network, probe: Probe, failed: np.ndarray) -> np.ndarray:
    """(failures, factors): how much holding a factor raises the margin; what lowers it, or leaves nobody, counts 0."""
    base = margins(network, *(part[failed] for part in probe.variants[None]))
    held = [margins(network, *(part[failed] for part in probe.variants[factor])) for factor in streets.FACTORS]
    return np.maximum(np.nan_to_num(np.array(held).T.reshape(len(failed), len(held)) - base[:, None]), 0.0)


def shares(raised: np.ndarray) -> np.ndarray:
    """(factors,) of all blame."""
    total = raised.sum(axis=0)
    return total / total.sum() if total.sum() > 0 else np.full(raised.shape[1], 1.0 / raised.shape[1])


def occlusion_map(network: Network, picture: torch.Tensor, classes: torch.Tensor) -> np.ndarray:
    """(H, W) how much the margin of people rises when what is there is blurred away; people's own pixels stay."""
    _, height, width = picture.shape
    blurred = functional.avg_pool2d(picture[None].float(), 17, 1, 8, count_include_pad=False)[0].to(torch.uint8)
    own = functional.interpolate((classes == PERSON)[None, None].float(), (height, width))[0, 0] > 0
    places = [(y, x) for y in range(0, height - PATCH + 1, STRIDE) for x in range(0, width - PATCH + 1, STRIDE)]
    covers = torch.zeros(len(places), height, width, dtype=torch.bool)
    for number, (y, x) in enumerate(places):
        covers[number, y : y + PATCH, x : x + PATCH] = True
    hidden = torch.where((covers & ~own)[:, None], blurred, picture)
    again = classes[None].expand(len(places), -1, -1)
    raised = np.concatenate([margins(network, h, a) for h, a in zip(hidden.split(64), again.split(64), strict=True)])
    raised -= margins(network, picture[None], classes[None])
    seen = covers.numpy().astype(np.float64)
    return np.einsum("p,phw->hw", raised, seen) / seen.sum(axis=0)


def misled_by(network: Network, pictures: torch.Tensor, classes: torch.Tensor, failed: np.ndarray) -> dict[str, float]:
    """Share of what misled the network in failures that stood on each class."""
    total = np.zeros(len(CLASSES))
    for number in failed:
        found = np.maximum(occlusion_map(network, pictures[number], classes[number]), 0.0)[::2, ::2]
        total += np.bincount(classes[number].numpy().ravel(), found.ravel(), len(CLASSES))
    return dict(zip(CLASSES, (total / max(total.sum(), 1e-12)).tolist(), strict=True))
