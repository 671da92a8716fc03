"""Deviations from the reference come from what the report says: without that, the file agrees."""

import pytest
from corpus import CORPUS, cases, use_maps
from play import play

pytestmark = pytest.mark.skipif(
    not (CORPUS / "manifest.csv").exists(), reason="no corpus: set DRIVESIM_SHARED to the folder that holds corpus/"
)


@pytest.fixture
def outcome(monkeypatch):
    monkeypatch.setenv("DRIVESIM_MAPS", "")
    use_maps()
    return lambda name: next((case, play(case)) for case in cases() if name in case.name and case.reference)


def test_others_agree_where_one_has_a_controller_that_goes_another_way(outcome):
    case, made = outcome("loomingTest")
    assert made.error > case.tolerance
    assert made.foreign < case.tolerance


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("AEB_VRU_CBFA_2023", "Orientation"),
        ("maneuver_groups_x_3", "LaneOffsetAction"),
        ("override_action_with_group_type", "OverrideControllerValueAction"),
    ],
)
def test_a_file_that_says_what_the_reference_plays_agrees(outcome, name, reading):
    _, made = outcome(name)
    assert reading in made.reading
    assert made.foreign is None


@pytest.mark.parametrize(
    "name", ["alks_cut-out.xosc", "4_4_1_cut_in_no_collision_template", "alks_r157_test", "loomingAdvancedTest"]
)
def test_files_with_controllers_that_drivesim_has_agree(outcome, name):
    case, made = outcome(name)
    assert made.error < case.tolerance


def test_a_file_that_agrees_needs_no_explanation(outcome):
    case, made = outcome("lane_change_crest.xosc")
    assert made.error < case.tolerance
    assert not made.reading
    assert made.foreign is None
