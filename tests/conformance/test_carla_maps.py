"""Lane positions agree with CARLA's own reader of OpenDRIVE, where the carla package is installed."""

import importlib.util

import pytest
from carla_maps import in_process
from corpus import CORPUS

from drivesim import content

pytestmark = pytest.mark.skipif(importlib.util.find_spec("carla") is None, reason="needs: pip install carla")

AGREEMENT = 0.05
"""m"""

SHIPPED = sorted(content.shipped("scenarios").glob("*.xodr"))
FOREIGN = [
    path
    for name in ("Town01.xodr", "Town03.xodr", "Town04.xodr", "Town06.xodr", "fabriksgatan.xodr", "e6mini.xodr",
                 "soderleden.xodr", "jolengatan.xodr", "LongRoad.xodr", "sample1.1.xodr")
    for path in sorted(CORPUS.rglob(name))[:1]
]  # fmt: skip


@pytest.mark.parametrize("path", [*SHIPPED, *FOREIGN], ids=lambda path: path.stem)
def test_lane_centres_and_widths_agree(path):
    found = in_process(path)
    assert "unread" not in found
    assert found["places"] > 300
    assert found["position"] < AGREEMENT, found["worst"]
    assert found["width"] < 1e-4
