import pytest

from drivesim import content
from drivesim.errors import ContentNotFoundError


def test_shipped_scenarios_are_found_by_name_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert content.find("scenarios", "child_crossing").name == "child_crossing.xosc"
    assert "child_crossing" in content.available("scenarios")


def test_a_file_in_the_current_folder_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "child_crossing.xosc"
    mine.write_text("<OpenSCENARIO/>")
    assert content.find("scenarios", "child_crossing") == mine


def test_a_file_beside_the_referring_one_wins_over_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tree.xml").write_text("<root/>")
    beside = tmp_path / "elsewhere"
    beside.mkdir()
    (beside / "tree.xml").write_text("<root/>")
    assert content.find("behaviors", "tree.xml", beside=beside) == beside / "tree.xml"


def test_an_absolute_path_is_taken_as_it_is(tmp_path):
    file = tmp_path / "a.xosc"
    file.write_text("")
    assert content.find("scenarios", file) == file


def test_a_misspelt_name_gets_a_suggestion():
    with pytest.raises(ContentNotFoundError, match="Did you mean 'child_crossing'"):
        content.find("scenarios", "child_crosing")


def test_a_missing_path_says_so(tmp_path):
    with pytest.raises(ContentNotFoundError, match="Check the path"):
        content.find("scenarios", tmp_path / "nothing.xosc")
