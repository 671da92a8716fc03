"""Runs the cases of the official client in processes of their own, as its library may take its process along.

``pytest tests/carla_server/cases_world.py`` runs one of them by hand.
"""

from pathlib import Path

import pytest
from alone import run_cases

pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


CASES = ["cases_world.py", "cases_calls.py", "cases_events.py", "cases_recorder.py", "cases_sensors.py"]


@pytest.mark.parametrize("cases", CASES)
def test_cases(cases):
    """The client of 0.9.16 now and then ends with a segmentation fault inside ``load_world`` on a busy machine."""
    code, said = run_cases(Path(__file__).with_name(cases))
    assert code == 0, said
