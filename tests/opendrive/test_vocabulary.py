"""Nothing of a map is passed over in silence: what is not read is named (OpenDRIVE 1.4 to 1.8)."""

import logging
import re
import sys
from pathlib import Path

import pytest
from lxml import etree

from drivesim.cli import main
from drivesim.opendrive import read_network
from drivesim.opendrive.reader import read_map
from drivesim.opendrive.vocabulary import BESIDE, READ, unread
from drivesim.opendrive.xml import Element, parse

ROAD = (
    '<road id="{id}" length="100" junction="-1"><planView><geometry s="0" x="0" y="{y}" hdg="0" length="100"><line/>'
    '</geometry></planView><lanes><laneSection s="0"><center><lane id="0" type="none"/></center><right>'
    '<lane id="-1" type="{kind}"><width sOffset="0" a="3" b="0" c="0" d="0"/></lane></right></laneSection></lanes>'
    "{more}</road>"
)
SWITCH = (
    '<railroad><switch id="w" name="W12" position="dynamic"><mainTrack id="1" s="40" dir="+"/>'
    '<sideTrack id="2" s="0" dir="-"/><partner id="w2"/></switch></railroad>'
)
REST = (
    '<junction id="7" name="crossing"><connection id="0" incomingRoad="1" connectingRoad="2" contactPoint="start">'
    '<laneLink from="-1" to="-1"/></connection><priority high="1" low="2"/><controller id="c1" type="0"/></junction>'
    '<controller id="c1"><control signalId="s1"/></controller><station id="st" name="Central" type="large">'
    '<platform id="p"><segment roadId="1" sStart="10" sEnd="60" side="left"/></platform></station>'
)


def written(folder, more="", rest=REST):
    roads = ROAD.format(id=1, y=0, kind="tram", more=more) + ROAD.format(id=2, y=20, kind="driving", more="")
    file = folder / "map.xodr"
    file.write_text(f'<OpenDRIVE><header revMajor="1" revMinor="8"/>{roads}{rest}</OpenDRIVE>')
    return file


def said(file):
    return [str(note) for note in unread(parse(file))]


def test_priorities_switches_and_stations_are_read(tmp_path):
    read = read_map(written(tmp_path, SWITCH))
    junction = read.junctions["7"]
    assert (junction.priorities, junction.controllers) == ((("1", "2"),), ("c1",))
    (switch,) = read.roads["1"].switches
    assert (switch.main.road, switch.main.s, switch.main.direction) == ("1", 40.0, 1)
    assert (switch.side.road, switch.side.direction, switch.partner) == ("2", -1, "w2")
    (station,) = read.stations
    assert station.platforms[0].segments == (("1", 10.0, 60.0, "left"),)
    assert [line.partition("<")[2] for line in said(written(tmp_path, SWITCH))] == [
        "controller>: type not read (once). What these attributes say plays no part here"
    ]


def test_a_crg_surface_is_said_whenever_the_map_is_read(tmp_path, caplog):
    crg = '<surface><CRG file="belgian_block.crg" sStart="0" sEnd="100" orientation="same" mode="attached"/></surface>'
    with caplog.at_level(logging.WARNING):
        read_network(written(tmp_path, crg))
    assert "<CRG>" in caplog.text
    assert "OpenCRG" in caplog.text
    assert "map.xodr" in caplog.text


def test_check_names_what_is_not_read_with_file_and_line(tmp_path, capsys, monkeypatch):
    rest = REST + '<userData code="x" value="y"/><userData code="z"/><trafficIsland id="3"/>'
    file = written(tmp_path, '<lamps brightness="3"/>', rest)
    monkeypatch.setattr(sys, "argv", ["drivesim", "check", str(file)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code in (0, None)
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("<userData>: not read (2 times)", "<trafficIsland>: not read (once). It is no element of OpenDRIVE"):
        assert words in shown
    assert re.search(r"map\.xodr:1: <lamps>", shown)


def test_an_attribute_that_is_not_read_is_named(tmp_path):
    file = written(tmp_path)
    file.write_text(file.read_text().replace('type="tram"', 'type="tram" roadWorks="true"'))
    assert any("<lane>: roadWorks not read" in line for line in said(file))


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_every_element_that_plays_no_part_is_named_with_its_meaning(name):
    root = etree.fromstring(f"<OpenDRIVE><{name}><inside/></{name}></OpenDRIVE>")
    (note,) = unread(Element(root, Path("map.xodr")))
    assert f"<{name}>: not read (once)" in str(note)
    assert "no element of OpenDRIVE" not in str(note)


STANDARD = """
CRG OpenDRIVE access arc border borders boundary bridge center coefficients connection constant control
controller cornerLocal cornerReference cornerRoad crossPath crossSectionSurface crossfall cubic dataQuality
defaultRegulations dependency displayArea elevation elevationGrid elevationProfile endLaneLink error explicit
geoReference geometry header height include junction junctionGroup junctionReference lane laneLink laneOffset
laneSection lanes lateralProfile left license line linear link mainTrack marking markings material neighbor
object objectReference objects offset outline outlines paramPoly3 parking parkingSpace partner planView
platform poly3 polyline positionInertial positionRoad predecessor priority prohibited quadratic railroad
rawData reference repeat restriction right road roadMark roadRegulations roadSection routing rule segment
semantics shape sideTrack sign signal signalReference signalRegulations signals skeleton speed spiral
startLaneLink staticBoard station streetname strip successor superelevation supplementaryAllows
supplementaryDistance supplementaryEnvironment supplementaryExplanatory supplementaryProhibits
supplementaryTime surface surfaceStrips sway switch tOffset tourist tunnel type userData validity value
vertexLocal vertexRoad visibility vmsBoard vmsBoardReference vmsGroup warning width
"""
"""Every element of ASAM's schemas 1.4H to 1.8."""
INSIDE = """
coefficients constant cubic error junctionReference linear parking prohibited quadratic rawData restriction
roadRegulations routing signalRegulations streetname strip supplementaryAllows supplementaryDistance
supplementaryEnvironment supplementaryExplanatory supplementaryProhibits supplementaryTime surfaceStrips
tOffset tourist value vertexLocal vertexRoad warning
"""
"""Of these, what stands only in an element that is not read and named itself."""


def test_every_element_of_the_standard_is_read_or_known():
    assert set(STANDARD.split()) - set(READ) - set(BESIDE) == set(INSIDE.split())
    assert not set(READ) & set(BESIDE)
    assert {name for name in (*READ, *BESIDE) if name not in STANDARD.split()} <= {"referenceLine", "startLaneLink"}
