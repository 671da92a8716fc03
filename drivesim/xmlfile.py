"""XML files from strangers: parsed without entities, external document types or network."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lxml import etree

from drivesim.errors import ScenarioError

Node = etree._Element


def stamp(path: Path) -> bytes:
    """A digest of a file, for what is kept while it stays as it is (times of files tick in milliseconds, and programs
    write more often than that); empty for one that cannot be read."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    except (OSError, ValueError):
        return b""


def parse_xml(path: Path) -> Node:
    """The root element of a file, without comments and processing instructions.

    Raises:
        ScenarioError: the file cannot be opened, is not well-formed, or declares entities (the door to expansion
            bombs and to other files; no standard read here needs them).
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        with path.open("rb") as file:
            tree = etree.parse(file, parser)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(f"cannot be opened: {reason}", file=path, remedy="check the path") from error
    except etree.XMLSyntaxError as error:
        raise ScenarioError(
            f"not well-formed XML: {error.msg}", file=path, line=error.lineno, remedy="mend the XML at this line"
        ) from error
    types = tree.docinfo.internalDTD
    if types is not None and any(True for _ in types.iterentities()):
        raise ScenarioError(
            "its DOCTYPE declares entities, which are not read", file=path, line=1, element="!DOCTYPE",
            remedy="remove the DOCTYPE and write entities out",
        )  # fmt: skip
    return tree.getroot()
