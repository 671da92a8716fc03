"""A small segmentation network, its training, and its confusion matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

from drivesim.learning import RecordingDataset
from drivesim.taxonomy import Tag

CLASSES: dict[str, tuple[Tag, ...]] = {
    "road": (Tag.ROADS, Tag.ROAD_LINE),
    "ground": (Tag.SIDEWALKS, Tag.TERRAIN, Tag.GROUND),
    "building": (Tag.BUILDING, Tag.WALL, Tag.FENCE, Tag.BRIDGE, Tag.GUARD_RAIL),
    "vegetation": (Tag.VEGETATION,),
    "sky": (Tag.SKY,),
    "person": (Tag.PEDESTRIAN, Tag.RIDER),
    "vehicle": (Tag.CAR, Tag.TRUCK, Tag.BUS, Tag.TRAIN, Tag.MOTORCYCLE, Tag.BICYCLE),
    "thing": (),
}
"""What is told apart; ``thing`` is the rest: poles, signs, lamps, street furniture."""
OF_TAG = torch.full((len(Tag),), len(CLASSES) - 1)
for number, tags in enumerate(CLASSES.values()):
    OF_TAG[[int(tag) for tag in tags]] = number


def as_example(item: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Picture (3, H, W) uint8, classes of every second pixel (H/2, W/2) uint8, and the recording they are from."""
    camera = item["CAM_FRONT"]
    return camera["rgb"], OF_TAG[camera["semantic"][::2, ::2].long()].to(torch.uint8), item["recording"]


def load(folder: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """All pictures and classes of a set, and the recording of each."""
    data = RecordingDataset(folder, ["CAM_FRONT"], every="measurement", content=["rgb", "semantic"],
                            transform=as_example)  # fmt: skip
    batches = list(DataLoader(data, batch_size=64, num_workers=2))
    pictures, classes, recordings = (torch.cat(part) for part in zip(*batches, strict=True))
    return pictures, classes, recordings


class Network(nn.Module):
    """Four convolutions down to an eighth; classes are the sum of what is seen at every scale (Long et al. 2015)."""

    def __init__(self) -> None:
        super().__init__()
        widths = ((3, 16, 2), (16, 32, 2), (32, 64, 2), (64, 64, 1))
        self.steps = nn.ModuleList(_block(*width) for width in widths)
        self.heads = nn.ModuleList(nn.Conv2d(outputs, len(CLASSES), 1) for _, outputs, _ in widths)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scores (B, C, H/2, W/2) of pictures (B, 3, H, W) uint8."""
        x = pictures.float() / 127.5 - 1.0
        scores = []
        for step, head in zip(self.steps, self.heads, strict=True):
            x = step(x)
            scores.append(head(x))
        size = scores[0].shape[-2:]
        coarse = [functional.interpolate(score, size, mode="bilinear") for score in scores[1:]]
        return scores[0] + torch.stack(coarse).sum(0)


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def train(pictures: torch.Tensor, classes: torch.Tensor, *, steps: int, seed: int, batch: int = 8) -> Network:
    """A network taught from scratch: as many steps however many pictures there are."""
    torch.manual_seed(seed)
    network, chooser = Network(), np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    weights = 1.0 / torch.log(1.1 + torch.bincount(classes.flatten().long(), minlength=len(CLASSES)) / classes.numel())
    for _ in range(steps):
        chosen = torch.from_numpy(chooser.integers(len(pictures), size=batch))
        x, y = pictures[chosen], classes[chosen].long()
        if chooser.random() < 0.5:
            x, y = x.flip(-1), y.flip(-1)
        loss = functional.cross_entropy(network(x), y, weights)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def confusion(network: Network, pictures: torch.Tensor, classes: torch.Tensor) -> np.ndarray:
    """(C, C) pixels; rows are true classes, columns what the network says."""
    count = len(CLASSES)
    matrix = torch.zeros(count * count, dtype=torch.long)
    for x, y in zip(pictures.split(64), classes.split(64), strict=True):
        said = network(x).argmax(1)
        matrix += torch.bincount((y.long() * count + said).flatten(), minlength=count * count)
    return matrix.reshape(count, count).numpy()


def intersection_over_union(matrix: np.ndarray) -> np.ndarray:
    """(C,) of a confusion matrix; NaN for a class that is neither there nor said."""
    hit = np.diag(matrix).astype(float)
    union = matrix.sum(0) + matrix.sum(1) - hit
    return np.divide(hit, union, out=np.full(len(hit), np.nan), where=union > 0)
