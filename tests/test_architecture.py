"""Imports run one way, as drawn in docs/architecture.md; ``import drivesim`` is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "drivesim"
GROUND = {"errors", "content", "transforms", "streams", "taxonomy", "materials", "mesh", "types", "cache", "xmlfile"}
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "opendrive": GROUND,
    "world": GROUND | {"opendrive"},
    "openscenario": GROUND | {"opendrive", "world"},
    "behaviors": GROUND | {"opendrive", "world"},
    "scene": GROUND | {"opendrive", "world"},
    "sensors": GROUND | {"scene"},
    "recording": GROUND,
    "pictures": GROUND | {"opendrive"},
    "studio": GROUND | {"opendrive", "world", "scene", "sensors"},
    "simulators": GROUND | {"opendrive", "world", "scene", "sensors"},
    "simulation": GROUND
    | {"opendrive", "world", "openscenario", "behaviors", "scene", "sensors", "recording", "simulators"},
    "carla_server": GROUND | {"opendrive", "world", "scene", "sensors", "simulators"},
    "ego": GROUND,
    "studies": GROUND
    | {"opendrive", "world", "openscenario", "behaviors", "scene", "sensors", "recording", "simulators", "simulation"}
    | {"ego"},
    "learning": GROUND | {"recording"},
    "envs": GROUND
    | {"opendrive", "world", "openscenario", "behaviors", "scene", "sensors", "recording", "simulation"}
    | {"simulators", "studies"},
}


def imported_rooms(source: Path) -> set[str]:
    """Second-level drivesim names a file imports, those inside functions too."""
    rooms = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [
                f"{node.module}.{alias.name}" if node.module == "drivesim" else node.module for alias in node.names
            ]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("drivesim.")}
    return rooms


def room_of(source: Path) -> str:
    return source.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_lies_below_it(room):
    for source in PACKAGE.rglob("*.py"):
        if room_of(source) == room:
            upward = imported_rooms(source) - MAY_IMPORT[room] - {room, "__version__"}
            assert not upward, f"{source.relative_to(PACKAGE)} reaches up to {sorted(upward)}"


def test_ground_has_no_import_cycles():
    below: dict[str, set[str]] = {name: set() for name in GROUND}
    for source in PACKAGE.rglob("*.py"):
        if (room := room_of(source)) in GROUND:
            below[room] |= imported_rooms(source) - {room}
    order: list[str] = []
    while len(order) < len(below):
        ready = [name for name in sorted(below) if name not in order and below[name] <= set(order)]
        assert ready, f"cycle among {sorted(set(below) - set(order))}"
        order += ready


def test_types_are_imported_from_one_place():
    for source in PACKAGE.rglob("*.py"):
        if room_of(source) != "types":
            for node in ast.walk(ast.parse(source.read_text())):
                assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("drivesim.types."))


def test_no_relative_imports_hide_the_direction():
    for source in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{source}:{node.lineno}"


def test_importing_drivesim_loads_nothing_heavy():
    code = (
        "import sys, drivesim; print(sorted({m.split('.')[0] for m in sys.modules} & {'numpy','numba','cv2','lxml'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
