"""Files damaged at random: what a reader must survive with a message.

``python tests/fuzzing.py 100000`` runs as many cases as wished; a bounded number runs in the tests.
"""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from drivesim import content
from drivesim.behaviors.tree import read_tree
from drivesim.errors import DrivesimError
from drivesim.opendrive import read_network
from drivesim.openscenario import load_scenario, read_distribution
from drivesim.openscenario.documents import read_catalog

NASTY = [
    "", " ", "0", "-1", "1", "1e308", "-1e308", "1e-320", "nan", "inf", "-INF", "0x10", "9" * 400, "true", "NaN", "1_0",
    "$", "${", "${}", "$x", "${1/0}", "${$x}", "${pow(10,400)}", "${((((((1))))))}", "${" + "(" * 400 + "}",
    "${-" + "-" * 300 + "1}", "..", "/", "\\", "a/../../b", "é", "\U0001f697", "%s", "{}", "١", "+5", "5 ", "1e9",
    "2147483648", "-0.0",
]  # fmt: skip
"""Attribute values that have broken somebody's reader."""

SLOWEST = 10.0
"""Seconds of processor time after which a reader counts as hanging."""

WORDS = [
    b"<",
    b">", b"&amp;", b"&x;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"\x00", b"\xff", b'"', b"${", b"1e999", b"<?xml?>",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b" xmlns='u'",
]  # fmt: skip


def mutated(source: bytes, random_source: random.Random) -> bytes:
    """``source`` with one to five faults, most of which leave it well-formed."""
    if random_source.random() < 0.25:
        return _bytes(source, random_source)
    root = etree.fromstring(source)
    for _ in range(random_source.randint(1, 5)):
        _tree(root, random_source)
    return etree.tostring(root)


def _bytes(source: bytes, random_source: random.Random) -> bytes:
    data = bytearray(source)
    for _ in range(random_source.randint(1, 5)):
        at = random_source.randrange(len(data) + 1)
        match random_source.randrange(4):
            case 0:
                data[at:at] = random_source.choice(WORDS)
            case 1:
                del data[at : at + random_source.randint(1, 200)]
            case 2 if at < len(data):
                data[at] = random_source.randrange(256)
            case _:
                data[at:at] = data[at : at + random_source.randint(1, 400)]
    return bytes(data)


def _tree(root: etree._Element, random_source: random.Random) -> None:
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    node, other = random_source.choice(nodes), random_source.choice(nodes)
    names = list(node.attrib)
    match random_source.randrange(9):
        case 0 | 1 | 2 if names:
            node.set(random_source.choice(names), random_source.choice(NASTY))
        case 3 if names:
            del node.attrib[random_source.choice(names)]
        case 4 if other.attrib and names:
            node.set(random_source.choice(names), random_source.choice(list(other.attrib.values())))
        case 5 if node.getparent() is not None:
            node.getparent().remove(node)
        case 6:
            node.append(etree.fromstring(etree.tostring(other)))
        case 7:
            node.tag = other.tag
        case _:
            node.text = random_source.choice(NASTY).replace("\x00", "")


def _map(path: Path) -> None:
    network = read_network(path)
    x0, y0, x1, y1 = network.bounds()
    for part in (0.1, 0.5, 0.9):
        network.lane_from_world(x0 + part * (x1 - x0), y0 + part * (y1 - y0))


def _scenario(path: Path) -> None:
    scenario = load_scenario(path)
    scenario.actors()
    scenario.weather()


def _distribution(path: Path) -> None:
    distribution = read_distribution(path)
    for _, _run in zip(range(20), distribution.instances(), strict=False):
        pass


SAMPLES = Path(__file__).parent / "samples"
Reader = Callable[[Path], object]


def seeds() -> list[tuple[str, bytes, Reader]]:
    """Names, contents and readers of files to damage."""
    shipped = content.shipped("scenarios")
    found: list[tuple[str, bytes, Reader]] = []
    found += [(f"shipped/{p.name}", p.read_bytes(), _scenario) for p in sorted(shipped.glob("*.xosc"))]
    found += [(f"maps/{p.name}", p.read_bytes(), _map) for p in sorted(shipped.rglob("*.xodr"))[:4]]
    found += [(p.name, p.read_bytes(), read_tree) for p in sorted(content.shipped("behaviors").rglob("*.xml"))]
    readers = {"catalog": read_catalog, "distribution": _distribution, "map": _map}
    for path in sorted(SAMPLES.iterdir()):
        found.append((path.name, path.read_bytes(), readers.get(path.stem.split("_")[0], _scenario)))
    return found


def check(data: bytes, suffix: str, read: Reader, folder: Path) -> None:
    """Read a damaged file; anything but success or a DrivesimError is the caller's to see, and so is a hang."""
    path = folder / f"damaged{suffix}"
    path.write_bytes(data)
    begun = time.process_time()
    with contextlib.suppress(DrivesimError):
        read(path)
    assert time.process_time() - begun < SLOWEST, "the reader took too long"


def prepare(folder: Path) -> None:
    """Put the samples where damaged files that refer to them look."""
    for path in SAMPLES.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())


def main(cases: int, first: int) -> int:
    import logging
    import traceback

    logging.getLogger("drivesim").setLevel(logging.CRITICAL)
    sources = seeds()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for number in range(first, first + cases):
            chance = random.Random(number)
            label, source, read = sources[number % len(sources)]
            data = mutated(source, chance)
            try:
                check(data, Path(label).suffix, read, folder)
            except Exception:
                failures += 1
                kept = Path(tempfile.gettempdir()) / f"fuzz_{number}{Path(label).suffix}"
                kept.write_bytes(data)
                sys.stdout.write(f"case {number} of {label}, kept as {kept}:\n{traceback.format_exc(limit=-3)}\n")
    sys.stdout.write(f"{cases} cases, {failures} failures\n")
    return 1 if failures else 0


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    raise SystemExit(main(arguments[0] if arguments else 1000, arguments[1] if len(arguments) > 1 else 0))
