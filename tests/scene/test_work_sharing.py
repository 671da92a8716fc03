"""Work that threads share: every piece is done once, whoever does it."""

from itertools import groupby, pairwise

import numba as nb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drivesim.scene.work_sharing import take, wanted


@nb.njit(parallel=True)
def _done(threads, pieces):
    """How often each piece was done."""
    taken, times = np.zeros(pieces, np.int64), np.zeros((threads, pieces), np.int64)
    for thread in nb.prange(threads):
        for number in range(pieces):
            piece = wanted(number, thread, threads, pieces)
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
    asked = [wanted(number, thread, threads, pieces) for number in range(pieces)]
    assert sorted(asked) == list(range(pieces))
    step = -1 if thread & 1 else 1
    assert all((b - a) % pieces == step % pieces for a, b in pairwise(asked))


@given(st.integers(1, 9), st.integers(0, 400))
def test_threads_that_are_as_fast_do_as_much_each_and_what_lies_side_by_side(threads, pieces):
    """So that each finds in its core's cache what it needs; by turns, one piece each."""
    whose, turns = {}, [iter(range(pieces)) for _ in range(threads)]
    while len(whose) < pieces:
        for thread, numbers in enumerate(turns):
            own = (wanted(number, thread, threads, pieces) for number in numbers)
            for piece in own:
                if piece not in whose:
                    whose[piece] = thread
                    break
    done = [whose[piece] for piece in range(pieces)]
    for thread in range(threads):
        assert abs(done.count(thread) - pieces / threads) < 1
        run = max((len(list(group)) for who, group in groupby(done) if who == thread), default=0)
        assert run >= pieces // threads
