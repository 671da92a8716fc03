"""Where to stop for signals: by orientation, and by the lanes that references on a junction's paths name."""

import math

import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.opendrive import read_network
from drivesim.opendrive.stops import guarded_junctions, stopping_places
from drivesim.scene.city.installations import installations

ROAD = """
<road name="" length="{length}" id="{id}" junction="{junction}">
  <link>{link}</link>
  <planView><geometry s="0" x="{x}" y="0" hdg="0" length="{length}"><line/></geometry></planView>
  <lanes><laneSection s="0">
    <left><lane id="1" type="driving"><link>{left}</link><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></left>
    <center><lane id="0" type="none"/></center>
    <right><lane id="-1" type="driving"><link>{right}</link><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane>
    </right>
  </laneSection></lanes>
  <signals>{signals}</signals>
</road>"""
LANE = '<predecessor id="{0}"/><successor id="{0}"/>'
SIGNAL = '<signal id="{id}" s="{s}" t="{t}" orientation="{o}" hOffset="{h}" dynamic="yes" type="1000001">{v}</signal>'
REFERENCE = (
    '<signalReference id="{id}" s="{s}" t="0" orientation="{o}"><validity fromLane="{lane}" toLane="{lane}"/>'
    "</signalReference>"
)
NOBODY = '<validity fromLane="0" toLane="0"/>'


@pytest.fixture
def network(tmp_path):
    """West 100 m, a path of 20 m through junction 9, east 100 m; lights as CARLA's towns have them."""

    def road(number, x, length, link, junction="-1", signals=""):
        return ROAD.format(id=number, x=x, length=length, junction=junction, link=link, signals=signals,
                           left=LANE.format(1), right=LANE.format(-1))  # fmt: skip

    to_junction = '<{0} elementType="junction" elementId="9"/>'
    west = SIGNAL.format(id="W", s=98.0, t=-5.0, o="-", h=0.0, v=NOBODY)
    west += SIGNAL.format(id="plain", s=50.0, t=-5.0, o="+", h=0.0, v="")
    east = SIGNAL.format(id="E", s=2.0, t=5.0, o="+", h=-math.pi, v=NOBODY)
    inside = REFERENCE.format(id="W", s=0.5, o="-", lane=-1) + REFERENCE.format(id="E", s=19.5, o="+", lane=1)
    ends = '<predecessor elementType="road" elementId="1" contactPoint="end"/>'
    ends += '<successor elementType="road" elementId="3" contactPoint="start"/>'
    text = '<OpenDRIVE><header revMajor="1" revMinor="4"/>'
    text += road(1, 0, 100, to_junction.format("successor"), signals=west)
    text += road(2, 100, 20, ends, junction="9", signals=inside)
    text += road(3, 120, 100, to_junction.format("predecessor"), signals=east)
    text += '<junction id="9" name=""><connection id="0" incomingRoad="1" connectingRoad="2" contactPoint="start">'
    text += '<laneLink from="-1" to="-1"/></connection>'
    text += '<connection id="1" incomingRoad="3" connectingRoad="2" contactPoint="end"><laneLink from="1" to="1"/>'
    text += "</connection></junction></OpenDRIVE>"
    file = tmp_path / "lights.xodr"
    file.write_text(text)
    return read_network(file)


def test_lights_of_a_junction_stop_vehicles_three_metres_before_it(network):
    stops = stopping_places(network)
    assert stops["W"].pose.translation == pytest.approx((97.0, -1.75, 0.0), abs=1e-6)
    assert stops["W"].pose.rotation[:2, 0] == pytest.approx((1.0, 0.0), abs=1e-9)
    assert stops["E"].pose.translation == pytest.approx((123.0, 1.75, 0.0), abs=1e-6)
    assert stops["E"].pose.rotation[:2, 0] == pytest.approx((-1.0, 0.0), abs=1e-9)
    assert stops["E"].half_width == pytest.approx(1.75)


def test_a_light_that_names_no_lanes_is_for_those_it_faces(network):
    place = stopping_places(network)["plain"].pose
    assert place.translation == pytest.approx((47.0, -1.75, 0.0), abs=1e-6)


def test_a_light_guards_the_junction_whose_paths_name_it_or_that_is_nearer(network):
    assert guarded_junctions(network) == {"W": "9", "E": "9", "plain": "9"}


def test_heads_face_those_who_are_to_stop(network):
    looks = []
    for mesh in installations(network, np.random.default_rng(0)):
        lens = mesh.vertices[mesh.triangles[mesh.material == MaterialId.SIGNAL_LIGHT]].astype(float)
        normals = np.cross(lens[:, 1] - lens[:, 0], lens[:, 2] - lens[:, 0])
        looks.append(np.sign(normals.sum(axis=0)[0]))
    assert looks == [-1.0, -1.0, 1.0]  # W, plain and E, in the map's order
