"""Runs the cases of the CARLA simulator in a process of its own, as the client's library may take its process along."""

from pathlib import Path

import pytest
from alone import run_cases

pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


@pytest.mark.slow
def test_cases():
    code, said = run_cases(Path(__file__).with_name("cases_carla.py"))
    assert code == 0, said
