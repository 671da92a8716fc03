"""Work handed to local processes: every one knows what it is at, so a death is blamed on the right instance."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from drivesim.errors import DrivesimError

Play = Callable[[int, Any], dict[str, Any]]
"""What plays one instance: its number and item in, what it came to out. Picklable; its result goes into JSON."""

RETRIES = 1
"""Times an instance is tried again after it failed, or after the process that played it died."""
AHEAD = 0.2
"""Seconds of work that wait at a process, so that short instances do not wait for messages."""
_MOST = 64
"""Instances that wait at a process at most."""
_DEATHS = 10
"""Processes that may die in a row, besides one for each job, while not one instance is finished."""
_THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
"""What Numba, OpenMP, the BLAS libraries of NumPy and SciPy, and OpenCV take as how many threads they may start; read
once, as each is loaded."""


@dataclass(frozen=True, slots=True)
class Result:
    """An instance that is done: what it came to as JSON, or why there is nothing.

    Attributes:
        seconds: that it took.
    """

    index: int
    row: str | None
    error: str | None
    seconds: float

    @property
    def decoded(self) -> dict[str, Any]:
        """What it came to."""
        assert self.row is not None
        decoded: dict[str, Any] = json.loads(self.row)
        return decoded


def attempt(play: Play, index: int, item: Any) -> Result:
    """Play one instance, once more if it fails; bad input fails at once."""
    began, error = time.perf_counter(), ""
    for _ in range(1 + RETRIES):
        try:
            row = json.dumps(play(index, item))
            return Result(index, row, None, time.perf_counter() - began)
        except DrivesimError as problem:
            error = str(problem)
            break
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
    return Result(index, None, error, time.perf_counter() - began)


class _Worker:
    """One process and what it was given, in order."""

    def __init__(self, play: Play) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, play), daemon=True)
        with _one_thread_each():
            self.process.start()
        theirs.close()
        self.given: deque[int] = deque()

    def fill(self, queue: deque[int], items: Sequence[Any], depth: int) -> None:
        """Give it work when it is about to run out."""
        if not queue or len(self.given) > depth // 2:
            return
        batch = [queue.popleft() for _ in range(min(depth - len(self.given), len(queue)))]
        self.given += batch
        try:
            self.pipe.send([(index, items[index]) for index in batch])
        except OSError:  # it died; reading from it says so too, and gives the batch back
            return

    def results(self) -> Iterator[Result]:
        """What it has finished by now.

        Raises:
            EOFError, OSError: the process died.
        """
        while self.pipe.poll():
            result: Result = self.pipe.recv()
            self.given.remove(result.index)
            yield result

    def end(self) -> int | None:
        """End the process; its exit code."""
        self.process.terminate()
        self.process.join()
        self.pipe.close()
        return self.process.exitcode


def finished_here(play: Play, items: Sequence[Any], todo: Iterable[int], jobs: int) -> Iterator[Result]:
    """Results as they come in from ``jobs`` processes of one thread each.

    An instance whose process dies is tried again in another, then given up; what else waited there loses nothing.

    Raises:
        DrivesimError: processes die again and again without finishing anything.
    """
    queue, died = deque(todo), dict[int, int]()
    workers = [_Worker(play) for _ in range(min(jobs, len(queue)))]
    pace, in_a_row = AHEAD, 0
    try:
        while queue or any(worker.given for worker in workers):
            depth = min(max(int(AHEAD / max(pace, 1e-9)), 1), _MOST)
            for worker in workers:
                worker.fill(queue, items, depth)
            ready = set(wait([worker.pipe for worker in workers if worker.given]))
            for place, worker in enumerate(workers):
                if worker.pipe not in ready:
                    continue
                try:
                    for result in worker.results():
                        in_a_row, pace = 0, 0.9 * pace + 0.1 * result.seconds
                        yield result
                except (EOFError, OSError):
                    in_a_row += 1
                    code = worker.end()
                    first, *others = worker.given
                    queue.extendleft(reversed(others))
                    died[first] = died.get(first, 0) + 1
                    if died[first] <= RETRIES:
                        queue.appendleft(first)
                    else:
                        yield Result(first, None, _cause(code), 0.0)
                    if in_a_row > _DEATHS + jobs:
                        raise DrivesimError(
                            f"{in_a_row} worker processes died in a row; of the last one: {_cause(code)}",
                            remedy="play one instance by itself with drivesim run, or use fewer processes",
                        ) from None
                    workers[place] = _Worker(play)
    finally:
        for worker in workers:
            worker.end()


def _cause(code: int | None) -> str:
    """Why a process ended, from its exit code."""
    if code is not None and code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with code {code}"


def _serve(pipe: Connection, play: Play) -> None:
    """A worker process: play what comes in until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_thread()
    try:
        while True:
            for index, item in pipe.recv():
                pipe.send(attempt(play, index, item))
    except (EOFError, OSError):
        return


def _end_with_parent() -> None:
    """An orphan would go on writing where the next sweep writes."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that start meanwhile load their libraries with one thread: pools of their own would wait for work
    spinning, on the cores of the other workers."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def one_thread() -> None:
    """A worker is one core's worth; kernels inside it do not compete for the others."""
    import numba

    numba.set_num_threads(1)
