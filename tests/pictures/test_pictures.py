"""Pictures show what is there, where it is, at the scale they state."""

import numpy as np
import pytest
from typer.testing import CliRunner

from drivesim.cli.app import app
from drivesim.opendrive import empty_network, read_network
from drivesim.pictures import Track, draw_map, draw_scenario
from drivesim.pictures.canvas import PAPER, Canvas
from drivesim.pictures.scenario import _PALETTE
from drivesim.types import Actor, BoundingBox, Collision

ROAD = (150, 156, 165)
MAP = """<OpenDRIVE><header revMajor="1" revMinor="7"/><road name="" length="100" id="1" junction="-1"><planView>
<geometry s="0" x="0" y="0" hdg="0" length="100"><line/></geometry></planView><lanes><laneSection s="0"><left>
<lane id="1" type="driving"><width sOffset="0" a="10" b="0" c="0" d="0"/></lane></left><center><lane id="0" type="none">
<roadMark sOffset="0" type="solid" color="white" width="1"/></lane></center><right><lane id="-1" type="sidewalk">
<width sOffset="0" a="10" b="0" c="0" d="0"/></lane></right></laneSection></lanes>
<signals><signal id="7" s="50" t="5" dynamic="no" orientation="+" zOffset="2" type="1" subtype="1"/></signals>
</road></OpenDRIVE>"""


@pytest.fixture
def network(tmp_path):
    (tmp_path / "map.xodr").write_text(MAP)
    return read_network(tmp_path / "map.xodr")


def car(index, name):
    return Actor(index, name, "vehicle", "car", "car", BoundingBox((1.4, 0, 0.75), 4.5, 1.8, 1.5), None, None, 1500.0)


def test_metres_become_pixels_with_y_up():
    canvas = Canvas((0.0, -10.0, 100.0, 10.0), 1080, (0.1, 1.0))
    assert canvas.scale == pytest.approx(10.0)
    assert canvas.size == (1080, 216)
    assert canvas.pixels(np.array([[50.0, 0.0], [0.0, 10.0]])) / 2 == pytest.approx(np.array([[540, 108], [40, 8]]))


def test_a_map_shows_lanes_by_type_paint_and_paper(network):
    picture = draw_map(network, width=1080)
    sheet = Canvas(network.bounds(), 1080)

    def at(x, y):
        return picture.getpixel(tuple((sheet.pixels(np.array([x, y])) / 2).astype(int).tolist()))

    assert at(20, 8) == ROAD
    assert at(20, -5) == (224, 215, 198)
    assert min(at(20, 0)) > 240
    assert at(50, 14) == PAPER
    assert at(50, 5) == (247, 246, 242)  # the sign's plate


def test_paths_run_where_the_actors_went_and_collisions_are_marked():
    times = np.linspace(0, 10, 101)
    rows = np.stack([times, 10 * times, 0 * times, 0 * times], axis=1)
    still = np.array([[0.0, 60.0, 20.0, 0.0], [10.0, 60.0, 20.0, 0.0]])
    hit = Collision(5.0, "a", "b", (70.0, 30.0), 3.0)
    picture = np.asarray(
        draw_scenario(empty_network(), [Track(car(0, "a"), rows), Track(car(1, "b"), still)], "t", "", [hit], 1240)
    )

    def count(colour):
        return int(np.all(picture == colour, axis=-1).sum())

    path, body = count(_PALETTE[0]), count(_PALETTE[1])
    assert path > 0.8 * 2.6 * 1000
    assert body > 0
    assert count((200, 20, 20)) > 20
    row = np.flatnonzero(np.all(picture == _PALETTE[0], axis=-1).any(axis=1))
    assert len(row) < 40  # a straight line along x


def test_show_writes_a_picture_of_maps_and_scenarios(tmp_path):
    varied = "distributions/child_after_ball.xosc"
    for name, file in (
        ("rural_road.xodr", "map.png"), ("pedestrian_at_night", "scenario.png"), (varied, "distribution.png"),
    ):  # fmt: skip
        done = CliRunner().invoke(
            app, ["show", name, "--out", str(tmp_path / file), "--width", "600", "--duration", "1"]
        )
        assert done.exit_code == 0, done.output
        assert (tmp_path / file).stat().st_size > 2000
