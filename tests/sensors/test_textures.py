"""Textures are what they are of."""

import numpy as np

from drivesim.materials import MATERIALS, MaterialId, Texture
from drivesim.sensors.camera.textures import SIZE, STRIDE, textures


def _tile(texture):
    """(rows, columns) factor of the albedo, of the finest level, green."""
    start = int(texture) * STRIDE
    return (textures().texels[start : start + SIZE * SIZE].reshape(SIZE, SIZE) >> 8 & 255) / 128.0


def test_boards_have_upright_grain_and_no_blotches_as_bark_has():
    assert MATERIALS[MaterialId.WOOD].texture == Texture.WOOD
    wood, bark = _tile(Texture.WOOD), _tile(Texture.BARK)
    assert 0.03 < wood.std() < 0.12
    assert bark.std() > 0.2
    across, along = np.abs(np.diff(wood, axis=1)).mean(), np.abs(np.diff(wood, axis=0)).mean()
    assert across > 1.4 * along
