"""A grid over boxes misses none that a point is near."""

import numpy as np

from drivesim.opendrive.grid import cell_at, grid_of


def test_every_box_near_a_point_is_in_its_cell_and_few_others_are():
    rng = np.random.default_rng(6)
    low = rng.uniform(-2000.0, 2000.0, (3000, 2))
    boxes = np.hstack([low, low + rng.uniform(0.0, 40.0, (3000, 2))])
    frame, cells, near = grid_of(boxes, 6.0)
    asked = 0
    for x, y in rng.uniform(-2100.0, 2100.0, (500, 2)):
        inside = (boxes[:, :2] - 6.0 <= (x, y)).all(axis=1) & (boxes[:, 2:] + 6.0 >= (x, y)).all(axis=1)
        cell = cell_at(frame, x, y)
        found = near[cells[cell] : cells[cell + 1]] if cell >= 0 else np.empty(0, np.int64)
        assert set(np.flatnonzero(inside)) <= set(found.tolist())
        assert (np.diff(found) > 0).all()
        asked += len(found)
    assert asked < 0.01 * 500 * len(boxes)


def test_a_long_road_across_a_plain_needs_few_cells():
    along = np.arange(0.0, 100_000.0, 12.0)
    frame, cells, _ = grid_of(np.column_stack([along, along, along + 12.0, along + 12.0]), 6.0)
    assert len(cells) < 5 * len(along)
    assert cell_at(frame, -50.0, 0.0) == -1
