"""What may stand in an element, and where each field of its class finds its value: worked out once per class."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from drivesim.openscenario.model.base import Element, Unsupported, Xml


def camel(name: str) -> str:
    """``wheel_diameter`` to ``wheelDiameter``."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def pascal(name: str) -> str:
    """``rear_axle`` to ``RearAxle``."""
    text = camel(name)
    return text[:1].upper() + text[1:]


def tag_of(cls: type[Element]) -> str:
    return cls.TAG or cls.__name__


@dataclass(slots=True)
class Slot:
    """One field of a class: ``name`` as written in the file, its type and whether it may be absent."""

    field: str
    name: str
    kind: typing.Literal["attribute", "text", "child"]
    wanted: Any
    many: bool
    required: bool
    literal: bool = False


@dataclass(slots=True)
class Scope:
    """What may stand at one level: an element itself, or one of the wrappers inside it."""

    elements: dict[str, tuple[Slot, type[Element]]] = field(default_factory=dict)
    wrappers: dict[str, Scope] = field(default_factory=dict)
    choices: list[tuple[Slot, dict[str, type[Element]]]] = field(default_factory=list)
    """Slots that take one of several elements, and so catalogue references and meaningless wrappers too."""
    unsupported: Slot | None = None
    """The slot that takes elements of the standard that have no class."""

    def inside(self, path: str) -> Scope:
        """The scope at the end of a path of wrappers, made on first use."""
        scope = self
        for name in path.split("/"):
            scope = scope.wrappers.setdefault(name, Scope())
        return scope

    def words(self) -> list[str]:
        return [*self.elements, *self.wrappers]


@dataclass(slots=True)
class Layout:
    """A class as the reader sees it."""

    slots: list[Slot]
    attributes: dict[str, Slot]
    text: Slot | None
    scope: Scope


def layout_of(cls: type[Element]) -> Layout:
    """How a class is written in a file."""
    made = _LAYOUTS.get(cls)
    if made is None:
        made = _LAYOUTS[cls] = Layout([], {}, None, Scope())
        hints = typing.get_type_hints(cls)
        for spec in fields(cls):
            if spec.name != "source":
                _place(made, spec.name, hints[spec.name], spec.metadata.get("xml", Xml()), spec.default is MISSING)
    return made


_LAYOUTS: dict[type, Layout] = {}


def _place(made: Layout, name: str, hint: Any, xml: Xml, required: bool) -> None:
    options, many = _options(hint)
    if xml.text:
        made.text = Slot(name, name, "text", str, False, required)
        made.slots.append(made.text)
    elif not _is_model(options[0]):
        slot = Slot(name, xml.name or camel(name), "attribute", options[0], False, required, xml.literal)
        made.attributes[slot.name] = slot
        made.slots.append(slot)
    else:
        made.slots.append(_place_child(made.scope, name, options, xml, many, required))


def _place_child(scope: Scope, name: str, options: list[type[Element]], xml: Xml, many: bool, required: bool) -> Slot:
    within, choice = xml.within, xml.choice
    if len(options) > 1 and not choice:  # a Position: the wrapper has the field's name
        within, choice = pascal(name), True
    holder = scope.inside(within) if within and within != "GlobalAction" else scope
    slot = Slot(name, xml.name or pascal(name), "child", None, many, required)
    if not choice:
        holder.elements[slot.name] = slot, options[0]
        return slot
    table = {tag_of(cls): cls for cls in options if cls is not Unsupported}
    if not xml.name:
        slot.name = within or " or ".join(table)
    holder.choices.append((slot, table))
    for tag, cls in table.items():
        holder.elements[tag] = slot, cls
    if Unsupported in options:
        holder.unsupported = slot
    return slot


def _options(hint: Any) -> tuple[list[Any], bool]:
    """Alternatives of a type, and whether it is a tuple of them."""
    if typing.get_origin(hint) is tuple:
        return list(_alternatives(typing.get_args(hint)[0])), True
    return list(_alternatives(hint)), False


def _alternatives(hint: Any) -> Iterator[Any]:
    if isinstance(hint, types.UnionType):
        yield from (option for option in typing.get_args(hint) if option is not type(None))
    else:
        yield hint


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Element)
