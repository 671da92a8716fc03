"""The examples on variety and on looking inside: their arithmetic, their pairing, and that they run."""

import csv
import importlib
import json
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'drivesim[torch]'")
pytest.importorskip("matplotlib", reason="matplotlib is not installed")

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "learning"
PUBLISHED = ROOT / "docs" / "studies" / "learning"
NAMES = ("network", "streets", "played", "pool", "ablation", "inside", "white_box_plots", "white_box")


@pytest.fixture(scope="module")
def example():
    """The examples' modules, imported as their scripts do."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
    finally:
        sys.path.remove(str(FOLDER))
        for name in NAMES:
            sys.modules.pop(name, None)


LIGHT, WEATHER, DISTRACTORS, POSE = {"elevation", "azimuth"}, {"cloud", "fog", "rain"}, {"things"}, {"people"}


@pytest.mark.parametrize(("factor", "may_change"), [
    ("light", LIGHT), ("weather", WEATHER), ("distractors", DISTRACTORS), ("pose", POSE),
    ("body", set()), ("clothing", set()), ("textures", set()),
])  # fmt: skip
def test_leaving_a_factor_out_holds_it_and_nothing_else(example, factor, may_change):
    draws = [example.streets.drawn(street, number) for street in range(3) for number in range(20)]
    held = [draw.without(factor) for draw in draws]
    changed = {f.name for f in fields(draws[0]) if any(getattr(a, f.name) != getattr(b, f.name)
                                                       for a, b in zip(draws, held, strict=True))}  # fmt: skip
    assert changed == may_change
    places = [[(p.who, p.lane, p.ahead, p.aside) for p in draw.people] for draw in draws]
    assert places == [[(p.who, p.lane, p.ahead, p.aside) for p in draw.people] for draw in held]
    for name in may_change - POSE - DISTRACTORS:
        assert len({getattr(draw, name) for draw in held}) == 1


def test_looks_that_are_left_out_are_the_same_in_every_street(example):
    streets = example.streets
    for factor, kind in streets.SEED_OF.items():
        assert len({streets.seeds_of(street, factor)[kind] for street in range(5)}) == 1
        others = {k: v for k, v in streets.seeds_of(4, factor).items() if k != kind}
        assert others == {k: v for k, v in streets.seeds_of(4, None).items() if k != kind}
    statures = {actor.box.height for street in range(4) for actor in streets.cast(street, "body")[1:5]}
    assert len(statures) == 1
    assert len({actor.box.height for street in range(4) for actor in streets.cast(street, None)[1:5]}) == 16


def test_what_a_factor_is_worth_is_the_loss_without_it(example):
    factors, sets = example.streets.FACTORS, ("played", "unseen", "country")
    rows = [
        {"seed": seed, "without": factor, **{name: {"people": value + 0.01 * seed, "mean": 0.4} for name in sets}}
        for seed in range(3)
        for factor, value in ((None, 0.5), *((factor, 0.45 if factor == "light" else 0.5) for factor in factors))
    ]
    found = example.ablation.report(rows, {})["measures"]["people played"]
    assert found["full"]["mean"] == pytest.approx(0.51)
    assert found["worth"]["light"]["mean"] == pytest.approx(0.05)
    assert found["worth"]["light"]["without"] == pytest.approx(0.46)
    assert found["worth"]["pose"]["mean"] == pytest.approx(0.0)


class Brightness(torch.nn.Module):
    """Takes for people what is bright, unless something red is in the picture."""

    def forward(self, pictures):
        small = pictures[:, :, ::2, ::2].float() / 255.0
        red = (small[:, 0] - small[:, 1]).clamp(min=0).amax((1, 2), keepdim=True)
        scores = torch.zeros(len(pictures), 8, *small.shape[-2:])
        scores[:, 5] = small.mean(1) - 0.5 - 2.0 * red
        return scores


def test_the_occlusion_map_finds_what_misleads(example):
    """A red square far from the person is what lowers the margin; hiding it raises it."""
    inside = example.inside
    picture = torch.zeros(3, 64, 96, dtype=torch.uint8)
    classes = torch.zeros(32, 48, dtype=torch.uint8)
    picture[:, 24:40, 40:48], classes[12:20, 20:24] = 255, 5
    picture[0, 8:14, 80:86] = 255
    found = inside.occlusion_map(Brightness(), picture, classes)
    y, x = np.unravel_index(np.argmax(found), found.shape)
    assert 4 <= y < 18
    assert 76 <= x < 90
    assert found[24:40, 40:48].max() < 0.1
    assert list(inside.failures(Brightness(), picture[None], classes[None])) == [0]


def test_average_precision_asks_for_order_alone(example):
    """People that are surer than all else: 1, found or not. After n surer pixels of street: the mean of i / (n + i)."""
    pictures = torch.zeros(1, 3, 64, 96, dtype=torch.uint8)
    classes = torch.zeros(1, 32, 48, dtype=torch.uint8)
    pictures[:, :, 24:40, 40:48], classes[:, 12:20, 20:24] = 40, 5
    found = example.pool.score(Brightness(), (pictures, classes))
    assert found["people"] == pytest.approx(1.0)
    assert found["recall"] == 0.0
    pictures[:, :, 0:16, 0:8] = 80
    wrong, right = np.arange(33, 65), np.arange(1, 33)
    assert example.pool.score(Brightness(), (pictures, classes))["people"] == pytest.approx((right / wrong).mean())


def test_blame_falls_on_the_factor_whose_holding_helps(example):
    inside, factors = example.inside, example.streets.FACTORS
    classes = torch.zeros(1, 32, 48, dtype=torch.uint8)
    classes[0, 12:20, 20:24] = 5
    dark, bright = (torch.full((1, 3, 64, 96), level, dtype=torch.uint8) for level in (20, 230))
    variants = {name: (bright if name == "light" else dark, classes) for name in (None, *factors)}
    raised = inside.blame(Brightness(), inside.Probe(variants, []), np.array([0]))
    assert inside.shares(raised).tolist() == [float(name == "light") for name in factors]
    assert inside.shares(np.zeros((2, 7))).tolist() == pytest.approx([1 / 7] * 7)


def test_the_next_batch_is_nearest_to_the_failures(example):
    draws = [example.streets.drawn(0, number) for number in range(60)]
    nights = [draw for draw in draws if draw.elevation < 0][:4]
    chosen = example.white_box.nearest(nights, draws, "light", 10)
    assert len(chosen) == 10
    assert np.mean([draws[i].elevation for i in chosen]) < np.mean([draw.elevation for draw in draws]) - 10.0


def test_published_numbers_are_what_their_runs_say(example):
    result = json.loads((PUBLISHED / "ablation.json").read_text())
    again = example.ablation.report(result["rows"], {})
    for name, found in result["measures"].items():
        assert found["full"] == pytest.approx(again["measures"][name]["full"])
        for factor, cell in found["worth"].items():
            assert cell == pytest.approx(again["measures"][name]["worth"][factor])
    assert len({row["seed"] for row in result["rows"]}) >= 3
    with (PUBLISHED / "ablation.csv").open(newline="") as file:
        table = {row["left_out"]: float(row["people_played_worth"]) for row in csv.DictReader(file)}
    assert table == {
        factor: pytest.approx(cell["mean"], abs=1e-4)
        for factor, cell in again["measures"]["people played"]["worth"].items()
    }
    inside = json.loads((PUBLISHED / "white_box.json").read_text())
    loop = example.white_box.summarised(inside["rows"])
    for part, values in inside["loop"].items():
        assert values == pytest.approx(loop[part])
    for found in inside["blame"].values():
        assert sum(found["blame"].values()) == pytest.approx(1.0)


@pytest.mark.slow
def test_both_run_from_one_pool_and_give_the_same_again(example, tmp_path):
    given = ["--pool", str(tmp_path / "pool"), "--quick"]
    written = []
    for out in (tmp_path / "first", tmp_path / "again"):
        example.ablation.main(["--out", str(out), *given])
        written.append((out / "ablation.json").read_text())
        assert (out / "ablation.png").stat().st_size > 10_000
        assert (out / "variants.jpg").stat().st_size > 10_000
        taught = next((tmp_path / "pool" / "networks").glob("*_without_light.pt"))
        taught.unlink()  # what is missing is taught again, the same
    assert written[0] == written[1]

    example.white_box.main(["--out", str(tmp_path / "inside"), *given])
    found = json.loads((tmp_path / "inside" / "white_box.json").read_text())
    assert set(found["blame"]) == {"nothing", *example.streets.FACTORS}
    for name in ("white_box.png", "white_box_failures.png"):
        assert (tmp_path / "inside" / name).stat().st_size > 10_000
