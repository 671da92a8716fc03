"""``drivesim ncap``: what is refused before anything is played, and what it leaves."""

import json
import sys

import pytest

from drivesim.cli import ncap
from drivesim.cli.ncap import ncap_command
from drivesim.errors import DrivesimError
from drivesim.studies.ncap.grid import Judged
from drivesim.studies.ncap.protocol import cells_of


def run(folder, **changes):
    asked = {
        "rig": "whatif_camera", "protocol": "2026", "tests": ["CBTAns"], "layers": [], "extended": True,
        "calculator": None, "out": folder, "seed": 0, "ego": "aeb", "jobs": 1, "quiet": True,
    }  # fmt: skip
    return ncap_command(**(asked | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jobs": 0}, r"--jobs.*0 processes"),
        ({"protocol": "2024"}, r"--protocol.*choose 2023 or 2026"),
        ({"tests": ["CBTAxx"]}, r"--test.*CBTA"),
        ({"layers": ["hail"]}, r"--layer.*heavy_rain"),
        ({"tests": ["CCRs"], "layers": ["target_faster"]}, r"--layer.*target_faster.*CCRs.*CBFA"),
        ({"protocol": "2023", "tests": [], "calculator": sys.executable}, r"--calculator.*2026"),
        ({"calculator": "nowhere/python"}, r"--calculator.*pip install euroncap-rating-2026"),
        ({"calculator": sys.executable}, r"--calculator.*euroncap_rating_2026.*pip install euroncap-rating-2026"),
        ({"rig": "nosuch"}, r"nosuch"),
        ({"ego": "nobody"}, r"nobody"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_said_before_anything_is(tmp_path, monkeypatch, changes, words):
    monkeypatch.setattr(ncap, "play_grid", lambda *_, **__: pytest.fail("played"))
    with pytest.raises(DrivesimError, match=f"(?s)(?i){words}"):
        run(tmp_path / "out", **changes)
    assert not (tmp_path / "out").exists()


def test_turns_across_somebody_can_be_asked_for_together():
    names = {cell.test.name for cell in cells_of("2026", ["CBTA"], extended=False)}
    assert names == {"CBTAfs", "CBTAns", "CBTAfo", "CBTAno"}


@pytest.mark.parametrize(("problems", "code"), [([], 0), (["CBTAns, 10 km/h, 0%: bad luck"], 1)])
def test_a_grid_leaves_a_page_and_its_numbers(tmp_path, monkeypatch, capsys, problems, code):
    def played(asked, cells, folder, *, jobs, progress):
        folder.mkdir(parents=True, exist_ok=True)
        return [Judged(cell, 0.0, "green", 1.0) for cell in cells], problems

    monkeypatch.setattr(ncap, "play_grid", played)
    assert run(tmp_path / "out", layers=["target_faster"]) == code
    numbers = json.loads((tmp_path / "out" / "cells.json").read_text())
    assert [(each["test"], each["speed"], each["impact_location"]) for each in numbers] == [
        ("CBTAns", 10, 0.75), ("CBTAns", 10, 0.0),
    ]  # fmt: skip
    page = (tmp_path / "out" / "ncap.html").read_text()
    assert "75% side" in page
    assert "<td>target_faster</td><td>CBTA</td><td>yes</td>" in page
    assert "--test CBTAns --layer target_faster" in page
    assert ("bad luck" in capsys.readouterr().err) == bool(problems)
