"""ASAM's XSDs as graphs of names, and how much of one the reader's classes cover."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lxml import etree

from drivesim.openscenario.layout import Layout, Scope, layout_of
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.reader import TRANSPARENT
from drivesim.openscenario.vocabulary import ACTIONS_AND_CONDITIONS

VERSIONS = ("1_0", "1_1", "1_2", "1_3_1")
_XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass
class Type:
    """Attributes of an XSD type, and its elements with the names of theirs."""

    attributes: set[str] = field(default_factory=set)
    elements: dict[str, str] = field(default_factory=dict)


@dataclass
class Gaps:
    """What a walk through a schema found.

    Attributes:
        unread: attributes and elements that the reader would call mistakes; unplayed: those it reports by name.
        visited: types walked through.
    """

    unread: set[str] = field(default_factory=set)
    unplayed: set[str] = field(default_factory=set)
    visited: set[tuple[str, str]] = field(default_factory=set)


class Schema:
    """The schema of one version; scenariogeneration brings it."""

    def __init__(self, version: str) -> None:
        spec = importlib.util.find_spec("schemas")
        folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()
        self._root = etree.parse(str(folder / f"OpenSCENARIO_{version}.xsd")).getroot()

    @cache  # noqa: B019  one for each of four schemas
    def type(self, name: str) -> Type:
        made = Type()
        found = [
            node for tag in ("complexType", "group") for node in self._root.iterfind(f"{_XS}{tag}[@name='{name}']")
        ]
        for node in found:
            self._add(node, made)
        return made

    def _add(self, holder: etree._Element, made: Type) -> None:
        for node in holder.iterchildren(etree.Element):
            kind = node.tag.removeprefix(_XS)
            if kind == "attribute":
                made.attributes.add(node.get("name"))
            elif kind == "element":
                name, typed = node.get("name"), node.get("type")
                made.elements[name] = typed or name
            elif kind == "group":
                inner = self.type(node.get("ref"))
                made.elements |= inner.elements
            elif kind in ("sequence", "choice", "all", "complexContent", "simpleContent", "extension", "complexType"):
                self._add(node, made)

    def gaps(self, name: str, cls: type[Element]) -> Gaps:
        """Walk a type and everything below it together with the class that reads it."""
        found = Gaps()
        self._walk(name, layout_of(cls), found)
        return found

    def _walk(self, name: str, layout: Layout, found: Gaps) -> None:
        if (name, str(id(layout))) in found.visited:
            return
        found.visited.add((name, str(id(layout))))
        for attribute in self.type(name).attributes - set(layout.attributes):
            found.unread.add(f"{name}/@{attribute}")
        for element, typed in self.type(name).elements.items():
            self._enter(name, element, typed, layout.scope, found)

    def _enter(self, holder: str, element: str, typed: str, scope: Scope, found: Gaps) -> None:
        if element in scope.elements:
            self._walk(typed, layout_of(scope.elements[element][1]), found)
        elif element in scope.wrappers:
            self._within(typed, scope.wrappers[element], found)
        elif scope.choices and element in TRANSPARENT:
            self._within(typed, scope, found)
        elif scope.unsupported and element in ACTIONS_AND_CONDITIONS:
            found.unplayed.add(element)
        elif not (scope.choices and element == "CatalogReference"):
            found.unread.add(f"{holder}/{element}")

    def _within(self, name: str, scope: Scope, found: Gaps) -> None:
        if (name, str(id(scope))) in found.visited:
            return
        found.visited.add((name, str(id(scope))))
        for attribute in self.type(name).attributes:
            found.unread.add(f"{name}/@{attribute}")
        for element, typed in self.type(name).elements.items():
            self._enter(name, element, typed, scope, found)

    def names(self, ending: str) -> Iterator[str]:
        """Elements of all types whose name ends so."""
        for node in self._root.iter(f"{_XS}element"):
            if node.get("name", "").endswith(ending):
                yield node.get("name")
