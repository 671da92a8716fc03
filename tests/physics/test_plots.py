"""The plots of docs/models are drawn by the tests' own code, and every page has its own."""

from __future__ import annotations

import re

import numpy as np
import plots
import pytest
from PIL import Image


def test_every_plot_is_in_a_page_and_every_page_has_one(pytestconfig):
    docs = pytestconfig.rootpath / "docs"
    shown = [re.findall(r"images/sensor_(\w+)\.png", page.read_text()) for page in (docs / "models").glob("*.md")]
    assert all(shown)
    assert sorted(name for page in shown for name in page) == sorted(plots.PLOTS)
    for name in plots.PLOTS:
        assert (docs / "images" / f"sensor_{name}.png").is_file()
    for page in (docs / "models").glob("*.md"):
        text = page.read_text()
        assert all(f"**{word}.**" in text for word in ("Parameters", "Source", "Valid for", "Acceptance")), page.name
        assert f"models/{page.name}" in (docs / "sensors.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", plots.PLOTS)
def test_plots_are_drawn(name, tmp_path):
    plots.main(tmp_path, [name])
    picture = np.asarray(Image.open(tmp_path / f"sensor_{name}.png").convert("L"))
    assert picture.shape == (320, 460)
    assert 0.03 < (picture < 200).mean() < 0.9
