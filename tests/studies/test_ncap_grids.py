"""Euro NCAP grids: which cells there are, what colour they get, and what the official calculator says."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from drivesim.errors import DrivesimError
from drivesim.studies.ncap.calculator import ask
from drivesim.studies.ncap.grid import Asked, Judged, play_grid, stands, unmet
from drivesim.studies.ncap.layers import LAYERS
from drivesim.studies.ncap.page import write_page
from drivesim.studies.ncap.protocol import TESTS, Cell, cells_of, judged

CALCULATOR = Path(os.environ.get("DRIVESIM_NCAP_PYTHON", Path.home() / ".cache/drivesim-ncap/bin/python"))


def test_of_head_on_collisions_the_speed_taken_off_counts():
    cell = next(c for c in cells_of("2026", ["CCFhos"], extended=False) if (c.speed, c.column) == (60, 0.5))
    assert cell.target_speed == 70.0
    assert [judged("2026", cell, 60.0 - off)[0] for off in (0.0, 10.0, 10.1, 20.0, 20.1, 60.0)] == [
        "red", "red", "orange", "orange", "green", "green",
    ]  # fmt: skip
    assert Judged(cell, 45.0, "orange", 0.5).measured == 15.0
    assert Judged(cell, 0.0, "green", 1.0).measured == 30.0


def test_a_touch_in_a_turn_is_red_however_slow():
    cell = cells_of("2026", ["CCFtap"], extended=False)[0]
    assert cell.heading == "30 km/h"
    assert judged("2026", cell, 0.0) == ("green", 1.0)
    assert judged("2026", cell, 0.01) == ("red", 0.0)


def test_layers_change_each_test_as_the_calculator_says():
    """By its table of verification conditions; a test is varied or left alone."""
    cells = {cell.test.name: cell for cell in cells_of("2026", [], extended=False)}
    expected = {
        "target_faster": {"CPNA day": "8", "CPFA night": "11", "CBFA": "25", "CPTAfs": "8", "CBTAno": "20",
                          "CCFhol": "75", "CCFtap": "65", "CCCscp": "65"},
        "target_slower": {"CPNA day": "3", "CBNAO": "7", "CCFhos": "65", "CMFtap": "55", "CMCscp": "55"},
    }  # fmt: skip
    for layer, speeds in expected.items():
        for name, speed in speeds.items():
            assert {run["target_speed"] for run in cells[name].runs(LAYERS[layer])} == {speed}
    assert "CPTA" not in LAYERS["target_slower"].tests
    aside = {"CBTAfs": {"4.5", "5.5"}, "CBTAfo": {"2.25", "3.25"}, "CBTAns": {"-4.5", "-5.5"}}
    for name, lines in aside.items():
        layers = (LAYERS["target_nearer"], LAYERS["target_farther"])
        assert {run["aside"] for layer in layers for run in cells[name].runs(layer)} == lines
    assert {cell.test.loadcase for cell in cells_of("2026", [], extended=False, layer="target_nearer")} == {
        "CPNA", "CPFA", "CPNCO", "CCRb", "CMRb", "CBTA",
    }  # fmt: skip
    strict = {name: LAYERS[name].same for name in ("brakes_harder", "brakes_softer", "target_turned")}
    assert strict == {
        "brakes_harder": set(),
        "brakes_softer": {"CCRb", "CMRb"},
        "target_turned": {"CPNA", "CPFA", "CPNCO"},
    }


def test_turns_across_somebody_stand_a_layer_together():
    cells = cells_of("2026", ["CPTAfs", "CPTAno"], extended=False)
    good = [Judged(cell, 0.0, "green", 1.0) for cell in cells]
    worse = [*good[:-1], Judged(cells[-1], 1.0, "red", 0.0)]
    assert stands("target_faster", good, good) == {"CPTA": True}
    assert stands("target_faster", good, worse) == {"CPTA": False}


def test_the_grids_are_those_of_the_protocols():
    counted = Counter(cell.test.name for cell in cells_of("2026", [], extended=True))
    assert counted == {
        "CCRs": 56, "CPNA day": 30, "CPNA night": 30, "CPFA day": 30, "CPFA night": 30, "CPNCO day": 18,
        "CPNCO night": 18, "CCRm": 77, "CPLA day": 24, "CPLA night": 24, "CBLA": 20, "CBNA": 30, "CBNAO": 30,
        "CBFA": 30, "CCFtap": 16, "CMFtap": 16, "CCRb": 77, "CCFhos": 32, "CCFhol": 32, "CMRs": 40, "CMRb": 55,
        "CCCscp": 33, "CMCscp": 33, "CPTAfs": 20, "CPTAns": 5, "CPTAfo": 20, "CPTAno": 5,
        "CBTAfs": 8, "CBTAns": 2, "CBTAfo": 20, "CBTAno": 3,
    }  # fmt: skip
    standard = Counter(cell.test.name for cell in cells_of("2026", [], extended=False))
    assert (standard["CPNA day"], standard["CPFA day"], standard["CPNCO night"], standard["CCRs"]) == (18, 6, 6, 40)
    assert (standard["CCRm"], standard["CPLA night"], standard["CBLA"], standard["CBNA"]) == (55, 6, 5, 12)
    assert (standard["CCFtap"], standard["CMFtap"], standard["CPTAfs"], standard["CPTAno"]) == (9, 9, 3, 1)
    assert (standard["CBTAfs"], standard["CBTAns"], standard["CBTAfo"], standard["CBTAno"]) == (3, 1, 3, 1)
    assert (standard["CCRb"], standard["CMRs"], standard["CMRb"], standard["CCCscp"]) == (30, 24, 18, 25)
    ahead = {cell.speed: cell.target_speed for cell in cells_of("2026", ["CCRm"], extended=True)}
    assert (ahead[30], ahead[80], ahead[90], ahead[130]) == (20.0, 20.0, 30.0, 70.0)
    assert len(cells_of("2023", ["CPNCO"], extended=True)) == 11
    assert Counter(cell.test.name for cell in cells_of("2023", ["CPLA", "CBLA", "CBFA"], extended=True)) == {
        "CPLA day": 9, "CPLA night": 9, "CBLA": 8, "CBFA": 11,
    }  # fmt: skip
    assert {cell.test.name for cell in cells_of("2026", ["CPNA night"], extended=True)} == {"CPNA night"}
    for wrong in (("2025", [], None), ("2026", ["CPXX"], None), ("2026", [], "hail")):
        with pytest.raises(DrivesimError):
            cells_of(wrong[0], wrong[1], extended=True, layer=wrong[2])


def test_points_of_2023_fall_with_the_speed_that_is_left():
    slow, fast = (Cell(TESTS["2023"][0], speed, 0.25) for speed in (40, 50))
    assert judged("2023", slow, 0.0) == ("green", 1.0)
    assert judged("2023", slow, 10.0) == ("yellow", 0.75)
    assert judged("2023", slow, 35.0) == ("red", 0.125)
    assert judged("2023", fast, 30.0) == ("yellow", 1.0)
    assert judged("2023", fast, 30.1) == ("red", 0.0)


def graded(cells):
    """Impact speeds that meet every band, its edges included."""
    speeds = (0.0, 0.1, 9.9, 10.0, 15.0, 19.9, 20.0, 29.9, 30.0, 45.0)
    chosen = [min(speeds[n % len(speeds)], cell.speed) for n, cell in enumerate(cells)]
    return [Judged(cell, speed, *judged("2026", cell, speed)) for cell, speed in zip(cells, chosen, strict=True)]


def test_a_layer_is_stood_where_no_standard_cell_is_red_or_worse():
    cells = [cell for cell in cells_of("2026", ["CPNA day"], extended=True) if cell.speed == 50]
    good = [Judged(cell, 0.0, *judged("2026", cell, 0.0)) for cell in cells]
    dented = [Judged(cell, 5.0, *judged("2026", cell, 5.0)) for cell in cells]
    assert stands("target_faster", good, dented) == {"CPNA": True}
    assert stands("target_slower", good, dented) == {"CPNA": False}
    lost = [Judged(cell, 45.0, *judged("2026", cell, 45.0)) for cell in cells]
    assert stands("target_faster", good, lost) == {"CPNA": False}
    # What was red without the layer does not count.
    assert stands("target_faster", [lost[1], *good[2:4]], [lost[1], *good[2:4]]) == {"CPNA": True}
    assert stands("target_faster", lost, lost) == {}
    beyond = [Judged(cell, 0.0 if cell.standard else 45.0, *judged("2026", cell, 45.0)) for cell in cells]
    mixed = [g if g.cell.standard else b for g, b in zip(good, beyond, strict=True)]
    assert stands("target_slower", good, mixed) == {"CPNA": True}


@pytest.mark.skipif(not CALCULATOR.exists(), reason="needs euroncap-rating-2026 in its own environment")
def test_the_official_calculator_takes_our_cells_and_sees_the_same_colours(tmp_path):
    cells = graded(cells_of("2026", [], extended=True))
    verdict = ask(CALCULATOR, cells, {"Speed": ["CPNA"]}, tmp_path)
    assert verdict.disagreements == ()
    assert verdict.verified >= 30
    for name, most in (
        ("CPNA", 1.0), ("CPFA", 1.0), ("CPNCO", 2.0), ("CCRs", 1.2), ("CCRm", 2.4), ("CPLA", 2.0), ("CBLA", 2.0),
        ("CBNA", 1.0), ("CBNAO", 2.0), ("CBFA", 1.0), ("CCFtap", 4.0), ("CMFtap", 4.0), ("CCRb", 1.6),
        ("CCFhos", 2.0), ("CCFhol", 2.0),
        ("CMRs", 1.2), ("CMRb", 1.6), ("CCCscp", 6.0), ("CMCscp", 6.0), ("CPTA", 2.0), ("CBTA", 2.0),
    ):  # fmt: skip
        assert verdict.scores[name]["Standard"][1] == most
    avoided = [Judged(each.cell, 0.0, "green", 1.0) for each in cells]
    full = ask(CALCULATOR, avoided, {"Speed": ["CPTA"]}, tmp_path / "full")
    assert 0.0 < full.scores["CPTA"]["Robustness"][0] < full.scores["CPTA"]["Robustness"][1]
    assert full.scores["CBTA"]["Robustness"][0] == 0.0
    assert 0.0 < full.scores["CPLA"]["Standard"][0] < 2.0  # no warnings are played
    for name in (
        "CPNA",
        "CPFA",
        "CPNCO",
        "CCRs",
        "CCRm",
        "CBNA",
        "CBNAO",
        "CBFA",
        "CCFhos",
        "CCFtap",
        "CMFtap",
        "CPTA",
    ):
        assert full.scores[name]["Standard"][0] == full.scores[name]["Standard"][1]
        assert full.scores[name]["Extended"][0] == full.scores[name]["Extended"][1]


def test_cells_without_which_there_are_no_points_are_named(tmp_path):
    cells = cells_of("2026", ["CCRs", "CPFA"], extended=True)
    assert sum(cell.required for cell in cells) == 10
    found = [Judged(c, *((1.0, "red", 0.0) if c.column in (0.5, 1.25) else (0.0, "green", 1.0))) for c in cells]
    assert unmet("2026", found) == ["CCRs, 10 km/h, 50%", "CCRs, 20 km/h, 50%"]
    page = write_page(Asked("2026", "whatif_camera"), found, {}, None, "drivesim ncap", tmp_path).read_text()
    assert "no points for frontal collisions: CCRs, 10 km/h, 50%; CCRs, 20 km/h, 50%" in page
    assert unmet("2023", found) == []


@pytest.mark.skipif(not CALCULATOR.exists(), reason="needs euroncap-rating-2026 in its own environment")
def test_the_official_calculator_gives_nothing_where_a_required_cell_is_not_green(tmp_path):
    cells = cells_of("2026", ["CCRs", "CBNA"], extended=False)
    lost = [
        Judged(c, *((1.0, "red", 0.0) if c.required and (c.speed, c.column) == (20, 0.5) else (0.0, "green", 1.0)))
        for c in cells
    ]
    assert ask(CALCULATOR, lost, {}, tmp_path).scores["CBNA"]["Standard"] == (0.0, 1.0)


@pytest.mark.skipif(not CALCULATOR.exists(), reason="needs euroncap-rating-2026 in its own environment")
def test_what_was_not_played_scores_nothing(tmp_path):
    cells = cells_of("2026", ["CPNCO day", "CCRs", "CPNA"], extended=False)
    verdict = ask(CALCULATOR, [Judged(cell, 0.0, "green", 1.0) for cell in cells], {}, tmp_path)
    assert verdict.scores["CPNA"]["Standard"] == (1.0, 1.0)
    assert verdict.scores["CPNCO"]["Standard"] == (1.0, 2.0)
    for name in ("CPNA", "CPNCO", "CCRs", "CPFA"):
        assert verdict.scores[name]["Extended"][0] == 0.0
    assert verdict.scores["CPFA"]["Standard"][0] == 0.0


def test_a_calculator_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DrivesimError, match=r"--calculator.*pip install euroncap-rating-2026"):
        ask(tmp_path / "python", [], {}, tmp_path)


def slow_touch(index, item):
    """Stands in for the simulation: contact at 9 km/h more than the target's speed at 50 km/h, else at less."""
    apart = 9.0 if item["ego_speed"] == "50" else -1.0
    speed = float(item["target_speed"]) + apart
    return {"index": index, "outcomes": [{"collided": True, "impact_speed": speed, "closing_speed": apart}]}


def test_what_counts_behind_someone_who_moves_is_the_difference_of_speeds(tmp_path):
    cells = cells_of("2026", ["CBLA"], extended=False)
    found, _ = play_grid(Asked("2026", "whatif_camera"), cells, tmp_path, play=slow_touch)
    by_speed = {each.cell.speed: each for each in found}
    assert by_speed[50].impact_speed == pytest.approx(9.0)
    assert by_speed[50].colour == "yellow"
    assert 0.0 < by_speed[40].impact_speed < 0.1
    assert by_speed[40].colour == "orange"


def stops_in_the_way(index, item):
    """Stands in for the simulation: nobody touches anybody yet."""
    return {"index": index, "outcomes": [{"collided": False, "in_way": True}]}


def test_who_stops_in_the_way_of_somebody_has_not_avoided_them_but_for_people(tmp_path):
    names = ["CCFtap", "CMFtap", "CBTAno", "CPTAno", "CCCscp"]
    cells = cells_of("2026", names, extended=False)
    found, _ = play_grid(Asked("2026", "whatif_camera"), cells, tmp_path, play=stops_in_the_way)
    colours = {name: {each.colour for each in found if each.cell.test.name == name} for name in names}
    assert colours == {name: {"green" if name in ("CPTAno", "CCCscp") else "red"} for name in names}


def hit_from_the_left(index, item):
    """Stands in for the simulation: who comes from the nearside is not hit."""
    return {"index": index, "outcomes": [{"collided": item["side"] == "1", "impact_speed": 20.0}]}


def test_of_both_sides_of_a_junction_the_worse_counts(tmp_path):
    cells = cells_of("2026", ["CCCscp"], extended=False)
    found, _ = play_grid(Asked("2026", "whatif_camera"), cells, tmp_path, play=hit_from_the_left)
    assert [each.cell for each in found] == cells
    assert {each.colour for each in found} == {"red"}


def hit_at_half_speed(index, item):
    """Stands in for the simulation: fast vehicles collide."""
    speed = float(item["ego_speed"])
    return {"index": index, "outcomes": [{"collided": speed > 30, "impact_speed": speed / 2 if speed > 30 else 0.0}]}


def test_a_grid_is_played_judged_and_shown(tmp_path):
    asked = Asked("2026", "whatif_camera")
    cells = cells_of("2026", ["CPNCO", "CCRs"], extended=True)
    seen = []
    found, problems = play_grid(asked, cells, tmp_path, play=hit_at_half_speed, progress=lambda *at: seen.append(at))
    assert problems == []
    assert [each.cell for each in found] == cells
    assert seen[-1] == (len(cells), len(cells))
    colours = {each.cell.speed: each.colour for each in found if each.cell.test.name == "CPNCO day"}
    assert colours == {10: "green", 20: "green", 30: "green", 40: "red", 50: "brown", 60: "red"}
    page = write_page(asked, found, {"target_faster": {"CPNCO": False}}, None, "drivesim ncap", tmp_path).read_text()
    assert page.count("class='cell") == len(cells)
    assert json.dumps([each.as_dict() for each in found])
