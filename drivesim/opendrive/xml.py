"""XML elements whose mistakes turn into errors with file, line and remedy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import cast

from lxml import etree

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.opendrive.model import Cubic
from drivesim.xmlfile import parse_xml

LARGEST, SMALLEST = 1e12, 1e-30
"""Beyond and below what lengths, angles and coefficients of maps reach; products and quotients stay finite."""

_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


class Element:
    """An XML element, read with typed accessors; namespaces are ignored."""

    __slots__ = ("_node", "path")

    def __init__(self, node: etree._Element, path: Path) -> None:
        self._node = node
        self.path = path

    @property
    def name(self) -> str:
        tag = self._node.tag
        return tag.rpartition("}")[2] if isinstance(tag, str) else ""

    def error(self, problem: str, remedy: str | None = None) -> ScenarioError:
        return ScenarioError(
            problem, file=self.path, line=cast(int | None, self._node.sourceline), element=self.name, remedy=remedy
        )

    def children(self, *names: str) -> Iterator[Element]:
        """Child elements of these names (all where none is given), in document order."""
        path = self.path
        for node in self._node:
            tag = node.tag
            if isinstance(tag, str) and (not names or tag in names or tag.rpartition("}")[2] in names):
                yield Element(node, path)

    def child(self, name: str) -> Element | None:
        return next(self.children(name), None)

    def under(self, *names: str) -> Iterator[Element]:
        """Descendants along a path of names: ``under("lanes", "laneSection")``."""
        if len(names) == 1:
            yield from self.children(names[0])
        else:
            for child in self.children(names[0]):
                yield from child.under(*names[1:])

    def descendants(self, name: str) -> Iterator[Element]:
        """Elements of a name at any depth."""
        for node in self._node.iter(name, f"{{*}}{name}"):
            yield Element(node, self.path)

    def attributes(self) -> set[str]:
        """Names of its attributes; those of other namespaces left out."""
        return {str(name) for name in self._node.attrib if not str(name).startswith("{")}

    @property
    def content(self) -> str:
        return (self._node.text or "").strip()

    def has(self, attribute: str) -> bool:
        return attribute in self._node.attrib

    def text(self, attribute: str, default: str | None = None) -> str:
        value = self._node.get(attribute)
        if value is None:
            if default is None:
                raise self.error(f"attribute '{attribute}' is missing", f'add {attribute}="..."')
            return default
        return str(value)

    def number(self, attribute: str, default: float | None = None) -> float:
        """A finite number; ``default`` where the attribute is absent or empty."""
        text = self._node.get(attribute)
        if text is None or (text == "" and default is not None):
            if default is None:
                raise self.error(f"attribute '{attribute}' is missing", f'add {attribute}="..." with a number')
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not abs(value) < LARGEST or "_" in text:
            raise self.error(f"{attribute}='{text}' is not a usable number", f"write a finite number in {attribute}")
        return value if abs(value) > SMALLEST else 0.0

    def optional_number(self, attribute: str) -> float | None:
        return self.number(attribute) if self._node.get(attribute) else None

    def integer(self, attribute: str, default: int | None = None) -> int:
        value = self.number(attribute, default)
        if value != int(value):
            raise self.error(f"{attribute}='{self.text(attribute)}' is not an integer", "write a whole number")
        return int(value)

    def flag(self, attribute: str, default: bool) -> bool:
        text = self.text(attribute, str(default)).strip().lower()
        if text in _TRUE:
            return True
        if text in _FALSE or not text:
            return False
        raise self.error(f"{attribute}='{text}' is neither true nor false", "write true or false")


def parse(path: Path) -> Element:
    """The root element of a file.

    Raises:
        ScenarioError: the file cannot be opened, is not well-formed XML or declares entities.
    """
    return Element(parse_xml(path), path)


def cubic(element: Element, start: str = "s", default: float | None = None) -> Cubic:
    """The record ``a b c d`` from attribute ``start`` on."""
    return Cubic(element.number(start, default), *(element.number(key, 0.0) for key in "abcd"))


def cubics(elements: Iterable[Element], start: str = "s", default: float | None = None) -> tuple[Cubic, ...]:
    """Records in order. One that the next takes over from at once says nothing, whatever its numbers: editors leave
    such behind, with coefficients beyond all bounds."""
    records = sorted(elements, key=lambda record: record.number(start, default))
    starts = [record.number(start, default) for record in records]
    lasting = [*(after - before > _AT_ONCE for before, after in pairwise(starts)), True]
    return tuple(cubic(record, start, default) for record, lasts in zip(records, lasting, strict=False) if lasts)


_AT_ONCE = 1e-9
"""m of a road over which nothing can be seen."""
_UNITS = {"m/s": 1.0, "km/h": 1.0 / 3.6, "mph": 0.44704}


def speed_of(element: Element) -> float | None:
    """A ``<speed max unit>`` in m/s; inf for ``no limit``, None for ``undefined``."""
    text = element.text("max", "undefined")
    if text == "undefined" or not text:
        return None
    if text == "no limit":
        return math.inf
    unit = element.text("unit", "m/s") or "m/s"
    if unit not in _UNITS:
        raise element.error(f"unit='{unit}' is not known", did_you_mean(unit, _UNITS))
    value = element.number("max")
    # Exporters write 0 or a negative number for "not set".
    return value * _UNITS[unit] if value > 0.0 else None
