"""A scenario with other parameter values, as a file of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from drivesim.errors import RecordingError, ScenarioError, did_you_mean
from drivesim.xmlfile import parse_xml

_PATHS = (("RoadNetwork/LogicFile", "filepath"), ("RoadNetwork/SceneGraphFile", "filepath"),
          ("CatalogLocations/*/Directory", "path"))  # fmt: skip
"""Elements and attributes that name files from the scenario's folder."""


def write_concrete(scenario: Path, values: Mapping[str, str], path: Path) -> None:
    """Write ``scenario`` to ``path`` with ``values`` declared, its references to other files kept right.

    Raises:
        ScenarioError: the scenario cannot be read, or declares no such parameter.
        RecordingError: ``path`` cannot be written.
    """
    root = parse_xml(scenario)
    declared = {node.get("name", ""): node for node in root.iterfind("ParameterDeclarations/ParameterDeclaration")}
    for name, value in values.items():
        if name not in declared:
            raise ScenarioError(
                f"no parameter is called '{name}'", file=scenario, element="ParameterDeclarations",
                remedy=did_you_mean(name, declared) if declared else "the scenario declares no parameters",
            )  # fmt: skip
        declared[name].set("value", value)
    for place, attribute in _PATHS:
        for node in root.iterfind(place):
            written = node.get(attribute, "")
            target = scenario.parent / written
            if written and target.exists():
                node.set(attribute, Path(os.path.relpath(target, path.parent)).as_posix())
    try:
        path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=path, remedy="choose a writable folder") from error
