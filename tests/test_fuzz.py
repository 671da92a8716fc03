"""Readers survive damaged files; a bounded number here, as many as wished with ``python tests/fuzzing.py``."""

import random
from pathlib import Path

import pytest
from fuzzing import check, mutated, prepare, seeds
from hypothesis import given, settings
from hypothesis import strategies as st

SOURCES = seeds()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("damaged")
    prepare(made)
    return made


@settings(max_examples=400, deadline=None)
@given(source=st.sampled_from(SOURCES), seed=st.integers(0, 2**32))
def test_damaged_files_are_read_or_refused_in_words(folder, source, seed):
    label, data, read = source
    check(mutated(data, random.Random(seed)), Path(label).suffix, read, folder)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source[0])
def test_whole_files_are_read(tmp_path, source):
    label, data, read = source
    prepare(tmp_path)
    path = tmp_path / f"whole{Path(label).suffix}"
    path.write_bytes(data)
    read(path)
