"""Runs the cases of the client's traffic manager in a network of their own (Linux; user namespaces or root)."""

from pathlib import Path

import pytest
from alone import can_be_offline, run_cases

pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


@pytest.mark.slow
@pytest.mark.skipif(not can_be_offline(), reason="there are no network namespaces (unshare)")
def test_cases():
    code, said = run_cases(Path(__file__).with_name("cases_autopilot.py"), offline=True)
    assert code == 0, said
