"""What the studies of variety share: one pool of pictures in every variant, a test set, and networks taught from them.

Everything is kept in a folder, so that a run that was stopped goes on where it was, and one study takes what another
has made.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import played
import streets
import torch
from network import CLASSES, OF_TAG, Network, confusion, intersection_over_union, train

VARIANTS = (None, *streets.FACTORS)
"""None: all variety; else the factor that is left out."""
PERSON = list(CLASSES).index("person")
LEARNED_FROM = 0.8
"""Share of the streets that a seed learns from."""
Examples = tuple[torch.Tensor, torch.Tensor]
"""Pictures (N, 3, H, W) and classes of every second pixel (N, H/2, W/2), uint8."""


@dataclass(frozen=True)
class Pool:
    """Pictures and networks.

    Args:
        folder: where they are kept.
        streets: how many; count: pictures of each, in every variant.
        instances: of every scenario that is played for the test set.
        steps: for which networks are taught.
    """

    folder: Path
    streets: int = 10
    count: int = 24
    instances: int = 5
    steps: int = 500

    def take_all(self) -> None:
        """Take all pictures that are not there."""
        for street in range(self.streets):
            streets.take_all(self.folder / "pictures", street, self.count, VARIANTS)
            print(f"\rstreet {street + 1} of {self.streets} taken in {len(VARIANTS)} variants", end="", flush=True)
        print()
        played.take_all(self.folder / "played", self.instances)

    def of(self, which: list[int], variant: str | None) -> Examples:
        """Pictures of some streets in a variant."""
        parts = [streets.taken(self.folder / "pictures", street, variant, self.count) for street in which]
        return as_tensors(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def draws(self, which: list[int]) -> list[streets.Draw]:
        """Parameters of these pictures with all variety."""
        return [streets.drawn(street, number) for street in which for number in range(self.count)]

    def test(self, names: Sequence[str] = played.STREETS) -> Examples:
        """Pictures of played scenarios."""
        return as_tensors(*played.taken(self.folder / "played", names, self.instances))

    def learned_by(self, seed: int) -> list[int]:
        """Streets that a seed learns from."""
        return sorted(self._shuffled(seed)[: round(LEARNED_FROM * self.streets)])

    def unseen_by(self, seed: int) -> list[int]:
        """The other streets."""
        return sorted(self._shuffled(seed)[round(LEARNED_FROM * self.streets) :])

    def _shuffled(self, seed: int) -> list[int]:
        return np.random.default_rng(seed).permutation(self.streets).tolist()

    def network(self, seed: int, variant: str | None) -> Network:
        """A network that a seed has taught from its streets in a variant."""
        name = f"{self.streets}_{self.count}_{self.steps}_seed_{seed}_without_{variant or 'nothing'}.pt"
        path = self.folder / "networks" / name
        if not path.is_file():
            made = train(*self.of(self.learned_by(seed), variant), steps=self.steps, seed=seed)
            path.parent.mkdir(exist_ok=True)
            torch.save(made.state_dict(), path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
        network = Network()
        network.load_state_dict(torch.load(path, weights_only=True))
        return network.eval()


def as_tensors(pictures: np.ndarray, semantic: np.ndarray) -> Examples:
    """Pictures (N, H, W, 3) and CARLA's classes (N, H, W) as the network takes them."""
    classes = OF_TAG[torch.from_numpy(semantic[:, ::2, ::2].astype(np.int64))].to(torch.uint8)
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), classes


@torch.no_grad()
def score(network: Network, examples: Examples) -> dict[str, float]:
    """How a network does.

    Returns:
        ``people``: average precision of their pixels (area under precision over recall), which takes no side between
        missing people and making some up; ``person``, ``mean``: intersection over union of people and in the mean over
        classes; ``recall``, ``precision``: of pixels of people where the network decides for its best class.
    """
    matrix = confusion(network, *examples)
    union = intersection_over_union(matrix)
    hit, there, said = matrix[PERSON, PERSON], matrix[PERSON].sum(), matrix[:, PERSON].sum()
    sure = torch.cat([torch.softmax(network(part), 1)[:, PERSON].flatten() for part in examples[0].split(64)]).numpy()
    true = (examples[1] == PERSON).flatten().numpy()[np.argsort(-sure, kind="stable")]
    precision = np.cumsum(true) / np.arange(1, len(true) + 1)
    return {"people": float(precision[true].mean()) if true.any() else 0.0, "person": float(union[PERSON]),
            "mean": float(np.nanmean(union)), "recall": float(hit / max(there, 1)),
            "precision": float(hit / max(said, 1))}  # fmt: skip


def standard_error(values: np.ndarray) -> float:
    """Of a mean; NaN of one value."""
    return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else float("nan")


def begin(study: str, about: str, given: list[str] | None) -> argparse.Namespace:
    """The studies' common arguments, and a pool of them with all its pictures.

    Args:
        study: its folder below ``results``. about: what it says of itself; the first line is shown.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results") / study)
    parser.add_argument("--pool", type=Path, default=Path("results/pool"), help="folder of pictures and networks")
    parser.add_argument("--streets", type=int, default=10)
    parser.add_argument("--count", type=int, default=24, help="pictures of every street, in every variant")
    parser.add_argument("--instances", type=int, default=5, help="of every scenario that is played for the test set")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1, help="PyTorch's; another number rounds otherwise")
    parser.add_argument("--quick", action="store_true", help="a few pictures and steps, to see that it runs")
    made = parser.parse_args(given)
    if made.quick:
        made.streets, made.count, made.instances, made.seeds, made.steps = 3, 3, 1, 2, 4
    torch.set_num_threads(made.threads)
    made.out.mkdir(parents=True, exist_ok=True)
    made.pool.mkdir(parents=True, exist_ok=True)
    made.pool = Pool(made.pool, made.streets, made.count, made.instances, made.steps)
    made.pool.take_all()
    return made
