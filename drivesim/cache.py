"""Things that take a second to make and are always the same: kept on disk between runs.

The folder is ``$DRIVESIM_CACHE``, else ``drivesim`` in ``$XDG_CACHE_HOME`` or ``~/.cache``; ``DRIVESIM_CACHE=off``
keeps nothing. Entries name what they were made from, code included, so nothing in the folder can be out of date; the
oldest go when it grows beyond :data:`LIMIT`. A folder that cannot be written is the same as none.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

LIMIT = 1 << 30
"""Bytes kept at most."""


def folder() -> Path | None:
    """Where entries are kept, if anywhere."""
    chosen = os.environ.get("DRIVESIM_CACHE")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "drivesim"


def cached(name: str, made_from: tuple[object, ...], code: tuple[str, ...], make: Callable[[], Arrays]) -> Arrays:
    """``make()``, or what it returned in an earlier run.

    Args:
        name: what it is, for people who look into the folder.
        made_from: everything but code that the result depends on; ``bytes``, or things with a faithful ``repr``.
        code: packages and modules below ``drivesim`` that make it, such as ``scene/city`` and ``mesh.py``.
    """
    place = folder()
    if place is None:
        return make()
    digest = hashlib.sha256(_fingerprint(code))
    for part in made_from:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b"\0")
    entry = place / f"{name}-{digest.hexdigest()[:32]}.npz"
    try:
        with np.load(entry, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        entry.touch()
        return arrays
    except (OSError, ValueError, zipfile.BadZipFile):
        arrays = dict(make())
    with suppress(OSError):  # a full disk or a read-only home costs time, not results
        _store(entry, arrays)
    return arrays


@cache
def _fingerprint(code: tuple[str, ...]) -> bytes:
    """Digest of source files."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for name in code:
        path = root / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.digest()


def _store(entry: Path, arrays: Arrays) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=entry.parent, suffix=".part", delete=False) as file:
        temporary = Path(file.name)
        try:
            np.savez(file, allow_pickle=False, **arrays)
        except BaseException:
            temporary.unlink()
            raise
    temporary.replace(entry)
    _prune(entry.parent)


def _prune(place: Path) -> None:
    """Remove the least recently used entries beyond the limit."""
    entries = sorted(place.glob("*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = 0
    for file in entries:
        total += file.stat().st_size
        if total > LIMIT:
            file.unlink(missing_ok=True)
