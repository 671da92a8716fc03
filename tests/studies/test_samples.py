"""The table of samples: types, units, and the way back from any table."""

import json

import numpy as np
import pytest
from space_files import yaml_space

from drivesim.errors import DrivesimError
from drivesim.studies.pairs import draw_pairs
from drivesim.studies.samples import Samples, digest, read_samples, write_samples
from drivesim.studies.sampling import draw_samples
from drivesim.studies.space import space_of
from drivesim.studies.sweep.samples import read_samples as read_instances

pq = pytest.importorskip("pyarrow.parquet")

TEXT = """
  speed: {unit: km/h, uniform: [10, 20]}
  lanes: {integer: [1, 4]}
  looks: {choices: [true, false]}
  mood: {choices: {calm: 1, wild: 3}}
"""


@pytest.fixture
def space(tmp_path):
    return yaml_space(tmp_path, TEXT)


def test_a_table_has_types_units_and_where_it_is_from(space, tmp_path):
    file = tmp_path / "runs.parquet"
    write_samples(draw_samples(space, 20, seed=7), space, file)
    schema = pq.read_schema(file)
    kinds = {name: str(schema.field(name).type) for name in schema.names}
    assert kinds == {
        "instance": "int64", "seed": "int64", "weight": "double", "parameter.speed": "double",
        "parameter.lanes": "int64", "parameter.looks": "bool", "parameter.mood": "string",
    }  # fmt: skip
    assert schema.field("parameter.speed").metadata == {b"unit": b"km/h"}
    origin = json.loads(schema.metadata[b"drivesim.samples"])
    assert (origin["scenario"], origin["method"]) == ("scenario.xosc", "lhs")
    assert origin["space_sha256"] == digest(space.path)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_tables_come_back_as_they_were_and_their_bytes_repeat(space, tmp_path, suffix):
    drawn = draw_samples(space, 20, seed=7)
    samples = Samples(drawn.instances, drawn.seeds, np.linspace(0.5, 1.5, 20), {"pair": list(range(20))})
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    write_samples(samples, space, first)
    write_samples(samples, space, second)
    assert first.read_bytes() == second.read_bytes()
    for found in (read_samples(first, space), read_samples(first)):
        kept = tuple({name: run[name] for name in space.parameters} for run in found.instances)
        assert kept == samples.instances
        assert found.seeds == samples.seeds == tuple(range(7, 27))
        assert (found.weights == samples.weights).all()
    assert [int(n) for n in read_samples(first, space).notes["pair"]] == list(range(20))


def test_what_is_no_table_of_this_space_is_said(space, tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("speed,lanes\n12,2\n")
    with pytest.raises(DrivesimError, match="no column 'looks'"):
        read_samples(file, space)
    file.write_text("speed\n")
    with pytest.raises(DrivesimError, match="no rows"):
        read_samples(file)
    with pytest.raises(DrivesimError, match="cannot be read"):
        read_samples(tmp_path / "nothing.csv")
    (tmp_path / "runs.parquet").write_text("speed\n")
    with pytest.raises(DrivesimError, match="no Parquet table"):
        read_samples(tmp_path / "runs.parquet")
    with pytest.raises(DrivesimError, match=r"neither .parquet nor .csv"):
        write_samples(draw_samples(space, 2), space, tmp_path / "runs.txt")


def test_samples_of_a_shipped_space_keep_its_units(tmp_path):
    space = space_of("child_crossing")
    write_samples(draw_samples(space, 5), space, tmp_path / "runs.parquet")
    assert pq.read_schema(tmp_path / "runs.parquet").field("parameter.gap").metadata == {b"unit": b"m"}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_sweep_reads_what_was_drawn(tmp_path, suffix):
    space = space_of("child_crossing")
    pairs = draw_pairs(space, 3, 7, None, "gap")
    write_samples(pairs, space, tmp_path / f"pairs.{suffix}")
    read = read_instances(tmp_path / f"pairs.{suffix}")
    assert [instance.seed for instance in read] == [7, 7, 8, 8, 9, 9]
    assert tuple(dict(instance.parameters) for instance in read) == pairs.instances
    assert [instance.notes for instance in read] == [{"pair": number // 2, "changed": "gap"} for number in range(6)]
