"""Catalogues: entries found by catalogue and entry name, read from disk when the first one is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.folders import Folders
from drivesim.xmlfile import Node, parse_xml

if TYPE_CHECKING:
    from drivesim.openscenario.model.base import Element
    from drivesim.openscenario.reader import Reader, Reference


@dataclass(frozen=True)
class Entry:
    """An entry of a catalogue file.

    Attributes:
        memory: what it has been read as, by class and parameters given; None for an entry that refers to others.
    """

    path: Path
    node: Node
    memory: dict[tuple[object, ...], tuple[Element, tuple[Reference, ...]]] | None


Entries = dict[tuple[str, str], Entry]


@lru_cache(maxsize=256)
def _entries(path: Path, changed_ns: int, size: int) -> Entries:
    """Entries of one file by (catalogue, entry); kept while the file stays as it is."""
    catalog = parse_xml(path).find("Catalog")
    if catalog is None:
        return {}
    name = catalog.get("name") or path.stem
    return {
        (name, entry.get("name", "")): Entry(path, entry, {} if entry.find(".//CatalogReference") is None else None)
        for entry in catalog.iterfind("*[@name]")
    }


def entries(path: Path) -> Entries:
    """Every entry of a catalogue file, by (catalogue, entry).

    Raises:
        ScenarioError: the file cannot be read.
    """
    state = path.stat()
    return _entries(path, state.st_mtime_ns, state.st_size)


class Catalogs:
    """The catalogues that a scenario's ``CatalogLocations`` list."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self._places: list[Path] = []
        self._entries: Entries | None = None
        self._unread: list[ScenarioError] = []

    def add(self, place: str, node: Node) -> None:
        """Search a folder (or one file) too; a place that does not exist holds nothing."""
        path = self.folders.directory(place, node)
        if path is not None and path not in self._places:
            self._places.append(path)

    def find(self, catalog: str, name: str, reader: Reader, node: Node) -> Entry:
        """An entry.

        A file that cannot be read is noted; an error it is where the entry might be in it.

        Raises:
            ScenarioError: there is no such entry.
        """
        if self._entries is None:
            self._entries = self._gathered()
            reader.notes.extend(self._unread)
        found = self._entries.get((catalog, name)) or self._in_file(catalog, name, reader, node)
        if found is None:
            if self._unread:
                raise self._unread[0]
            known = [entry for owner, entry in self._entries if owner == catalog]
            remedy = did_you_mean(name, known) if known else "check CatalogLocations and the catalogue's name"
            raise reader.fail(node, f"no entry '{name}' in catalogue '{catalog}'", remedy)
        return found

    def _gathered(self) -> Entries:
        """All entries of all files that can be read."""
        found: Entries = {}
        for file in self._files():
            try:
                found |= entries(file)
            except ScenarioError as error:
                self._unread.append(error)
        return found

    def _in_file(self, catalog: str, name: str, reader: Reader, node: Node) -> Entry | None:
        """An entry of the file called as the reference calls the catalogue, whose own name is another."""
        for (owner, entry), found in (self._entries or {}).items():
            if entry == name and found.path.stem == catalog:
                reader.note(node, f"the catalogue in {found.path.name} calls itself '{owner}'", "name it so")
                return found
        return None

    def _files(self) -> list[Path]:
        found: dict[Path, None] = {}
        for place in self._places:
            for file in sorted(place.glob("*.xosc")) if place.is_dir() else [place]:
                if self.folders.allowed(file):
                    found[file] = None
        return list(found)
