"""Influence calibration: how much each parameter changes what is measured, and a remap that makes it even.

The influence of a parameter at position u of its law is the mean over base configurations C of
N(C(u), C(u + step)) / step, with N a dissimilarity (Dahmen et al. 2019). Its integral, normalised, is the monotone
remap; even steps of the remap sample where the parameter matters, and weights keep estimates right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from drivesim import __version__
from drivesim.errors import DrivesimError, RecordingError, ScenarioError
from drivesim.studies.influence import Meter, Steps, cells, felt_from, noise, standard_error, variation
from drivesim.studies.measures import Measure
from drivesim.studies.parameter import F64
from drivesim.studies.remap import Remap
from drivesim.studies.samples import digest
from drivesim.studies.space import Space

SUFFIX = ".calibration.json"
MOST_VARIATION = 0.2
"""Coefficient of variation of the influence along a parameter that counts as even."""
MOST_SPREAD = 1.5
"""Largest over least mean influence of parameters that counts as alike."""
_ROUNDS = 3
"""Remaps at most: the first, and those mended by what was measured along the one before."""
POINTS = 6
"""Positions along a parameter, unless others are asked for."""


@dataclass(frozen=True)
class Influence:
    """What was measured along one parameter.

    Attributes:
        at: (M,) positions within the law, in the middle of steps.
        mean: (M,) change of the measure per unit of position, over configurations; error: its standard error.
        noise: coefficient of variation that these errors alone would make; noise_after: the same along the remap.
        configurations: that were measured before and after.
        knots: (2, K) positions and shares of the remap.
        before, after: coefficient of variation of the influence along the law, and along the remap.
        length: whole influence of the parameter, as the measurement behind the remap has it, over the mean of all that
            are felt; steps of equal change number so.
        rate: mean influence per unit of ``length``, measured again along the remap; 0 for what is not felt.
        felt: whether there is influence to speak of, see :data:`~drivesim.studies.influence.FELT`; without it the law
            stays as it is, and how its influence varies is left open.
    """

    at: list[float]
    mean: list[float]
    error: list[float]
    noise: float
    knots: list[list[float]]
    before: float
    after: float
    noise_after: float
    configurations: list[int]
    length: float
    rate: float
    felt: bool = True


@dataclass(frozen=True)
class Calibration:
    """Remaps of a space's parameters.

    Attributes:
        space, space_sha256: the file it belongs to.
        settings: how it was measured, for the record.
    """

    space: str
    space_sha256: str
    parameters: Mapping[str, Influence]
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = __version__

    @property
    def uneven(self) -> list[str]:
        """Parameters whose influence still varies along the remap by more than :data:`MOST_VARIATION`."""
        return [name for name, entry in self.parameters.items() if entry.felt and entry.after > MOST_VARIATION]

    @property
    def spread(self) -> float:
        """Largest over least mean influence along the remaps, of parameters that have any."""
        rates = [entry.rate for entry in self.parameters.values() if entry.rate > 0]
        return max(rates) / min(rates) if rates else 1.0

    def positions(self, space: Space, shares: F64) -> tuple[F64, F64]:
        """Points (N, D) evenly spread in influence, as points of the unit cube, and their weights (N,)."""
        points, weights = shares.copy(), np.ones(len(shares))
        for axis, name in enumerate(space.parameters):
            if name in self.parameters:
                remap = Remap(*self.parameters[name].knots)
                points[:, axis] = remap.position(shares[:, axis])
                weights /= remap.density(points[:, axis])
        return points, weights

    def check(self, space: Space) -> None:
        """Raises:
        ScenarioError: it belongs to another space, or to another state of it.
        """
        if digest(space.path) != self.space_sha256:
            raise ScenarioError(
                f"this calibration was measured on another {self.space}", file=space.path, element="--calibration",
                remedy="measure anew with --calibrate",
            )  # fmt: skip

    def write(self, path: Path) -> None:
        """Raises:
        RecordingError: the file cannot be written.
        """
        try:
            path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")
        except OSError as error:
            raise RecordingError(
                f"cannot be written: {error.strerror}", file=path, remedy="choose another file"
            ) from error


def read_calibration(path: Path) -> Calibration:
    """Read what :meth:`Calibration.write` wrote.

    Raises:
        DrivesimError: no such file, or not a calibration.
    """
    try:
        raw = json.loads(path.read_text())
        raw["parameters"] = {name: Influence(**entry) for name, entry in raw["parameters"].items()}
        return Calibration(**raw)
    except OSError as error:
        raise DrivesimError(f"cannot be read: {error.strerror}", file=path, remedy="check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DrivesimError("is no calibration", file=path, remedy="measure one with --calibrate") from error


def calibrate(
    space: Space, measure: Measure, *, configurations: int | None = None, points: int = POINTS,
    step: float | None = None, seed: int = 0, jobs: int = 1, settings: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:  # fmt: skip
    """Measure the influence of every parameter that is not a list of values, and fit its remap.

    What is left of its variation is then measured along the remap, in configurations that the remap has not seen; where
    it is still uneven, the remap is mended by that and measured again, twice at most.

    Args:
        configurations: of the other parameters, spread by Latin hypercube; None: as many as chance asks for.
        points: positions along each parameter. step: between the two instances compared, as a share of the law; None:
            from each position to the next, so that nothing between them goes unseen.
        jobs: processes. progress: see :class:`~drivesim.studies.influence.Meter`.

    Raises:
        ScenarioError: nothing to calibrate, numbers out of range, or constraints that refuse the space.
        DrivesimError: an instance cannot be measured.
    """
    names = [name for name, parameter in space.parameters.items() if not parameter.choices]
    if not space.stochastic or not names:
        raise ScenarioError("every value of this space is listed, there is nothing to calibrate", file=space.path,
                            element="--calibrate", remedy="give a parameter a law between bounds")  # fmt: skip
    few = (configurations is not None and configurations < 1) or points < 4 or jobs < 1
    if few or (step is not None and not 0.0 < step <= 0.25):
        raise ScenarioError("too few configurations, positions or processes, or a step that is none",
                            element="--calibrate",
                            remedy="give 1, 4 and 1 or more, and a step above 0, at most 0.25")  # fmt: skip
    meter = Meter(space, measure, configurations=configurations, seed=seed, jobs=jobs, progress=progress)
    size = 1.0 / points if step is None else step
    starts = np.linspace(0.0, 1.0 - size, points)
    even = Steps("", starts, np.append(starts[1:], 1.0) if step is None else starts + size, size)
    first = meter.along([replace(even, name=name) for name in names])
    least = felt_from(first)
    felt = {name: rows for name, rows in first.items() if rows.mean() >= least > 0.0}
    remaps, known, again = _evened(meter, even, felt, least)
    totals = {name: float(rows.mean()) for name, rows in (first | known).items()}
    mean = float(np.mean([totals[name] for name in felt])) if felt else 1.0
    parameters = {}
    for name in names:
        length, remap = totals[name] / mean, remaps.get(name, Remap.identity())
        after = again.get(name, np.empty((0, points)))
        parameters[name] = Influence(
            at=(0.5 * (even.starts + even.ends)).tolist(), mean=first[name].mean(axis=0).tolist(),
            error=standard_error(first[name]).tolist(),
            noise=noise(first[name]), knots=[remap.positions.tolist(), remap.shares.tolist()],
            before=variation(first[name].mean(axis=0)),
            after=variation(after.mean(axis=0)) if name in felt else 0.0,
            noise_after=noise(after) if name in felt else 0.0, configurations=[len(first[name]), len(after)],
            length=length, rate=float(after.mean()) / length if name in felt else 0.0, felt=name in felt,
        )  # fmt: skip
    return Calibration(space.path.name, digest(space.path), parameters, dict(settings or {}))


def _evened(
    meter: Meter, even: Steps, first: Mapping[str, F64], least: float
) -> tuple[dict[str, Remap], dict[str, F64], dict[str, F64]]:
    """Remaps of what was measured ``first``, the rows that they are from, and rows measured along them.

    Those that are uneven still are mended by the last measurement alone: many dissimilarities saturate, so what a step
    changes depends on its length, and only the last steps have nearly the lengths that the next will have. With N as
    the power a < 1 of a true change, the unevenness left falls with each round as (1 - a) to its number.
    """
    remaps = dict.fromkeys(first, Remap.identity())
    known, again = dict(first), dict(first)
    uneven = list(first)
    for _ in range(_ROUNDS):
        known |= {name: again[name] for name in uneven}
        remaps |= {name: Remap.of(*cells(even, remaps[name], known[name])) for name in uneven}
        again |= meter.along([even.through(name, remaps[name]) for name in uneven], least)
        uneven = [name for name in uneven if variation(again[name].mean(axis=0)) > MOST_VARIATION]
    return remaps, known, again
