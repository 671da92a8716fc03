"""Stand-ins for playing an instance, for worker processes to import."""

import os
import signal
import time
from pathlib import Path

from drivesim.errors import ScenarioError


def square(index, item):
    return {"square": item * item, "text": f"number {index}"}


def slow_square(index, item):
    time.sleep(0.05)
    return square(index, item)


def count_threads(index, item):
    """Threads of the process after a product of matrices that BLAS would share out, and how many others would take."""
    import cv2
    import numba
    import numpy as np

    np.ones((500, 500)) @ np.ones((500, 500))
    running = len(list(Path("/proc/self/task").iterdir()))
    return {"running": running, "numba": numba.config.NUMBA_NUM_THREADS, "opencv": cv2.getNumThreads()}


def die_once(index, item):
    """Every fifth instance's process is killed, the first time."""
    marker, number = item
    if index % 5 == 2:
        place = Path(f"{marker}.{index}")
        if not place.exists():
            place.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return square(index, number)


def die_always(index, item):
    if index == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(index, item)


def die_at_once(index, item):
    os._exit(7)


def complain(index, item):
    """Notes every call; instance 1 is bad input, instance 2 a mistake in the code."""
    with Path(item).open("a") as calls:
        calls.write(f"{index}\n")
    if index == 1:
        raise ScenarioError("contradictory", element="gap")
    if index == 2:
        raise ZeroDivisionError("bad luck")
    return {"square": index * index, "text": ""}
