"""Whole published sets of distributions expand to what their authors say. The corpus holds parts of them; clones are
named by ``DRIVESIM_NCAP`` (https://github.com/vectorgrp/OSC-NCAP-scenarios) and ``DRIVESIM_ALKS``
(https://github.com/asam-oss/OSC-ALKS-scenarios)."""

import os
from pathlib import Path

import pytest

from drivesim.openscenario import read_distribution

SETS = [
    ("DRIVESIM_NCAP", "AEB_VRU_2023/Variations/*.xosc", 149),
    ("DRIVESIM_NCAP", "AEB_C2C_2023/Variations/*.xosc", 153),
    ("DRIVESIM_NCAP", "CA-FC_2026/Variations/*/*.xosc", 881),
    ("DRIVESIM_ALKS", "logical_scenarios/*.xosc", 121_060),
]


@pytest.mark.parametrize(("clone", "files", "published"), SETS, ids=[f"{wanted}" for _, _, wanted in SETS])
def test_a_whole_set_expands_to_what_is_published(clone, files, published):
    if not os.environ.get(clone):
        pytest.skip(f"{clone} names no clone of the set")
    found = [file for file in Path(os.environ[clone]).rglob("*.xosc") if file.match(files)]
    assert sum(read_distribution(file).count for file in found) == published
