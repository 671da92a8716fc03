"""Importance sampling: more samples where the scenario failed before, with weights that keep estimates right.

The proposal is a mixture of the space's own law (share ``explore``) and a kernel density around known failures. Both
live in the unit cube, where the space's own density is 1, so a sample's weight is 1 / q(u) and never above
1 / ``explore`` (defensive mixture, Hesterberg 1995). Kernels are normal, cut off at the cube's faces; for listed values
the kernel of Aitchison & Aitken (1976).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import truncnorm

from drivesim.errors import ScenarioError
from drivesim.studies.parameter import F64
from drivesim.studies.samples import Samples
from drivesim.studies.sampling import reason
from drivesim.studies.space import Space

EXPLORE = 0.2
"""Share of samples that follow the space's own law."""
LEAST_SHARE = 0.1
"""Effective sample size over sample size below which weighted estimates are not to be trusted."""
_NARROW = 0.5
"""Kernels are this much narrower than Scott's rule (1992), which is for a single normal: failures have edges."""
_LEAST_WIDTH = 0.01
"""Of a kernel, as a share of the law: failures that all lie on one point are not the only ones."""
_SPREAD = 0.1
"""Share of a kernel that goes to other listed values than the failure's own."""
_ATTEMPTS = 50
"""Fresh draws in place of those that the scenario's constraints refuse."""


def effective_sample_size(weights: F64) -> float:
    """Independent, equally weighted samples that would estimate a mean as well (Kish 1965): (sum w)^2 / sum w^2."""
    total = float(np.sum(weights))
    return total * total / float(np.sum(np.square(weights))) if total > 0 else 0.0


@dataclass(frozen=True)
class Proposal:
    """Where to sample: points of the unit cube, and their density.

    Attributes:
        centres: (K, D) failures in the unit cube; shares: (K,) of each, summing to 1.
        widths: (D,) kernel widths; unused on axes of listed values.
        edges: per axis None, or the ends (C + 1,) of the intervals that listed values fill.
    """

    centres: F64
    shares: F64
    widths: F64
    edges: tuple[F64 | None, ...]
    explore: float

    def draw(self, count: int, rng: np.random.Generator) -> F64:
        """(N, D) points."""
        points = rng.random((count, self.centres.shape[1]))
        near = rng.random(count) >= self.explore
        kernel = rng.choice(len(self.centres), size=count, p=self.shares)
        for axis, edges in enumerate(self.edges):
            centre = self.centres[kernel, axis]
            if edges is None:
                width = self.widths[axis]
                moved = truncnorm.ppf(points[:, axis], -centre / width, (1.0 - centre) / width, centre, width)
            else:
                low, high = _interval(edges, centre)
                stay = rng.random(count) >= _SPREAD
                moved = np.where(stay, low + points[:, axis] * (high - low), points[:, axis])
            points[:, axis] = np.where(near, moved, points[:, axis])
        return points

    def density(self, points: F64) -> F64:
        """(N,) density of the proposal over that of the space's own law."""
        kernels = np.ones((len(points), len(self.centres)))
        for axis, edges in enumerate(self.edges):
            at, centre = points[:, None, axis], self.centres[None, :, axis]
            if edges is None:
                width = self.widths[axis]
                kernels *= truncnorm.pdf(at, -centre / width, (1.0 - centre) / width, centre, width)
            else:
                low, high = _interval(edges, centre)
                kernels *= _SPREAD + (1.0 - _SPREAD) * ((at >= low) & (at < high)) / (high - low)
        return np.asarray(self.explore + (1.0 - self.explore) * kernels @ self.shares)


def _interval(edges: F64, at: F64) -> tuple[F64, F64]:
    index = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    return edges[index], edges[index + 1]


def proposal_near(space: Space, failures: Samples, explore: float = EXPLORE) -> Proposal:
    """A proposal around failures; each counts by its weight.

    Raises:
        ScenarioError: a space that lists its values, a failure outside the space, or a share that is none.
    """
    if not space.stochastic:
        raise ScenarioError("this space lists its values, there is no density to shift", file=space.path,
                            element="--near", remedy="write it with Stochastic distributions")  # fmt: skip
    if not 0.0 < explore <= 1.0:
        raise ScenarioError(f"{explore:g} is no share", element="--explore", remedy="give one above 0, at most 1")
    if not (np.isfinite(failures.weights).all() and (failures.weights >= 0).all() and failures.weights.sum() > 0):
        raise ScenarioError("weights of failures must not be negative, and one must be positive", element="--near",
                            remedy="mend the column 'weight'")  # fmt: skip
    centres = space.positions(failures.instances)
    shares = failures.weights / failures.weights.sum()
    mean = shares @ centres
    deviation = np.sqrt(shares @ np.square(centres - mean))
    size = effective_sample_size(failures.weights)
    scott = size ** (-1.0 / (centres.shape[1] + 4))
    widths = np.maximum(_NARROW * scott * deviation, _LEAST_WIDTH)
    edges = tuple(
        np.concatenate([[0.0], np.cumsum(p.shares)]) if p.choices else None for p in space.parameters.values()
    )
    return Proposal(centres, shares, widths, edges, explore)


def draw_near(
    space: Space, failures: Samples, count: int, seed: int, *, explore: float = EXPLORE,
    least_share: float = LEAST_SHARE,
) -> Samples:  # fmt: skip
    """``count`` samples near failures, with weights.

    Where the scenario's constraints refuse draws, weights are right up to a common factor: divide by their sum.

    Raises:
        ScenarioError: as :func:`proposal_near`; or an effective sample size below ``least_share`` of ``count``.
    """
    proposal = proposal_near(space, failures, explore)
    rng = np.random.default_rng([seed, 2])
    kept: list[dict[str, str]] = []
    weights: list[float] = []
    refused: ScenarioError | None = None
    for _ in range(_ATTEMPTS):
        points = proposal.draw(count - len(kept), rng)
        for run, density in zip(space.values(points), proposal.density(points), strict=True):
            refusal = space.refusal(run)
            if refusal is None:
                kept.append(run)
                weights.append(1.0 / float(density))
            refused = refusal or refused
        if len(kept) == count:
            break
    else:
        assert refused is not None, "draws are missing only where some were refused"
        raise ScenarioError(f"the scenario refuses nearly all draws near these failures: {reason(refused)}",
                            file=space.path, remedy="narrow the space")  # fmt: skip
    samples = Samples.plain(kept, seed, f"near {len(failures)} failures, explore {explore:g}", np.array(weights))
    check_weights(samples.weights, least_share)
    return samples


def check_weights(weights: F64, least_share: float = LEAST_SHARE) -> float:
    """The effective sample size.

    Raises:
        ScenarioError: it is below ``least_share`` of the sample size.
    """
    size = effective_sample_size(weights)
    if size < least_share * len(weights):
        raise ScenarioError(
            f"weights degenerate: {len(weights)} samples are worth {size:.1f} (effective sample size), "
            f"fewer than {least_share * len(weights):.3g}", element="--least-ess",
            remedy="raise --explore, give more failures, or lower the limit",
        )  # fmt: skip
    return size
