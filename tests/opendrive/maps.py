"""Tiny maps as text."""

from __future__ import annotations

from pathlib import Path

from drivesim.opendrive import RoadNetwork, read_network

LANES = """
<laneSection s="0"><left><lane id="1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></left>
<center><lane id="0" type="none"/></center>
<right><lane id="-1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right></laneSection>"""


def road(geometry: str, length: float, *, lanes: str = LANES, attributes: str = "", extra: str = "") -> str:
    """A road at the origin heading east; ``geometry`` is the shape element, ``extra`` more children."""
    identity = attributes if "id=" in attributes else f'id="1" junction="-1" {attributes}'
    return (
        f'<road length="{length}" {identity}>{extra}<planView><geometry s="0" x="0" y="0" hdg="0" '
        f'length="{length}">{geometry}</geometry></planView><lanes>{lanes}</lanes></road>'
    )


def document(*parts: str) -> str:
    return f'<OpenDRIVE><header revMajor="1" revMinor="7"/>{"".join(parts)}</OpenDRIVE>'


def network(folder: Path, *parts: str) -> RoadNetwork:
    file = folder / "map.xodr"
    file.write_text(document(*parts))
    return read_network(file)
