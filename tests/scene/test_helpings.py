"""Work that threads share: every piece is done once, whoever does it."""

from itertools import pairwise

import numba as nb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drivesim.scene.helpings import helping, take


@nb.njit(parallel=True)
def _done(threads, pieces):
    """How often each piece was done."""
    taken, times = np.zeros(pieces, np.int64), np.zeros((threads, pieces), np.int64)
    for thread in nb.prange(threads):
        for number in range(pieces):
            piece = helping(number, thread, threads, pieces)
            if take(taken, piece):
                times[thread, piece] += 1
    return times.sum(axis=0)


@settings(deadline=None)  # the first example compiles
@given(st.integers(1, 9), st.integers(0, 3000))
def test_every_piece_is_done_once_by_any_number_of_threads(threads, pieces):
    assert (_done(threads, pieces) == 1).all()


@given(st.integers(1, 9), st.integers(1, 400), st.data())
def test_a_thread_asks_for_every_piece_and_its_neighbour_comes_from_the_other_side(threads, pieces, data):
    thread = data.draw(st.integers(0, threads - 1))
    asked = [helping(number, thread, threads, pieces) for number in range(pieces)]
    assert sorted(asked) == list(range(pieces))
    step = -1 if thread & 1 else 1
    assert all((b - a) % pieces == step % pieces for a, b in pairwise(asked))
