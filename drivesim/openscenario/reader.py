"""XML to model classes: attributes are resolved and typed, catalogue references replaced by what they name.

The classes themselves are the table of what may stand where (:mod:`drivesim.openscenario.layout`); anything else in
a file is an error. No XML node leaves the reading modules.
"""

from __future__ import annotations

import datetime as dt
import operator
import typing
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.catalogs import Catalogs, Entry
from drivesim.openscenario.expressions import ExpressionError, Value, as_text, joined_words, resolve
from drivesim.openscenario.layout import Layout, Scope, Slot, layout_of
from drivesim.openscenario.model.base import Element, Source, Unsupported
from drivesim.openscenario.model.parameters import ParameterDeclaration
from drivesim.openscenario.vocabulary import ACTIONS_AND_CONDITIONS, FORMER
from drivesim.xmlfile import Node

T = TypeVar("T", bound=Element)

TRANSPARENT = frozenset({
    "PrivateAction", "GlobalAction", "LongitudinalAction", "LateralAction", "ControllerAction", "RoutingAction",
    "AppearanceAction", "TrailerAction", "UserDefinedAction",
    "ByValueCondition",
})  # fmt: skip
"""Wrapper elements that add no meaning of their own."""

ENTITIES = frozenset({"entityRef", "masterEntityRef", "trailerRef"})
"""Attributes that name an entity or a selection of entities."""

DEEPEST = 8
"""Catalogue references inside catalogue entries, one in another."""

_WORDS = {"true": True, "1": True, "false": False, "0": False}
DISPENSABLE = {("FileHeader", "author"), ("FileHeader", "date"), ("FileHeader", "description")}
"""Attributes that nothing depends on: without them a file is read all the same, and told of it."""
_PARAMETER_TYPES: dict[str, Any] = {"double": float, "boolean": bool, "string": str, "dateTime": str}


class Reference(NamedTuple):
    """An entity's name, and the element that names it."""

    name: str
    source: Source
    element: str


class UnknownWordError(ValueError):
    """A word that is not one of those that may stand in a place."""

    def __init__(self, remedy: str) -> None:
        super().__init__("is not known here")
        self.remedy = remedy


def convert(text: str, wanted: Any) -> Any:
    """Text as a float, int, bool, str or one of a ``Literal``'s words; ValueError otherwise."""
    if wanted is str:
        return text
    if wanted is bool:
        if text.strip().lower() not in _WORDS:
            raise ValueError("is neither true nor false")
        return _WORDS[text.strip().lower()]
    if wanted is int or wanted is float:
        return number(text, whole=wanted is int)
    if typing.get_origin(wanted) is Literal and text not in typing.get_args(wanted):
        raise UnknownWordError(did_you_mean(text, typing.get_args(wanted)))
    return text


def number(text: str, *, whole: bool) -> float:
    """Text as a number; ValueError otherwise."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError("is not a number") from None
    if "_" in text:  # Python's digit grouping is not XML's
        raise ValueError("is not a number")
    if not whole:
        return value
    if not value.is_integer():
        raise ValueError("is not a whole number")
    return int(value)


@dataclass
class Reader:
    """Reads elements of one file.

    Attributes:
        names: parameters in scope.
        catalogs: where references find entries; None where the file may hold none.
        unsupported: elements of the standard met so far that have no class, in the order of the file.
        notes: what was read although it is not as the standard has it.
        depth: how many catalogue references led here.
        references: entities that were named so far, and where.
        constants: elements that read the same whatever the parameters, with what was read and the entities named
            there; None remembers nothing.
        outer: in a catalogue, the parameters of who refers to it: they are not in scope, but where an entry uses one
            without declaring it, as some players let it, that is noted and read.
    """

    file: Path
    names: dict[str, Value] = field(default_factory=dict)
    catalogs: Catalogs | None = None
    unsupported: list[Unsupported] = field(default_factory=list)
    notes: list[ScenarioError] = field(default_factory=list)
    depth: int = 0
    references: list[Reference] = field(default_factory=list)
    constants: dict[Node, tuple[Element, tuple[Reference, ...]] | None] | None = None
    outer: Mapping[str, Value] = field(default_factory=dict)

    def fail(self, node: Node, problem: str, remedy: str) -> ScenarioError:
        line = int(node.sourceline) if node.sourceline else None
        return ScenarioError(problem, file=self.file, line=line, element=str(node.tag), remedy=remedy)

    def note(self, node: Node, problem: str, remedy: str) -> None:
        self.notes.append(self.fail(node, problem, remedy))

    def source(self, node: Node) -> Source:
        return Source(self.file, int(node.sourceline or 0))

    def read(self, cls: type[T], node: Node, *, given: Mapping[str, str] | None = None) -> T:
        """An instance of ``cls`` from its element, in the scope of the parameters it declares itself.

        Args:
            given: values for those parameters, in place of their defaults.
        """
        if given or "ParameterDeclarations" in layout_of(cls).scope.wrappers:
            declared = node.find("ParameterDeclarations")
            if declared is not None or given:
                scope = self.nested(self.file)
                scope.declare(declared, given or {}, node)
                return scope.fill(cls, node)
        return self.fill(cls, node)

    @staticmethod
    def memory(nodes: Iterable[Node]) -> dict[Node, tuple[Element, tuple[Reference, ...]] | None]:
        """An empty memory for elements that are constant."""
        return dict.fromkeys(nodes)

    def remembered(self, cls: type[T], node: Node) -> T:
        """The same as :meth:`read`, from memory where the element is constant and reading it had nothing to tell."""
        if self.constants is None or node not in self.constants:
            return self.read(cls, node)
        known = self.constants[node]
        if known is not None and isinstance(known[0], cls):
            self.references += known[1]
            return known[0]
        told, named = len(self.unsupported) + len(self.notes), len(self.references)
        made = self.read(cls, node)
        if len(self.unsupported) + len(self.notes) == told:
            self.constants[node] = made, tuple(self.references[named:])
        return made

    def recalled(self, cls: type[Element], entry: Entry, given: Mapping[str, str]) -> Element:
        """An entry of a catalogue, from its memory where reading it with these parameters had nothing to tell."""
        key = cls, *given.items()
        known = entry.memory.get(key) if entry.memory is not None else None
        if known is not None:
            self.references += known[1]
            return known[0]
        told, named = len(self.unsupported) + len(self.notes), len(self.references)
        made = self.read(cls, entry.node, given=given)
        if entry.memory is not None and len(self.unsupported) + len(self.notes) == told:
            entry.memory[key] = made, tuple(self.references[named:])
        return made

    def fill(self, cls: type[T], node: Node) -> T:
        """An instance of ``cls`` with the names that are in scope already."""
        layout = layout_of(cls)
        values: dict[str, Any] = {"source": self.source(node)}
        self.attributes(layout, node, values)
        children: dict[str, list[Element]] = {}
        self.children(layout.scope, node, children)
        for slot in layout.slots:
            if slot.kind == "child":
                self.settle(slot, children.get(slot.field, []), node, values)
        self.text(layout, node, values)
        return cls(**values)

    def nested(self, file: Path, names: Mapping[str, Value] | None = None) -> Reader:
        """A reader with names of its own that shares everything else."""
        made = dict(self.names if names is None else names)
        return Reader(
            file, made, self.catalogs, self.unsupported, self.notes, self.depth, self.references, self.constants,
            self.outer,
        )  # fmt: skip

    def attributes(self, layout: Layout, node: Node, values: dict[str, Any]) -> None:
        for name in map(str, node.attrib):
            if name not in layout.attributes and not name.startswith("{"):
                remedy = did_you_mean(name, layout.attributes) if layout.attributes else "remove it"
                slip = self.fail(node, f"attribute '{name}' does not belong here", remedy)
                if node.tag != "FileHeader":
                    raise slip
                self.notes.append(slip)
        for name, slot in layout.attributes.items():
            found = self.reference(node, name) if slot.literal else self.attribute(node, name, slot.wanted)
            if found is not None:
                values[slot.field] = found
                if found and name in ENTITIES:
                    self.references.append(Reference(found, self.source(node), str(node.tag)))
            elif slot.required and (str(node.tag), name) in DISPENSABLE:
                self.note(node, f"attribute '{name}' is missing", f'add {name}="..."')
                values[slot.field] = ""
            elif slot.required:
                raise self.fail(node, f"attribute '{name}' is missing", f'add {name}="..."')

    @staticmethod
    def reference(node: Node, name: str) -> str | None:
        """An attribute that names a parameter, with or without a ``$``."""
        raw = node.get(name)
        return None if raw is None else str(raw).removeprefix("$")

    def attribute(self, node: Node, name: str, wanted: Any) -> Any:
        """An attribute's value, its references and expressions resolved; None where it is absent."""
        raw = node.get(name)
        if raw is None:
            return None
        try:
            text = as_text(self.resolved(node, name, raw)) if "$" in raw else raw
            return convert(text, wanted)
        except ExpressionError as error:
            joined = joined_words(raw, self.names) if wanted is str else None
            if joined is not None:
                self.note(node, f"{name}='{raw}' is not an expression of the standard", f"it is read as '{joined}'")
                return joined
            raise self.fail(node, f"{name}='{raw}': {error}", "see the declared parameters") from error
        except UnknownWordError as error:
            raise self.fail(node, f"{name}='{raw}' {error}", error.remedy) from error
        except ValueError as error:
            raise self.fail(node, f"{name}='{raw}' {error}", f"give '{name}' a value of its type") from error

    def resolved(self, node: Node, name: str, raw: str) -> Value:
        """What references and expressions in an attribute come to."""
        try:
            return resolve(raw, self.names)
        except ExpressionError:
            if not self.outer:
                raise
            value = resolve(raw, {**self.outer, **self.names})
            self.note(node, f"{name}='{raw}' uses a parameter that the catalogue does not declare", "declare it there")
            return value

    def children(self, scope: Scope, holder: Node, found: dict[str, list[Element]]) -> None:
        """Read everything that stands in ``holder`` into lists per field."""
        for entry in holder:
            tag = str(entry.tag)
            if (str(holder.tag), tag) in FORMER:
                self.note(entry, "is called otherwise in the standard", f"name it {FORMER[str(holder.tag), tag]}")
                tag = FORMER[str(holder.tag), tag]
            if tag in scope.elements:
                slot, cls = scope.elements[tag]
                found.setdefault(slot.field, []).append(self.remembered(cls, entry))
            elif tag in scope.wrappers:
                self.children(scope.wrappers[tag], entry, found)
            elif scope.choices and tag in TRANSPARENT:
                self.children(scope, entry, found)
            elif scope.choices and tag == "CatalogReference":
                slot, made = self.referenced(scope, entry)
                found.setdefault(slot.field, []).append(made)
            elif scope.unsupported and tag in ACTIONS_AND_CONDITIONS:
                skipped = Unsupported(name=tag, source=self.source(entry))
                self.unsupported.append(skipped)
                found.setdefault(scope.unsupported.field, []).append(skipped)
            else:
                words = scope.words()
                remedy = did_you_mean(tag, words) if words else "remove it"
                raise self.fail(entry, f"<{holder.tag!s}> holds no such element", remedy)

    def settle(self, slot: Slot, found: list[Element], node: Node, values: dict[str, Any]) -> None:
        """Give a field the elements found for it."""
        if not found:
            if slot.required and slot.many and node.tag == "Action":
                self.note(node, "it holds no action", "it ends as soon as it begins; take it out")
                values[slot.field] = ()
            elif slot.required:
                raise self.fail(node, f"<{slot.name}> is missing", "add it")
        elif slot.many:
            values[slot.field] = tuple(found)
        elif len(found) > 1:
            raise self.fail(node, f"more than one <{slot.name}>", "keep one")
        else:
            values[slot.field] = found[0]

    def text(self, layout: Layout, node: Node, values: dict[str, Any]) -> None:
        if layout.text is not None:
            values[layout.text.field] = node.text or ""
            return
        for piece in (node.text, *[child.tail for child in node]):
            if piece and not piece.isspace():
                raise self.fail(node, f"text '{piece.strip()[:40]}' does not belong here", "remove it")

    def declare(self, node: Node | None, given: Mapping[str, str], owner: Node) -> None:
        """Bring a ``ParameterDeclarations`` element's parameters into scope, ``given`` values first."""
        entries = [] if node is None else list(node.iterfind("ParameterDeclaration"))
        known = [self.reference(entry, "name") or "" for entry in entries]
        for name in given:
            if name not in known:
                remedy = did_you_mean(name, known) if known else "it declares no parameters"
                self.complain(owner, f"no parameter is called '{name}'", remedy)
        for entry in entries:
            made = self.read(ParameterDeclaration, entry)
            value = self.typed(entry, made, given.get(made.name, made.value))
            check_constraints(made, value, self.file)
            self.names[made.name] = value

    def typed(self, node: Node, made: ParameterDeclaration, text: str) -> Value:
        """A parameter's value in its declared type."""
        kind = made.parameter_type
        try:
            value: Value = convert(text, _PARAMETER_TYPES.get(kind, int))
            if kind.startswith("unsigned") and float(value) < 0:
                raise ValueError("is negative")
        except ValueError as error:
            self.complain(node, f"'{text}' {error}", f"'{made.name}' is declared as {kind}")
            return text
        return value

    def complain(self, node: Node, problem: str, remedy: str) -> None:
        """An error in a scenario, a note in a catalogue, which is often not its user's to mend."""
        if self.depth == 0:
            raise self.fail(node, problem, remedy)
        self.note(node, problem, remedy)

    def referenced(self, scope: Scope, node: Node) -> tuple[Slot, Element]:
        """What a ``CatalogReference`` names, with its parameter assignments, and the slot it belongs to."""
        if self.catalogs is None:
            raise self.fail(node, "there are no catalogues here", "write the element itself")
        if self.depth == DEEPEST:
            raise self.fail(node, f"{DEEPEST} catalogue entries refer one to another", "break the circle")
        catalog, name = self.attribute(node, "catalogName", str), self.attribute(node, "entryName", str)
        for attribute, value in (("catalogName", catalog), ("entryName", name)):
            if value is None:
                raise self.fail(node, f"attribute '{attribute}' is missing", f'add {attribute}="..."')
        entry = self.catalogs.find(catalog, name, self, node)
        inner = self.nested(entry.path, {})
        inner.depth, inner.outer = self.depth + 1, {**self.outer, **self.names}
        given = {}
        for assignment in node.iterfind("ParameterAssignments/ParameterAssignment"):
            key, value = self.reference(assignment, "parameterRef"), self.attribute(assignment, "value", str)
            if key is None or value is None:
                raise self.fail(assignment, "parameterRef or value is missing", "give both")
            given[key] = value
        for slot, table in scope.choices:
            if str(entry.node.tag) in table:
                return slot, inner.recalled(table[str(entry.node.tag)], entry, given)
        wanted = ", ".join(tag for _, table in scope.choices for tag in table)
        raise self.fail(node, f"'{name}' is a {entry.node.tag!s}", f"name one of: {wanted}")


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


_RULES = {
    "greaterThan": operator.gt, "greaterOrEqual": operator.ge, "lessThan": operator.lt, "lessOrEqual": operator.le,
    "equalTo": operator.eq, "notEqualTo": operator.ne,
}  # fmt: skip


@lru_cache(maxsize=4096, typed=True)  # variables are asked every tick and hardly ever change
def holds(value: Value, rule: str, other: float | str) -> bool:
    """Whether ``value rule other``; as numbers where both are, as moments where both are dates with their times."""
    a: Any = value
    b: Any = other
    try:
        a, b = float(a), float(b)
    except ValueError:
        a, b = as_text(value), str(other)
        with suppress(ValueError):
            a, b = _moment(a), _moment(b)
    return bool(_RULES[rule](a, b))


def _moment(text: str) -> dt.datetime:
    """A dateTime; without a zone it counts as UTC. ValueError where it is none."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
