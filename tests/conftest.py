from __future__ import annotations

import pytest

from drivesim.types import Weather
from drivesim.world import World


@pytest.fixture
def make_world():
    """Build a world of some actors, on a plane unless a network is given."""

    def make(*actors, weather=None, seed=1, network=None, batch=1):
        return World(network, actors, weather or Weather(), seed, batch)

    return make
