"""Chapter "Parameters, variables and constraints"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivesim.openscenario.model.base import Element, child, reference

Rule = Literal["greaterThan", "greaterOrEqual", "lessThan", "lessOrEqual", "equalTo", "notEqualTo"]
ParameterType = Literal["integer", "int", "double", "string", "boolean", "dateTime", "unsignedInt", "unsignedShort"]


@dataclass(frozen=True, kw_only=True)
class ValueConstraint(Element):
    rule: Rule
    value: str


@dataclass(frozen=True, kw_only=True)
class ConstraintGroup(Element):
    """All constraints of a group hold."""

    constraints: tuple[ValueConstraint, ...] = child("ValueConstraint")


@dataclass(frozen=True, kw_only=True)
class ParameterDeclaration(Element):
    """At least one constraint group holds, where there is any."""

    name: str = reference()
    parameter_type: ParameterType
    value: str
    groups: tuple[ConstraintGroup, ...] = child("ConstraintGroup", default=())


@dataclass(frozen=True, kw_only=True)
class VariableDeclaration(Element):
    name: str = reference()
    variable_type: ParameterType
    value: str


@dataclass(frozen=True, kw_only=True)
class MonitorDeclaration(Element):
    name: str = reference()
    value: bool


@dataclass(frozen=True, kw_only=True)
class ParameterAssignment(Element):
    parameter_ref: str = reference()
    value: str


@dataclass(frozen=True, kw_only=True)
class Property(Element):
    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class File(Element):
    filepath: str


@dataclass(frozen=True, kw_only=True)
class CustomContent(Element):
    """Text whose meaning only its author knows."""

    content: str = child(text=True, default="")


@dataclass(frozen=True, kw_only=True)
class Properties(Element):
    properties: tuple[Property, ...] = child("Property", default=())
    files: tuple[File, ...] = child("File", default=())
    custom: tuple[CustomContent, ...] = child("CustomContent", default=())

    def as_dict(self) -> dict[str, str]:
        return {p.name: p.value for p in self.properties}
