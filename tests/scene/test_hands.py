"""Hands that hang loose: no fingers like the points of a star."""

import numpy as np
import pytest

from drivesim.scene.bodies.basis import FINGERS, HAND, SIDE, shape


def measures(age, side):
    """Widths of a hand at the knuckles and at the fingers' tips, m; how far these reach, in lengths of the palm."""
    body = shape(age, 0.5, 0.5, 0.5)
    wrist, knuckles = body.joints[HAND + side], body.joints[FINGERS + side]
    hand = body.vertices[body.weights[:, [HAND + side, FINGERS + side]].sum(axis=1) > 0.5] - wrist
    palm = float(np.linalg.norm(knuckles - wrist))
    ahead = (knuckles - wrist) / palm
    back = np.linalg.svd(hand[hand @ ahead < palm] - hand.mean(axis=0))[2][2]
    back -= (back @ ahead) * ahead
    across = np.cross(back / np.linalg.norm(back), ahead)
    place = hand @ ahead / palm
    widths = [np.ptp(hand[(place > low) & (place < high)] @ across) for low, high in ((1.02, 1.12), (1.4, 1.8))]
    return *widths, place.max()


@pytest.mark.parametrize("side", [0, SIDE])
@pytest.mark.parametrize("age", [4.0, 30.0, 80.0])
def test_fingers_of_hands_at_rest_are_bent_and_side_by_side(age, side):
    """The model's own fan out as wide as the knuckles and reach 1.76 palms."""
    knuckles, tips, reach = measures(age, side)
    assert tips < 0.7 * knuckles
    assert 1.5 < reach < 1.68
