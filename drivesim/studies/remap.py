"""A monotone remap of one parameter: equal steps in it change the outcome equally.

Both sides are the unit interval. ``position`` is where a value lies within its law; ``share`` is the part of the
parameter's whole influence that lies below it: g(u) = integral of dN/du from 0 to u over that from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.interpolate import PchipInterpolator

from drivesim.studies.parameter import F64

LEAST = 1e-3
"""Influence below this share of its mean counts as this: the remap stays invertible, weights stay below 1000."""
_WITHIN = 16
"""Knots in each cell."""
_HALVINGS = 60


class Remap:
    """A monotone cubic (PCHIP) through knots (position, share), and its inverse to rounding.

    Args:
        positions, shares: (K,) rising from 0 to 1 each.
    """

    def __init__(self, positions: Sequence[float] | F64, shares: Sequence[float] | F64) -> None:
        self.positions = np.asarray(positions, dtype=np.float64)
        self.shares = np.asarray(shares, dtype=np.float64)

    @staticmethod
    def identity() -> Remap:
        return Remap([0.0, 1.0], [0.0, 1.0])

    @staticmethod
    def of(edges: F64, influence: F64) -> Remap:
        """From the mean influence (M,) in cells between ``edges`` (M + 1,), which rise from 0 to 1.

        The shares at edges are the integral of it; within cells its logarithm goes straight from middle to middle.
        Without any influence there is nothing to remap: the identity.
        """
        widths = np.diff(edges)
        mean = float(widths @ influence)
        if not mean > 0.0:
            return Remap.identity()
        influence = np.maximum(influence, LEAST * mean)
        within = np.linspace(0.0, 1.0, _WITHIN + 1)
        middles = edges[:-1, None] + widths[:, None] * (0.5 * (within[1:] + within[:-1]))
        shape = np.exp(np.interp(middles, 0.5 * (edges[1:] + edges[:-1]), np.log(influence)))
        amounts = (widths * influence)[:, None] * shape / shape.sum(axis=1, keepdims=True)
        fine = (edges[:-1, None] + widths[:, None] * within[:-1]).ravel()
        shares = np.concatenate([[0.0], np.cumsum(amounts)])
        return Remap(np.append(fine, 1.0), shares / shares[-1])

    @cached_property
    def _curve(self) -> PchipInterpolator:
        return PchipInterpolator(self.positions, self.shares)

    @cached_property
    def _slope(self) -> PchipInterpolator:
        return self._curve.derivative()

    def share(self, position: F64) -> F64:
        """g(u)."""
        return np.clip(self._curve(position), 0.0, 1.0)

    def position(self, share: F64) -> F64:
        """The inverse of :meth:`share`, by bisection between knots."""
        wanted = np.asarray(share, dtype=np.float64)
        cell = np.clip(np.searchsorted(self.shares, wanted, side="right") - 1, 0, len(self.shares) - 2)
        left, right = self.positions[cell], self.positions[cell + 1]
        for _ in range(_HALVINGS):
            middle = 0.5 * (left + right)
            below = self._curve(middle) < wanted
            left, right = np.where(below, middle, left), np.where(below, right, middle)
        return np.asarray(0.5 * (left + right))

    def density(self, position: F64) -> F64:
        """dg/du: how much denser than the law an even spread of shares samples."""
        return np.maximum(self._slope(position), np.finfo(float).tiny)
