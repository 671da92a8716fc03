"""Calls by name: handlers take arguments as they come off the wire and return what goes onto it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Method:
    call: Handler
    void: bool
    bare: bool = False
    """Whether its result goes out as it is, without a ``Response`` around it."""


METHODS: dict[str, Method] = {}


def method(*names: str, void: bool = False, bare: bool = False) -> Callable[[Handler], Handler]:
    """Offer a handler under names."""

    def add(handler: Handler) -> Handler:
        for name in names:
            METHODS[name] = Method(handler, void, bare)
        return handler

    return add
