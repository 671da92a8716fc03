"""OpenSCENARIO files of all three kinds: opened, their header and version checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from drivesim.errors import ScenarioError
from drivesim.openscenario.catalogs import Catalogs
from drivesim.openscenario.folders import Folders
from drivesim.openscenario.model.definition import Catalog, FileHeader
from drivesim.openscenario.model.parameters import ParameterDeclaration
from drivesim.openscenario.reader import Reader
from drivesim.xmlfile import Node, parse_xml, stamp

KINDS = {
    "Storyboard": "a scenario",
    "Catalog": "a catalogue",
    "ParameterValueDistribution": "a parameter value distribution",
}
"""The element that tells the kind of a file, and the kind's name."""

NEWEST = 3
"""Minor version of the standard."""


@dataclass(frozen=True)
class Document:
    """An opened file.

    Attributes:
        kind: a key of :data:`KINDS`.
        reader: with no parameters in scope yet.
    """

    path: Path
    root: Node
    kind: str
    header: FileHeader
    reader: Reader


def open_document(path: Path) -> Document:
    """Open a file of any kind.

    Raises:
        ScenarioError: it is not OpenSCENARIO 1.0 to 1.3.
    """
    root = parse_xml(path)
    reader = Reader(path)
    if root.tag not in ("OpenSCENARIO", "OpenScenario"):
        raise reader.fail(root, "not an OpenSCENARIO file", "the outermost element must be OpenSCENARIO")
    kinds = [kind for kind in KINDS if root.find(kind) is not None]
    found = root.find("FileHeader")
    if found is None:
        raise reader.fail(root, "<FileHeader> is missing", "add it")
    _check_version(reader, found, lenient=kinds == ["Catalog"])
    if not kinds:
        raise reader.fail(root, f"it holds none of {', '.join(f'<{kind}>' for kind in KINDS)}", "add what it describes")
    return Document(path, root, kinds[0], reader.read(FileHeader, found), reader)


def open_as(path: Path, kind: str) -> Document:
    """Open a file of one kind.

    Raises:
        ScenarioError: it is of another kind, or not OpenSCENARIO 1.0 to 1.3.
    """
    document = open_document(path)
    if document.kind != kind:
        raise document.reader.fail(
            document.root, f"this is {KINDS[document.kind]}, not {KINDS[kind]}", f"name {KINDS[kind]}"
        )
    return document


def _check_version(reader: Reader, header: Node, *, lenient: bool) -> None:
    """Catalogues that say 0.9 but are written as 1.0 are common, and reading tells."""
    major, minor = (reader.attribute(header, name, int) for name in ("revMajor", "revMinor"))
    if major is None or minor is None:
        raise reader.fail(header, "revMajor or revMinor is missing", f"say revMajor='1' revMinor='{NEWEST}'")
    if (major, minor) == (0, 9) and not lenient:
        raise reader.fail(
            header, "OpenSCENARIO 0.9 is not read", "convert it to 1.0 or later with ASAM's migration stylesheet"
        )
    if not lenient and not (major == 1 and 0 <= minor <= NEWEST):
        raise reader.fail(header, f"OpenSCENARIO {major}.{minor} is not read", f"convert the file to 1.0 .. 1.{NEWEST}")


def read_declarations(path: Path) -> tuple[ParameterDeclaration, ...]:
    """The parameters that a scenario declares, their defaults resolved.

    Raises:
        ScenarioError: the file is not a scenario, or a declaration is wrong.
    """
    return _declarations(path, stamp(path))


@lru_cache(maxsize=8)
def _declarations(path: Path, digest: bytes) -> tuple[ParameterDeclaration, ...]:
    """Those of one file; kept while it stays as it is, for the distributions that vary it."""
    document = open_as(path, "Storyboard")
    declared = document.root.find("ParameterDeclarations")
    if declared is None:
        return ()
    document.reader.declare(declared, {}, document.root)
    return tuple(
        document.reader.read(ParameterDeclaration, entry) for entry in declared.iterfind("ParameterDeclaration")
    )


def read_catalog(path: Path) -> tuple[Catalog, tuple[ScenarioError, ...]]:
    """A catalogue with all its entries, and what is not as the standard has it; it may refer to its neighbours.

    Raises:
        ScenarioError: it is not a catalogue, or an entry is wrong.
    """
    document = open_as(path, "Catalog")
    body = document.root.find("Catalog")
    assert body is not None
    reader = document.reader
    reader.catalogs = Catalogs(Folders(path))
    reader.catalogs.add(".", body)
    reader.depth = 1  # entries stand as they do when a scenario refers to them
    return reader.read(Catalog, body), tuple(reader.notes)
