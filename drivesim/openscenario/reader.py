"""XML to model classes: attributes are resolved and typed, catalogue references replaced by what they name.

The classes themselves are the table of element names; no XML node leaves this module.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from lxml import etree

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.expressions import ExpressionError, Value, as_text, resolve
from drivesim.openscenario.model.base import Element, Source, Unsupported, Xml
from drivesim.openscenario.model.parameters import ParameterDeclaration

Node = etree._Element
T = TypeVar("T", bound=Element)

TRANSPARENT = frozenset({
    "PrivateAction", "GlobalAction", "LongitudinalAction", "LateralAction", "ControllerAction", "RoutingAction",
    "AppearanceAction", "ByValueCondition",
})  # fmt: skip
"""Wrapper elements that add no meaning of their own."""


def parse(path: Path) -> Node:
    """The root element of a file; entities are not expanded and nothing is fetched."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        return etree.parse(str(path), parser).getroot()
    except etree.XMLSyntaxError as error:
        raise ScenarioError(
            f"not well-formed XML: {error.msg}", file=path, line=error.lineno, remedy="mend the XML"
        ) from error
    except OSError as error:
        raise ScenarioError("the file cannot be read", file=path, remedy="check the path") from error


def camel(name: str) -> str:
    """``wheel_diameter`` to ``wheelDiameter``."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


@cache
def hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def tag_of(cls: type[Element]) -> str:
    return cls.TAG or cls.__name__


def convert(text: str, wanted: Any) -> Any:
    """Text as a float, int, bool, str or one of a ``Literal``'s words; ValueError otherwise."""
    if wanted is bool:
        words = {"true": True, "1": True, "false": False, "0": False}
        if text.lower() not in words:
            raise ValueError("is neither true nor false")
        return words[text.lower()]
    if wanted is int or wanted is float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError("is not a number") from None
        if wanted is float:
            return number
        if not number.is_integer():
            raise ValueError("is not a whole number")
        return int(number)
    if typing.get_origin(wanted) is Literal and text not in typing.get_args(wanted):
        raise ValueError(f"is not known here; {did_you_mean(text, typing.get_args(wanted))}")
    return text


def parts(hint: Any) -> tuple[list[Any], bool, bool]:
    """Alternatives of a type, whether it is a tuple of them, whether it may be None."""
    if typing.get_origin(hint) is tuple:
        return parts(typing.get_args(hint)[0])[0], True, False
    if isinstance(hint, types.UnionType):
        options = typing.get_args(hint)
        return [o for o in options if o is not type(None)], False, type(None) in options
    return [hint], False, False


def is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Element)


class Reader:
    """Reads one file's elements; catalogue entries are read by further readers."""

    def __init__(
        self,
        file: Path,
        names: Mapping[str, Value],
        catalogs: Mapping[tuple[str, str], tuple[Path, Node]],
        unsupported: list[Unsupported],
    ) -> None:
        self.file, self.names, self.catalogs, self.unsupported = file, dict(names), catalogs, unsupported

    def fail(self, node: Node, problem: str, remedy: str) -> ScenarioError:
        return ScenarioError(problem, file=self.file, line=node.sourceline, element=str(node.tag), remedy=remedy)

    def read(self, cls: type[T], node: Node) -> T:
        """An instance of ``cls`` from its element, in the scope of the parameters it declares itself."""
        scope = self.scoped(node)
        values: dict[str, Any] = {"source": Source(self.file, int(node.sourceline or 0))}
        for spec in fields(cls):
            if spec.name == "source":
                continue
            found = scope.field(cls, spec.name, spec.metadata.get("xml", Xml()), node)
            if found is not None:
                values[spec.name] = found
            elif spec.default is not MISSING:
                values[spec.name] = spec.default
            else:
                raise self.fail(node, f"'{camel(spec.name)}' is missing", "add it")
        return cls(**values)

    def scoped(self, node: Node) -> Reader:
        declared = node.find("ParameterDeclarations")
        if declared is None or node.getparent() is None:
            return self
        inner = Reader(self.file, self.names, self.catalogs, self.unsupported)
        inner.declare(declared, {})
        return inner

    def declare(self, node: Node, given: Mapping[str, str]) -> None:
        """Bring a ``ParameterDeclarations`` element's parameters into scope, ``given`` values first."""
        for entry in node.findall("ParameterDeclaration"):
            name = entry.get("name", "")
            if name in given:
                entry.set("value", given[name])
            made = self.read(ParameterDeclaration, entry)
            self.names[name] = self.typed(entry, made)
            check_constraints(made, self.names[name], self.file)

    def typed(self, node: Node, made: ParameterDeclaration) -> Value:
        kinds: dict[str, Any] = {"double": float, "boolean": bool, "string": str, "dateTime": str}
        try:
            return convert(made.value, kinds.get(made.parameter_type, int))
        except ValueError as error:
            raise self.fail(node, f"'{made.value}' {error}", f"'{made.name}' is a {made.parameter_type}") from error

    def attribute(self, node: Node, name: str, wanted: Any) -> Any:
        raw = node.get(name)
        if raw is None:
            return None
        try:
            return convert(as_text(resolve(raw, self.names)), wanted)
        except ExpressionError as error:
            raise self.fail(node, f"{name}='{raw}': {error}", "see the declared parameters") from error
        except ValueError as error:
            raise self.fail(node, f"{name}='{raw}' {error}", f"give '{name}' a value of its type") from error

    def field(self, cls: type[Element], name: str, xml: Xml, node: Node) -> Any:
        options, many, _ = parts(hints(cls)[name])  # type: ignore[arg-type]
        if xml.text:
            return node.text or ""
        if not is_model(options[0]):
            return self.attribute(node, xml.name or camel(name), options[0])
        if len(options) > 1 and not xml.choice:  # a Position: the wrapper has the field's name
            xml = Xml(within=camel(name)[:1].upper() + camel(name)[1:], choice=True)
        if xml.within == "GlobalAction":
            xml = Xml(choice=True)
        holders = node.findall(xml.within) if xml.within else [node]
        if xml.choice:
            found = [made for holder in holders for made in self.chosen(options, holder)]
        else:
            tag = xml.name or camel(name)[:1].upper() + camel(name)[1:]
            found = [self.read(options[0], entry) for holder in holders for entry in holder.findall(tag)]
        return (tuple(found) or None) if many else (found[0] if found else None)

    def chosen(self, options: Iterable[type[Element]], holder: Node) -> Iterator[Element]:
        """Children that are one of ``options``, through wrappers and catalogue references."""
        table = {tag_of(cls): cls for cls in options}
        for entry in holder:
            tag = str(entry.tag)
            if tag in TRANSPARENT:
                yield from self.chosen(table.values(), entry)
            elif tag in table:
                yield self.read(table[tag], entry)
            elif tag == "CatalogReference":
                yield self.entry(table, entry)
            elif "Unsupported" in table and tag.endswith(("Action", "Condition")):
                skipped = Unsupported(name=tag, source=Source(self.file, int(entry.sourceline or 0)))
                self.unsupported.append(skipped)
                yield skipped

    def entry(self, table: Mapping[str, type[Element]], node: Node) -> Element:
        """What a ``CatalogReference`` names, with its parameter assignments."""
        key = (self.attribute(node, "catalogName", str), self.attribute(node, "entryName", str))
        if key not in self.catalogs:
            known = [entry for catalog, entry in self.catalogs if catalog == key[0]]
            remedy = did_you_mean(key[1], known) if known else "check CatalogLocations and the catalogue's name"
            raise self.fail(node, f"no entry '{key[1]}' in catalogue '{key[0]}'", remedy)
        file, found = self.catalogs[key]
        if str(found.tag) not in table:
            raise self.fail(node, f"'{key[1]}' is a {found.tag!s}", f"name one of: {', '.join(table)}")
        given = {
            self.attribute(a, "parameterRef", str): self.attribute(a, "value", str)
            for a in node.iterfind("ParameterAssignments/ParameterAssignment")
        }
        scope = Reader(file, {}, self.catalogs, self.unsupported)
        declared = found.find("ParameterDeclarations")
        if declared is not None:
            copy = etree.fromstring(etree.tostring(declared))
            scope.declare(copy, given)
        bare = _without_declarations(found)
        return scope.read(table[str(found.tag)], bare)


def _without_declarations(node: Node) -> Node:
    """A copy of a catalogue entry, line numbers kept, whose parameters are already in scope."""
    from copy import deepcopy

    made = deepcopy(node)
    for declared in made.findall("ParameterDeclarations"):
        made.remove(declared)
    return made


def check_constraints(made: ParameterDeclaration, value: Value, file: Path) -> None:
    """ScenarioError unless ``value`` meets all constraints of at least one group."""
    groups = made.groups
    if groups and not any(all(holds(value, c.rule, c.value) for c in g.constraints) for g in groups):
        allowed = " or ".join(" and ".join(f"{c.rule} {c.value}" for c in g.constraints) for g in groups)
        raise ScenarioError(
            f"parameter '{made.name}' must not be {as_text(value)}", file=file,
            line=made.source.line if made.source else None, element="ParameterDeclaration",
            remedy=f"allowed: {allowed}",
        )  # fmt: skip


def holds(value: Value, rule: str, other: float | str) -> bool:
    """Whether ``value rule other``; as numbers where both are."""
    a: Any = value
    b: Any = other
    try:
        a, b = float(a), float(b)
    except ValueError:
        a, b = as_text(value), str(other)
    return bool({
        "greaterThan": a > b, "greaterOrEqual": a >= b, "lessThan": a < b, "lessOrEqual": a <= b,
        "equalTo": a == b, "notEqualTo": a != b,
    }[rule])  # fmt: skip
