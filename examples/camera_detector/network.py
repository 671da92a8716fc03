"""The camera detector's network, and what it is to say about a picture.

As in CenterNet (Zhou, Wang and Krähenbühl 2019, arXiv:1904.07850) every object is a peak on a map of its kind, and what
else is said of it stands in the same cell. Convolutions at a quarter and an eighth of the resolution are separable
(Howard et al. 2017, arXiv:1704.04861), the others are not: they are cheap there, and processors like them better.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from drivesim.ego.rgb_camera import DEPTH_SCALE, KINDS, STRIDE

F32 = NDArray[np.float32]
OFFSET = 8.0
"""Cells that the network puts out as 1."""
SMALLEST = 6.0
"""Lower objects, and those of fewer than four times as many pixels, are neither to be found nor to be missed, px."""
TOLD = 7
"""Channels of what is told of an object: depth, four edges, its height in cells, and where they count."""


def conv(before: int, after: int, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )  # fmt: skip


def separable(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(conv(before, before, 3, groups=before), conv(before, after, 1))


class Network(nn.Module):
    """RGB (B, 3, H, W) in 0 .. 1 to (B, 9, H / 4, W / 4), see :func:`drivesim.ego.rgb_camera.seen_in`; scores are
    logits here."""

    def __init__(self, widths: tuple[int, int, int, int, int] = (16, 24, 48, 96, 128)) -> None:
        super().__init__()
        w2, w4, w8, w16, w32 = widths
        self.down4 = nn.Sequential(conv(3, w2, 3, 2), conv(w2, w4, 3, 2), separable(w4, w4))
        self.down8 = nn.Sequential(conv(w4, w8, 3, 2), separable(w8, w8), separable(w8, w8))
        self.down16 = nn.Sequential(conv(w8, w16, 3, 2), conv(w16, w16), conv(w16, w16))
        self.down32 = nn.Sequential(conv(w16, w32, 3, 2), conv(w32, w32))
        self.up16, self.up8, self.up4 = (nn.Conv2d(a, b, 1) for a, b in ((w32, w16), (w16, w8), (w8, w4)))
        self.out16, self.out8, self.out4 = conv(w16, w16), separable(w8, w8), separable(w4, 2 * w4)
        self.head = nn.Conv2d(2 * w4, len(KINDS) + 6, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        with torch.no_grad():
            self.head.bias[: len(KINDS)] = -4.0

    def forward(self, rgb: Tensor) -> Tensor:
        x4 = self.down4(rgb * 4.0 - 1.6)
        x8 = self.down8(x4)
        x16 = self.down16(x8)
        x16 = self.out16(x16 + functional.interpolate(self.up16(self.down32(x16)), size=x16.shape[-2:]))
        x8 = self.out8(x8 + functional.interpolate(self.up8(x16), size=x8.shape[-2:]))
        x4 = self.out4(x4 + functional.interpolate(self.up4(x8), size=x4.shape[-2:]))
        out = self.head(x4)
        n = len(KINDS) + 1
        return torch.cat([out[:, :n], OFFSET * out[:, n : n + 4], out[:, n + 4 :] - 2.0], dim=1)


class Scored(nn.Module):
    """A network whose scores are shares instead of logits: what ships."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, rgb: Tensor) -> Tensor:
        out = self.network(rgb)
        return torch.cat([torch.sigmoid(out[:, : len(KINDS)]), out[:, len(KINDS) :]], dim=1)


def targets(objects: F32, height: int, width: int, scale: float) -> tuple[F32, F32, F32]:
    """What is to be said of a picture of ``height`` by ``width`` cells.

    Args:
        objects: (N, 10) as in ``frames.py``, in pixels of this picture. scale: it was enlarged by, so that everything
            looks nearer.

    Returns:
        (3, h, w) heat of the kinds, (7, h, w) what is told (:data:`TOLD`), (1, h, w) where heat counts.
    """
    heat = np.zeros((len(KINDS), height, width), np.float32)
    told = np.zeros((TOLD, height, width), np.float32)
    counts = np.ones((1, height, width), np.float32)
    down, along = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    for kind, left, top, right, bottom, depth, near_left, near_right, ground, pixels in objects[
        np.argsort(-objects[:, 5], kind="stable")
    ].tolist():
        rows = slice(max(int(top // STRIDE), 0), max(int(-(-bottom // STRIDE)), 0))
        columns = slice(max(int(left // STRIDE), 0), max(int(-(-right // STRIDE)), 0))
        if bottom - top < SMALLEST or pixels < 4.0 * SMALLEST:
            counts[0, rows, columns] = 0.0
            continue
        x, y = (left + right) / 2 / STRIDE - 0.5, (top + bottom) / 2 / STRIDE - 0.5
        column, row = min(max(round(x), 0), width - 1), min(max(round(y), 0), height - 1)
        sx, sy = max((right - left) / STRIDE / 7, 0.5), max((bottom - top) / STRIDE / 7, 0.5)
        spread = np.outer(np.exp(-0.5 * ((down - row) / sy) ** 2), np.exp(-0.5 * ((along - column) / sx) ** 2))
        np.maximum(heat[int(kind)], spread, out=heat[int(kind)])
        counts[0, row, column] = 1.0
        ys, xs = np.nonzero(spread > 0.5)
        told[0, ys, xs] = np.log(depth / scale / DEPTH_SCALE)
        told[1, ys, xs] = xs + 0.5 - near_left / STRIDE
        told[2, ys, xs] = ys + 0.5 - top / STRIDE
        told[3, ys, xs] = near_right / STRIDE - xs - 0.5
        told[4, ys, xs] = ground / STRIDE - ys - 0.5
        told[5, ys, xs] = max((ground - top) / STRIDE, 1.0)
        told[6, ys, xs] = 1.0
    return heat, told, counts


def loss_of(out: Tensor, heat: Tensor, told: Tensor, counts: Tensor) -> Tensor:
    """Focal loss of the maps (alpha 2, beta 4); absolute errors of depth, and of the edges as shares of the object's
    height; and for the spread of depth the negative log likelihood of the error it is said to have."""
    n = len(KINDS)
    p = torch.sigmoid(out[:, :n]).clamp(1e-4, 1.0 - 1e-4)
    top = (heat > 0.999).float()
    focal = -(top * (1 - p) ** 2 * torch.log(p) + (1 - top) * (1 - heat) ** 4 * p**2 * torch.log(1 - p)) * counts
    focal = focal * torch.tensor([4.0, 4.0, 0.6]).view(1, n, 1, 1)
    mask = told[:, 6:7]
    held = mask.sum().clamp(min=1.0)
    spread = out[:, n + 5 : n + 6].clamp(-4.0, 1.0)
    miss = (out[:, n : n + 1] - told[:, :1]).abs()
    # A Laplace distribution's standard deviation is the square root of two times its scale.
    depth = ((2.0 * miss + 0.2 * (2.0**0.5 * miss.detach() * torch.exp(-spread) + spread)) * mask).sum() / held
    edges = ((out[:, n + 1 : n + 5] - told[:, 1:5]).abs() / told[:, 5:6].clamp(min=1.0) * mask).sum() / held
    return focal.sum() / top.sum().clamp(min=1.0) + depth + edges
