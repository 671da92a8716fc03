"""Find scenarios, rigs and behaviour trees by name, from anywhere.

A path wins; then the current folder; then the content that ships with drivesim (inside the wheel, or at the top
of a source checkout).
"""

from __future__ import annotations

from pathlib import Path

from drivesim.errors import ContentNotFoundError, did_you_mean

_PACKAGE = Path(__file__).resolve().parent

KINDS: dict[str, tuple[str, ...]] = {
    "scenarios": (".xosc", ".xodr"),
    "sensors": (".yaml",),
    "behaviors": (".xml",),
}
"""Content folders and the suffixes tried, in order, when a name has none."""


def shipped(kind: str) -> Path:
    """The folder of shipped content of one kind (``scenarios``, ``sensors`` or ``behaviors``)."""
    packaged = _PACKAGE / "content" / kind
    return packaged if packaged.is_dir() else _PACKAGE.parent / kind


def available(kind: str) -> list[str]:
    """Names (paths relative to the shipped folder, without suffix) of everything of a kind."""
    root = shipped(kind)
    main_suffix = KINDS[kind][0]
    return sorted(p.relative_to(root).with_suffix("").as_posix() for p in root.rglob(f"*{main_suffix}"))


def find(kind: str, name: str | Path, *, beside: Path | None = None) -> Path:
    """The file that ``name`` means.

    Args:
        kind: ``scenarios``, ``sensors`` or ``behaviors``.
        name: a path, or a name with or without suffix.
        beside: a folder to search before the current one (that of the file which refers to ``name``).

    Raises:
        ContentNotFoundError: nothing of that name; the message lists where was looked and the closest name.
    """
    wanted = Path(name).expanduser()
    suffixes = [""] if wanted.suffix in KINDS[kind] else ["", *KINDS[kind]]
    folders = [*([beside] if beside else []), Path.cwd(), Path.cwd() / kind, shipped(kind)]
    roots = [Path("/")] if wanted.is_absolute() else folders
    for root in roots:
        for suffix in suffixes:
            candidate = root / (str(wanted) + suffix)
            if candidate.is_file():
                return candidate.resolve()
    looks_like_path = wanted.is_absolute() or len(wanted.parts) > 1 or bool(wanted.suffix)
    remedy = "check the path" if wanted.is_absolute() else did_you_mean(wanted.stem, available(kind))
    where = "" if looks_like_path and wanted.is_absolute() else f" in {', '.join(str(r) for r in roots)}"
    raise ContentNotFoundError(f"no {kind[:-1]} '{name}' found{where}", remedy=remedy)
