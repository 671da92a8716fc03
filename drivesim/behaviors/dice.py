"""Chance in behaviours: every draw of a node, from its own random stream or as a scenario's ``choice.ACTOR.K`` says."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from drivesim.world.decisions import Decision

if TYPE_CHECKING:
    from drivesim.behaviors.agent import Agent

_EDGE = 1e-9
"""Given quantiles stay this far from 0 and 1, where a normal law has no value."""


class Dice:
    """What one node of an actor's tree draws."""

    def __init__(self, agent: Agent, node: str) -> None:
        self._agent, self._node = agent, node

    @cached_property
    def _random(self) -> np.random.Generator:
        """The node's stream; made when first asked for, which most nodes of a run never do."""
        return self._agent.draw(self._node)

    def lucky(self, probability: float) -> bool:
        """Yes with a probability."""
        given = self._agent.given_choice()
        quantile = float(self._random.random()) if given is None else given
        yes = quantile < probability
        usual = 0.5 * probability if probability >= 0.5 else 0.5 * (1.0 + probability)
        share = probability if yes else 1.0 - probability
        words = f"{'yes' if yes else 'no'}, probability {share:.2g}"
        self._note(words, quantile, usual, math.log(share) if share > 0.0 else -math.inf)
        return yes

    def uniform(self, low: float, high: float) -> float:
        """A number between limits, all alike."""
        given = self._agent.given_choice()
        value = float(self._random.uniform(low, high)) if given is None else low + (high - low) * given
        quantile = (value - low) / (high - low) if given is None else given
        self._note(f"{value:.2g} of {low:g} to {high:g}", quantile, 0.5, 0.0)
        return value

    def normal(self) -> float:
        """A standard normal number."""
        given = self._agent.given_choice()
        value = float(self._random.normal()) if given is None else float(ndtri(min(max(given, _EDGE), 1.0 - _EDGE)))
        quantile = float(ndtr(value)) if given is None else given
        self._note(f"{value:+.2f} standard deviations", quantile, 0.5, -0.5 * value * value)
        return value

    def _note(self, drawn: str, quantile: float, usual: float, log_likelihood: float) -> None:
        agent = self._agent
        agent.decided += 1
        name = agent.world.actors[agent.index].name
        agent.world.decisions.append(
            Decision(name, agent.world.time, self._node, drawn, quantile, usual, log_likelihood)
        )  # fmt: skip
