"""YAML and pydantic with line numbers: what is wrong in a rig or device file, where, and what to write instead."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from drivesim.errors import RigError, did_you_mean

Location = tuple[str | int, ...]


class Strict(BaseModel):
    """Base of everything read from a file: frozen, no unknown fields, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Described(Strict):
    """Base of rigs and devices, which say where they come from."""

    source: str = Field(default="", description="where the numbers come from: data sheet, paper, calibration")
    approximated: str = Field(default="", description="what is assumed, simplified or left out")


Model = TypeVar("Model", bound=Strict)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file: plain data, and the line that every key and list item stands on.

    Attributes:
        lines: 1-based line by location, the path of keys and list positions from the root.
    """

    path: Path
    data: Any
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int:
        """The line of a location, or of its closest parent that is in the file."""
        known: Location = ()
        for part in location:
            if (*known, part) in self.lines:
                known = (*known, part)
        return self.lines.get(known, 1)

    def error(self, problem: str, location: Location, remedy: str) -> RigError:
        element = ".".join(str(part) for part in location if isinstance(part, str))
        return RigError(problem, file=self.path, line=self.line(location), element=element or None, remedy=remedy)


def read_document(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        RigError: not YAML, or a key given twice.
    """
    lines: dict[Location, int] = {}
    document = Document(path, None, lines)
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        data = _plain(loader, root, (), document) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise RigError(
            f"not valid YAML: {error.problem}",
            file=path,
            line=mark.line + 1 if mark else None,
            remedy="check indentation, colons and brackets on this line and the one before",
        ) from error
    return Document(path, data, lines)


def _plain(loader: yaml.SafeLoader, node: yaml.Node, location: Location, document: Document) -> Any:
    lines = typing.cast(dict[Location, int], document.lines)
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(loader.construct_object(key_node))
            place = (*location, key)
            if key in mapping:
                raise RigError(
                    f"'{key}' is given twice, first on line {lines[place]}",
                    file=document.path,
                    line=key_node.start_mark.line + 1,
                    element=".".join(map(str, place)),
                    remedy="give every channel and field a name of its own",
                )
            lines[place] = key_node.start_mark.line + 1
            mapping[key] = _plain(loader, value_node, place, document)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*location, i), document) for i, item in enumerate(node.value)]
    return loader.construct_object(node)


def validate(model: type[Model], data: Any, document: Document, at: Location = ()) -> Model:
    """``data`` as a ``model``.

    Args:
        at: where in the document ``data`` stands.

    Raises:
        RigError: for the first thing wrong, in the order of the file.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # A misspelt field is reported before the one that is missing because of it.
        details = sorted(
            error.errors(),
            key=lambda item: (item["type"] != "extra_forbidden", document.line((*at, *item["loc"]))),
        )
        raise _explain(details[0], model, document, at) from error


def _explain(detail: ErrorDetails, model: type[Strict], document: Document, at: Location) -> RigError:
    location: Location = (*at, *detail["loc"])
    owner, description = _field(model, detail["loc"])
    name = next((str(part) for part in reversed(detail["loc"]) if isinstance(part, str)), "")
    if detail["type"] == "extra_forbidden":
        return document.error(f"unknown field '{name}'", location, did_you_mean(name, owner.model_fields))
    if detail["type"] == "missing":
        return document.error(f"'{name}' is missing", location, f"add '{name}': {description}")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    given = detail["input"]
    shown = f", not {given!r}" if isinstance(given, str | int | float) else ""
    remedy = f"'{name}' is {description}" if description else "mend it; docs/ says what belongs there"
    return document.error(f"{message}{shown}", location, remedy)


def _field(model: type[Strict], location: Location) -> tuple[type[Strict], str]:
    """The model that owns the last field of ``location``, and that field's description."""
    owner, description = model, ""
    current: type[Strict] | None = model
    for part in location:
        if isinstance(part, str) and current is not None:
            owner = current
            field = current.model_fields.get(part)
            if field is not None:
                description = field.description or ""
                current = next(iter(_models_in(field.annotation)), None)
    return owner, description


def _models_in(annotation: Any) -> list[type[Strict]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, Strict) else []
    return [model for argument in typing.get_args(annotation) for model in _models_in(argument)]
