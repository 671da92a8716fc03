"""Instances of a scenario, spread evenly over a distribution file's space by a seeded Latin hypercube."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.stats import qmc

from drivesim import content
from drivesim.errors import ContentNotFoundError, ScenarioError, UnsupportedElementError
from drivesim.openscenario import draws
from drivesim.openscenario.distributions import ParameterValueDistribution, read_distribution
from drivesim.openscenario.expressions import as_text
from drivesim.openscenario.model import distributions as model

_ATTEMPTS = 20
"""Fresh samples in place of ones that the scenario's constraints refuse."""


def space_of(scenario: str, space: str | Path | None) -> ParameterValueDistribution:
    """The distribution file named, or the one shipped for a scenario.

    Raises:
        ScenarioError: the scenario has no space and none was given, or the space is another scenario's.
    """
    name = str(space) if space is not None else f"distributions/{Path(scenario).stem}"
    try:
        found = read_distribution(name)
    except ContentNotFoundError as error:
        if space is not None:
            raise
        raise ScenarioError(
            f"no parameter space is shipped for '{scenario}'", element="--space",
            remedy="give a ParameterValueDistribution file",
        ) from error  # fmt: skip
    path = content.find("scenarios", scenario)
    if found.scenario_file.resolve() != path.resolve():
        raise ScenarioError(
            f"this space varies {found.scenario_file.name}, not {path.name}", file=found.path, element="ScenarioFile",
            remedy="choose the space that belongs to the scenario",
        )  # fmt: skip
    return found


def draw_instances(space: ParameterValueDistribution, count: int, seed: int) -> list[dict[str, str]]:
    """Parameter values of ``count`` instances.

    Stochastic spaces are sampled by Latin hypercube through each distribution's quantile function, so every parameter
    is covered evenly; deterministic ones give their combinations in order, spread over the file.

    Raises:
        ScenarioError: fewer than one instance, or a space that its scenario's constraints refuse.
        UnsupportedElementError: a distribution without a quantile function.
    """
    if count < 1:
        raise ScenarioError(f"{count} instances asked for", element="-n", remedy="ask for at least one")
    if not space.stochastic:
        available = space.count
        picks = np.unique(np.linspace(0, available - 1, min(count, available)).round().astype(int))
        return [space.instance(int(index)) for index in picks]
    names = list(space.parameters)
    kept: list[dict[str, str]] = []
    for attempt in range(_ATTEMPTS):
        missing = count - len(kept)
        if not missing:
            return kept
        sampler = qmc.LatinHypercube(len(names), rng=np.random.default_rng([seed, attempt]))
        unit = sampler.random(missing)
        columns = [_column(space, name, unit[:, i]) for i, name in enumerate(names)]
        runs = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        kept += [run for run in runs if space.allows(run)]
    raise ScenarioError(
        "the scenario's constraints refuse nearly all of this space", file=space.path,
        remedy="narrow the space or widen the constraints",
    )  # fmt: skip


def _column(space: ParameterValueDistribution, name: str, unit: np.ndarray) -> list[str]:
    varied = space.parameters[name]
    if not isinstance(varied.distribution, model.Element) or varied.kind == "userDefined":
        raise UnsupportedElementError(
            f"parameter '{name}' cannot be sampled evenly", file=space.path, remedy="use a distribution of the standard"
        )
    drawn = draws.values(varied.distribution, np.maximum(unit, np.finfo(float).tiny))
    if isinstance(drawn, list):
        return drawn
    whole = varied.parameter_type in ("integer", "int", "unsignedInt", "unsignedShort")
    return [as_text(float(value)) for value in (np.rint(drawn) if whole else drawn)]
