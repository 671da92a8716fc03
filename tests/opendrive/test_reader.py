"""What files say, and what they get wrong."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from maps import LANES, document, network, road

from drivesim.errors import ScenarioError
from drivesim.opendrive import read_network
from drivesim.opendrive.model import ParamPoly3

SHARED = Path(os.environ.get("DRIVESIM_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def test_reads_lanes_types_and_links(tmp_path):
    extra = (
        '<link><successor elementType="junction" elementId="7"/></link>'
        '<type s="0" type="town"><speed max="50" unit="km/h"/></type>'
    )
    net = network(tmp_path, road("<line/>", 100.0, extra=extra), '<junction id="7" name="j"/>')
    made = net.roads["1"]
    assert made.successor is not None
    assert made.successor.element_type == "junction"
    assert [*made.lane_sections[0].lanes] == [1, 0, -1]
    assert net.speed_limit("1", 3.0) == pytest.approx(50 / 3.6)
    assert net.junctions["7"].name == "j"


def test_parameter_range_defaults_to_normalized(tmp_path):
    shape = '<paramPoly3 aU="0" bU="10" cU="0" dU="0" aV="0" bV="0" cV="0" dV="0"/>'
    made = network(tmp_path, road(shape, 10.0)).roads["1"].geometries[0].shape
    assert isinstance(made, ParamPoly3)
    assert made.normalized


def test_no_limit_is_infinite(tmp_path):
    extra = '<type s="0" type="motorway"><speed max="no limit"/></type>'
    assert network(tmp_path, road("<line/>", 10.0, extra=extra)).speed_limit("1", 1.0) == math.inf


def test_namespaces_are_ignored(tmp_path):
    file = tmp_path / "map.xodr"
    file.write_text(document(road("<line/>", 5.0)).replace("<OpenDRIVE>", '<OpenDRIVE xmlns="http://example.org">'))
    assert read_network(file).roads["1"].length == 5.0


@pytest.mark.parametrize(
    ("text", "element", "word"),
    [
        (document(road('<arc curvature="wide"/>', 5.0)), "arc", "curvature"),
        (document(road("<arc/>", 5.0)), "arc", "curvature"),
        (document(road("<line/>", 5.0, lanes="")), "road", "laneSection"),
        (document(road("", 5.0)), "geometry", "shape"),
        (document(road("<line/>", 5.0, lanes=LANES.replace('id="1"', 'id="-2"'))), "lane", "left"),
        (document(road("<line/>", 5.0), road("<line/>", 5.0)), "road", "twice"),
        (document(road("<line/>", 5.0, attributes='rule="UHT"')), "road", "rule"),
        (document(road('<arc curvature="nan"/>', 5.0)), "arc", "curvature"),
        (document(), "OpenDRIVE", "no road"),
        ("<OpenSCENARIO/>", "OpenSCENARIO", "root"),
    ],
)
def test_mistakes_say_file_line_element_and_remedy(tmp_path, text, element, word):
    file = tmp_path / "bad.xodr"
    file.write_text(text)
    with pytest.raises(ScenarioError, match=word) as caught:
        read_network(file)
    error = caught.value
    assert error.file == file
    assert error.line
    assert error.element == element
    assert error.remedy


def test_broken_xml_and_missing_files_are_scenario_errors(tmp_path):
    file = tmp_path / "bad.xodr"
    file.write_text("<OpenDRIVE><road></OpenDRIVE>")
    with pytest.raises(ScenarioError, match="well-formed"):
        read_network(file)
    with pytest.raises(ScenarioError, match="cannot be opened"):
        read_network(tmp_path / "absent.xodr")


def test_entities_are_refused(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    file = tmp_path / "map.xodr"
    body = document(road("<line/>", 5.0)).replace(
        '<header revMajor="1" revMinor="7"/>',
        '<header revMajor="1" revMinor="7"><geoReference>&leak;</geoReference></header>',
    )
    file.write_text(f'<!DOCTYPE OpenDRIVE [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>{body}')
    with pytest.raises(ScenarioError, match="entities"):
        read_network(file)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no corpus: set DRIVESIM_SHARED to the folder that holds corpus/")
def test_every_map_of_the_corpus_is_read_or_refused_politely():
    refused = []
    files = sorted(SHARED.rglob("*.xodr"))
    for file in files:
        try:
            read_network(file)
        except ScenarioError as error:
            refused.append(error)
    assert all(error.remedy for error in refused)
    assert len(refused) <= 0.03 * len(files)


def test_a_reference_to_a_signal_says_for_which_lanes_it_counts(tmp_path):
    file = tmp_path / "map.xodr"
    reference = (
        '<signalReference id="9" s="1" t="0" orientation="+"><validity fromLane="-2" toLane="-1"/></signalReference>'
    )
    body = document(road("<line/>", 5.0)).replace("</road>", f"<signals>{reference}</signals></road>")
    file.write_text(body)
    (found,) = read_network(file).roads["1"].signal_references
    assert (found.id, found.lanes) == ("9", ((-2, -1),))


def test_a_map_is_read_once_while_its_file_stays_as_it_is(tmp_path):
    file = tmp_path / "map.xodr"
    file.write_text(document(road("<line/>", 5.0)))
    first = read_network(file)
    assert read_network(file) is first
    file.write_text(document(road("<line/>", 50.0)))
    assert read_network(file).roads["1"].length == 50.0


def test_a_width_that_the_next_replaces_at_once_says_nothing(tmp_path):
    first = '<width sOffset="0" a="3.5" b="0" c="-3e11" d="1.5e25"/>'
    first += '<width sOffset="1.4e-14" a="3.5" b="0.01" c="0" d="0"/>'
    right = LANES.index("<right>")
    lanes = LANES[:right] + LANES[right:].replace('<width sOffset="0" a="3.5" b="0" c="0" d="0"/>', first)
    assert first in lanes
    net = network(tmp_path, road("<line/>", 100.0, lanes=lanes))
    assert net.lane_width("1", -1, 0.0) == pytest.approx(3.5)
    assert net.lane_width("1", -1, 50.0) == pytest.approx(4.0)


def test_a_width_beyond_all_bounds_that_lasts_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="width"):
        network(tmp_path, road("<line/>", 100.0, lanes=LANES.replace('d="0"', 'd="1.5e25"', 1)))
