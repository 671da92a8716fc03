"""Whole studies: instances, journal, resumption, equality of what must be equal."""

import dataclasses
import json

import pytest

from drivesim.errors import DrivesimError, ScenarioError
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.whatif import study as study_module
from drivesim.studies.whatif.study import JOURNAL, Study, read_journal, run_study

RIGS = ("whatif_camera", "whatif_camera_radar")


def small(count=3, **changes):
    return Study("child_crossing", RIGS, tuple({"ego_speed": str(30 + i)} for i in range(count)), **changes)


def played(study, index):
    """Stands in for the simulation: what the journal keeps."""
    return {"index": index, "outcomes": [], "parameters": dict(study.instances[index])}


def test_instances_cover_every_parameter_evenly():
    space = space_of("child_crossing", None)
    runs = draw_instances(space, 20, seed=3)
    bins = sorted(int((float(run["ego_speed"]) - 30.0) / 1.0) for run in runs)
    assert bins == list(range(20))
    assert 12 <= sum(run["child_behavior"] == "protocol" for run in runs) <= 14
    assert draw_instances(space, 20, seed=3) == runs
    assert draw_instances(space, 20, seed=4) != runs


def test_no_instances_and_foreign_spaces_are_refused():
    with pytest.raises(ScenarioError, match="at least one"):
        draw_instances(space_of("child_crossing", None), 0, seed=0)
    with pytest.raises(ScenarioError, match=r"varies motorway_cut_in\.xosc"):
        space_of("child_crossing", "distributions/motorway_cut_in")


def test_a_study_goes_on_where_it_was_killed(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(study_module, "run_instance", lambda s, i: calls.append(i) or played(s, i))
    run_study(small(), tmp_path)
    journal = tmp_path / JOURNAL
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + lines[1][:10])
    finished, failed = run_study(small(), tmp_path)
    assert calls == [0, 1, 2, 1, 2]
    assert [entry["index"] for entry in finished] == [0, 1, 2]
    assert failed == []
    assert len(read_journal(tmp_path)) == 3


def test_failures_are_tried_again_then_reported_with_their_parameters(tmp_path, monkeypatch):
    calls = []

    def fail(study, index):
        calls.append(index)
        if index == 1:
            raise ZeroDivisionError("bad luck")
        return played(study, index)

    monkeypatch.setattr(study_module, "run_instance", fail)
    finished, failed = run_study(small(), tmp_path)
    assert calls == [0, 1, 1, 2]
    assert [entry["index"] for entry in finished] == [0, 2]
    assert failed == [{"index": 1, "error": "ZeroDivisionError: bad luck", "parameters": {"ego_speed": "31"}}]


def test_another_study_is_not_mixed_in(tmp_path, monkeypatch):
    monkeypatch.setattr(study_module, "run_instance", played)
    run_study(small(), tmp_path)
    with pytest.raises(DrivesimError, match="another study"):
        run_study(small(seed=9), tmp_path)


@pytest.mark.slow
def test_the_same_rig_under_another_name_changes_nothing(tmp_path):
    """A renamed copy gives the same outcome, number by number, and the skip of early sensing changes none either."""
    from drivesim.content import find

    copy = tmp_path / "renamed.yaml"
    copy.write_text(find("sensors", "whatif_camera").read_text())
    values = {"child_behavior": "protocol", "ego_speed": "50", "child_speed": "8", "duration": "7"}
    study = Study("child_crossing", ("whatif_camera", str(copy)), (values,))
    (entry,), _ = run_study(study, tmp_path / "gated")
    first, second = entry["outcomes"]
    assert json.dumps({**second, "rig": ""}) == json.dumps({**first, "rig": ""})
    assert entry["same_until_reaction"]
    (whole,), _ = run_study(dataclasses.replace(study, rigs=("whatif_camera",), full=True), tmp_path / "full")
    for name in ("collided", "impact_speed", "brake", "false_triggers"):
        assert json.dumps(whole["outcomes"][0][name]) == json.dumps(first[name])
