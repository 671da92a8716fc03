"""What people decided by chance: every draw of a behaviour, in the order in which it was asked for."""

from __future__ import annotations

from typing import NamedTuple


class Decision(NamedTuple):
    """One draw.

    Attributes:
        actor: its name. time: s. node: place in the behaviour tree. drawn: in words.
        quantile: share of the law below what was drawn, 0..1; for yes or no, yes lies below its probability.
        usual: quantile of the likeliest value.
        log_likelihood: natural logarithm of the probability of what was drawn; for numbers, of its density over the
            density of the likeliest one.
    """

    actor: str
    time: float
    node: str
    drawn: str
    quantile: float
    usual: float
    log_likelihood: float
