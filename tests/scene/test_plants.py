"""Trees: where leaves grow, and what one sees of it."""

import cv2
import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.scene.city import plants

KINDS = {
    "tree": lambda random: plants.tree(random, 7.0, 1900),
    "poplar": lambda random: plants.poplar(random, 10.0),
}


def outline(mesh):
    """Which centimetres of an upright plane it covers, seen from afar along y."""
    places = np.round(100.0 * (mesh.vertices[:, [0, 2]] + [8.0, 1.0])).astype(np.int32)
    covered = np.zeros((1400, 1600), np.uint8)
    for triangle in places[mesh.triangles]:
        cv2.fillConvexPoly(covered, triangle, 1)
    return covered != 0


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_crowns_are_hollow_and_look_as_before(kind, monkeypatch):
    """More than a fifth of the leaves have no light and are not there; what one sees of the rest is nearly the same,
    and no other leaf, branch or later draw of the street is another for it."""
    hollow_draws, whole_draws = np.random.default_rng(3), np.random.default_rng(3)
    hollow = KINDS[kind](hollow_draws)
    monkeypatch.setattr(plants, "HOLLOW", 0.0)
    whole = KINDS[kind](whole_draws)
    assert hollow_draws.random() == whole_draws.random()
    leaves = [np.count_nonzero(mesh.material == MaterialId.FOLIAGE) for mesh in (hollow, whole)]
    assert leaves[0] < 0.8 * leaves[1]
    corners, all_corners = (
        {triangle.tobytes() for triangle in mesh.vertices[mesh.triangles]} for mesh in (hollow, whole)
    )
    assert corners <= all_corners
    covered, before = outline(hollow), outline(whole)
    assert np.count_nonzero(covered & before) >= 0.93 * np.count_nonzero(covered | before)
