"""Which files a scenario may refer to, and where a map is looked for.

Scenarios come from strangers. What they refer to must lie near them, ship with drivesim, or lie in a folder the user
named. ``DRIVESIM_MAPS`` lists folders, as PATH does, of maps and catalogues that are not where a scenario says;
``DRIVESIM_ALLOW`` lists folders that scenarios may refer to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PureWindowsPath

from drivesim import content
from drivesim.errors import ScenarioError
from drivesim.xmlfile import Node

MAPS, ALLOW = "DRIVESIM_MAPS", "DRIVESIM_ALLOW"
NEAR = 3
"""Folders above the scenario's own that still count as its own; sets of scenarios share catalogues and maps so."""


def named(variable: str) -> list[Path]:
    """The folders an environment variable lists."""
    return list(_listed(os.environ.get(variable, "")))


@lru_cache(maxsize=8)
def _listed(text: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser().resolve() for part in text.split(os.pathsep) if part)


@dataclass(frozen=True)
class Folders:
    """The folders of one scenario file."""

    file: Path

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """Everything below these may be read; each ends in a separator."""
        own, home = Path(os.path.realpath(self.file)).parent, Path.home()
        found = [own]
        for folder in list(own.parents)[:NEAR]:
            if folder.parent == folder or folder == home or folder in home.parents:
                break
            found.append(folder)
        roots = *found, content.shipped("scenarios"), *named(MAPS), *named(ALLOW)
        return tuple(f"{root}{os.sep}" for root in roots)

    def allowed(self, path: Path) -> bool:
        return f"{os.path.realpath(path)}{os.sep}".startswith(self.roots)

    def check(self, path: Path, node: Node) -> Path:
        """``path``, if the scenario may refer to it.

        Raises:
            ScenarioError: it may not.
        """
        if not self.allowed(path):
            raise self.fail(
                node, f"'{path}' lies outside the scenario's folders", f"move it, or list its folder in {ALLOW}"
            )
        return path

    def fail(self, node: Node, problem: str, remedy: str) -> ScenarioError:
        line = int(node.sourceline) if node.sourceline else None
        return ScenarioError(problem, file=self.file, line=line, element=str(node.tag), remedy=remedy)

    def beside(self, name: str) -> Path:
        """A path as written in the file, from the file's folder."""
        return self.file.parent / name.replace("\\", "/")

    def directory(self, name: str, node: Node) -> Path | None:
        """A folder (or file) of catalogues; None where there is none."""
        for path in (self.beside(name), *(folder / _forward(name) for folder in named(MAPS))):
            if _exists(path):
                return self.check(path, node)
        return None

    def map(self, name: str, node: Node) -> Path:
        """The OpenDRIVE file that a ``LogicFile`` names.

        Raises:
            ScenarioError: there is none, or it may not be read.
        """
        for path in self._candidates(name):
            if _exists(path) and path.is_file():
                return self.check(path, node).resolve()
        searched = named(MAPS)
        hint = f"put it into {os.pathsep.join(map(str, searched))}" if searched else f"list its folder in {MAPS}"
        raise self.fail(node, f"there is no map '{name}' beside the scenario", f"check the path, or {hint}")

    def scenario(self, name: str, node: Node) -> Path:
        """The scenario that a distribution varies.

        Raises:
            ScenarioError: there is none, or it may not be read.
        """
        path = self.beside(name)
        if not _exists(path):
            raise self.fail(node, f"there is no scenario '{name}' beside it", "check ScenarioFile's path")
        return self.check(path, node).resolve()

    def _candidates(self, name: str) -> Iterator[Path]:
        base = PureWindowsPath(name).name
        endings = [""] if base.endswith(".xodr") else ["", ".xodr"]
        for folder in (self.file.parent, content.shipped("scenarios")):
            yield from (folder / (name.replace("\\", "/") + ending) for ending in endings)
        yield from (self.file.parent / (base + ending) for ending in endings)
        for folder in named(MAPS):
            yield from (folder / (part + ending) for part in (_forward(name), base) for ending in endings)
            yield from sorted(folder.rglob(base if base.endswith(".xodr") else base + ".xodr"))


def _exists(path: Path) -> bool:
    """Whether there is something at a path that a file states, which need not even be a legal one."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _forward(name: str) -> str:
    """A path without the steps up at its beginning."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))
