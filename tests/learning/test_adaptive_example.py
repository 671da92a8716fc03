"""The adaptive sampling example: its arithmetic, and that its published result is what its seeds say."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'drivesim[torch]'")

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "learning"


@pytest.fixture(scope="module")
def example():
    """The example's modules, imported as its script does."""
    sys.path.insert(0, str(FOLDER))
    try:
        import adaptive
        import network
        import recordings

        yield adaptive, network, recordings
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("adaptive", "network", "recordings"):
            sys.modules.pop(name, None)


def test_demand_follows_what_is_confused(example):
    """60 of 200 pixels wrong, 20 of 200, none."""
    experiment, _, _ = example
    confusions = np.array([[[70, 30], [30, 70]], [[90, 10], [10, 90]], [[200, 0], [0, 0]]])
    assert experiment.demand(confusions) == pytest.approx([0.75, 0.25, 0.0])


def test_the_second_batch_is_as_large_as_asked_for_and_within_what_is_left(example):
    experiment, _, _ = example
    assert experiment.allot(np.array([0.5, 0.3, 0.2]), 10, np.array([9, 9, 9])).tolist() == [5, 3, 2]
    assert experiment.allot(np.array([0.9, 0.05, 0.05]), 10, np.array([4, 9, 9])).tolist() == [4, 3, 3]
    rng = np.random.default_rng(1)
    cells = np.repeat(np.arange(8), 7)
    first = experiment.pick(cells, np.full(8, 2), rng, np.array([], dtype=int))
    second = experiment.pick(cells, np.full(8, 5), rng, first)
    assert np.bincount(cells[first]).tolist() == [2] * 8
    assert sorted([*first, *second]) == list(range(len(cells)))


def test_intersection_over_union(example):
    _, network, _ = example
    scores = network.intersection_over_union(np.array([[3, 1, 0], [2, 4, 0], [0, 0, 0]]))
    assert scores[:2] == pytest.approx([3 / 6, 4 / 7])
    assert np.isnan(scores[2])


def test_a_network_learns_what_can_be_seen(example):
    """Bright is sky, dark is road."""
    _, network, _ = example
    torch.manual_seed(0)
    classes = torch.zeros(24, 24, 32, dtype=torch.uint8)
    classes[:, :12] = 4
    pictures = (classes * 50)[:, None].repeat(1, 3, 1, 1) + torch.randint(0, 20, (24, 3, 24, 32), dtype=torch.uint8)
    classes = classes[:, ::2, ::2]
    trained = network.train(pictures, classes, steps=60, seed=0)
    matrix = network.confusion(trained, pictures, classes)
    assert matrix.sum() == classes.numel()
    assert np.diag(matrix).sum() / matrix.sum() > 0.9


def test_sets_share_no_city(example):
    _, _, recordings = example
    seeds = {
        name: {run.seed for run in recordings.instances(recordings.FULL, name)[0]} for name in recordings.FULL.sets
    }
    assert not seeds["pool"] & seeds["test"]
    assert not seeds["pool"] & seeds["validation"]
    assert not seeds["validation"] & seeds["test"]


def test_the_published_result_is_what_its_seeds_say(example):
    experiment, _, _ = example
    result = json.loads((FOLDER / "result.json").read_text())
    again = experiment.report(result["seeds"], {})
    for measure in ("mean", "worst"):
        for way in ("first", "uniform", "adaptive"):
            assert result[measure][way]["mean"] == pytest.approx(again[measure][way]["mean"])
        assert result[measure]["adaptive_minus_uniform"] == pytest.approx(again[measure]["adaptive_minus_uniform"])
    assert all(sum(seed["drawn"]) == result["recordings_second"] for seed in result["seeds"])
    assert len(result["seeds"]) >= 3


@pytest.mark.slow
def test_it_runs(example, tmp_path):
    experiment, _, _ = example
    given = ["--recordings", str(tmp_path / "recordings"), "--out", str(tmp_path / "out"), "--quick", "--jobs", "1"]
    experiment.main(given)
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert all(sum(seed["drawn"]) == result["recordings_second"] for seed in result["seeds"])
    assert (tmp_path / "out" / "adaptive_vs_uniform.png").stat().st_size > 10_000
