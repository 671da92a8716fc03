"""How model classes say where in the XML their fields stand.

A field that is a number, a truth value, text or a ``Literal`` is an attribute; one whose type is a model class is
the child element of the field's name in CamelCase. :func:`child` says everything else.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Source:
    """Where an element stands."""

    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Xml:
    """Placement of a field: element or attribute ``name``, inside the wrapper elements ``within``; a ``choice`` has
    the tag of whichever class it holds."""

    name: str | None = None
    within: str | None = None
    choice: bool = False
    text: bool = False
    literal: bool = False
    """An attribute that names a parameter, a variable or a monitor: a ``$`` before the name means nothing."""


def child(name: str | None = None, *, within: str | None = None, choice: bool = False, text: bool = False,
          default: Any = MISSING) -> Any:  # fmt: skip
    """A field that does not stand where its name says; see :class:`Xml`."""
    return field(default=default, metadata={"xml": Xml(name, within, choice, text)})


def choice(within: str | None = None, default: Any = MISSING) -> Any:
    """One of several elements (or any number of them, for a tuple), each named like its class."""
    return child(within=within, choice=True, default=default)


def reference() -> Any:
    """An attribute that names a parameter, a variable or a monitor, and is not replaced by its value."""
    return field(metadata={"xml": Xml(literal=True)})


@dataclass(frozen=True, kw_only=True)
class Element:
    """Base of all model classes; ``TAG`` is the element's name where it differs from the class's."""

    TAG: ClassVar[str | None] = None
    source: Source | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Unsupported(Element):
    """A valid element of the standard that is read past and not played."""

    name: str
