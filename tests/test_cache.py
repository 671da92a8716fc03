"""The disk cache: made once, never wrong, never in the way."""

from pathlib import Path

import numpy as np
import pytest

from drivesim import cache
from drivesim.cache import cached

CODE = ("cache.py",)


class Maker:
    def __init__(self, value: float = 1.0) -> None:
        self.calls = 0
        self.value = value

    def __call__(self):
        self.calls += 1
        return {"a": np.full(1000, self.value), "b": np.arange(3, dtype=np.uint8)}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DRIVESIM_CACHE", str(tmp_path))
    return tmp_path


def test_the_second_time_is_read_and_equal(folder):
    make = Maker()
    first, second = (cached("thing", (1, b"map"), CODE, make) for _ in range(2))
    assert make.calls == 1
    assert (first["a"] == second["a"]).all()
    assert second["b"].dtype == np.uint8


def test_other_inputs_are_made_anew(folder):
    make = Maker()
    for made_from in ((1, b"map"), (2, b"map"), (1, b"other")):
        cached("thing", made_from, CODE, make)
    assert make.calls == 3


def test_a_broken_entry_is_made_again(folder):
    cached("thing", (), CODE, Maker())
    (entry,) = folder.glob("*.npz")
    entry.write_bytes(entry.read_bytes()[:100])
    make = Maker()
    assert cached("thing", (), CODE, make)["a"][0] == 1.0
    assert make.calls == 1
    cached("thing", (), CODE, make)
    assert make.calls == 1


def test_a_folder_that_cannot_be_made_costs_time_only(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DRIVESIM_CACHE", str(tmp_path / "file" / "below"))
    assert cached("thing", (), CODE, Maker(3.0))["a"][0] == 3.0


def test_off_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("DRIVESIM_CACHE", "off")
    cached("thing", (), CODE, Maker())
    assert not list(tmp_path.rglob("*"))


def test_the_oldest_go_first(folder, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 20_000)
    for number in range(5):
        cached("thing", (number,), CODE, Maker())
    assert len(list(folder.glob("*.npz"))) == 2
    make = Maker()
    cached("thing", (4,), CODE, make)
    assert make.calls == 0
