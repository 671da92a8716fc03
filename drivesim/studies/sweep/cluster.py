"""Work handed to a Ray cluster, with the same results as local processes give."""

from __future__ import annotations

import math
import os
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from drivesim.errors import DrivesimError
from drivesim.studies.sweep.workers import AHEAD, RETRIES, Play, Result, attempt, one_thread

_MOST = 1000
"""Instances in a task at most."""
_PATIENCE = 5.0
"""Seconds to wait for an address to answer."""
_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS
"""What a client of HTTP/2 (gRPC) says first, RFC 9113 section 3.4; the server answers with settings of its own."""
_INSTALL = "install it: pip install 'drivesim[ray]'"


class RayCluster:
    """An executor of sweeps on a running Ray cluster; close it, or use it as a context manager.

    Every CPU that the cluster offers plays one instance at a time. Nodes need drivesim in the same version and, for
    recordings, the sweep's folder under the same path.

    Args:
        address: ``HOST:PORT`` of the head node, from a machine of the cluster; ``ray://HOST:PORT`` from any other;
            ``auto`` for the cluster that this machine belongs to.

    Raises:
        DrivesimError: Ray is not installed, or nothing answers there.
    """

    def __init__(self, address: str) -> None:
        try:
            import ray
        except ImportError as error:
            raise DrivesimError("clusters need Ray", element="--ray", remedy=_INSTALL) from error
        self._ray: Any = ray
        self._address = address
        _reach(address)
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
        except Exception as error:
            if _wants_token(error):
                raise DrivesimError(
                    f"the Ray cluster at {address} asks for a token", element="--ray",
                    remedy="give its users' token and set RAY_AUTH_MODE=token; or start its head with "
                    "RAY_AUTH_MODE=disabled where nobody else reaches it",
                ) from error  # fmt: skip
            raise _unreachable(address, str(error).strip().splitlines()[0]) from error

    def __call__(self, play: Play, items: Sequence[Any], todo: Iterable[int]) -> Iterator[Result]:
        """Results as they come in. An instance whose process or node dies is tried again by itself, then given up.

        Raises:
            DrivesimError: the cluster cannot run drivesim.
        """
        ray, queue = self._ray, deque(todo)
        task = ray.remote(num_cpus=1, max_retries=0)(_play_batch)
        shared, running, deaths, pace = ray.put(play), dict[Any, list[int]](), dict[int, int](), AHEAD
        while queue or running:
            room = 2 * self._cpus() - len(running)
            size = min(int(AHEAD / max(pace, 1e-9)), _MOST, math.ceil(len(queue) / max(room, 1)))
            while queue and len(running) < 2 * self._cpus():
                batch = _batch(queue, size, deaths)
                running[task.remote(shared, [(index, items[index]) for index in batch])] = batch
            (done,), _ = ray.wait(list(running), num_returns=1)
            batch = running.pop(done)
            try:
                results: list[Result] = ray.get(done)
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError,
                    ray.exceptions.OutOfMemoryError, ray.exceptions.ObjectLostError) as error:  # fmt: skip
                results = _lost(batch, queue, deaths, error)
            except ray.exceptions.RayError as error:
                raise DrivesimError(
                    f"the cluster cannot run drivesim: {_last_line(error)}", element="--ray",
                    remedy="install the same version of drivesim on every node",
                ) from error  # fmt: skip
            for result in results:
                pace = 0.9 * pace + 0.1 * result.seconds
                yield result

    def close(self) -> None:
        """Leave the cluster; it goes on running. Legal twice."""
        self._ray.shutdown()

    def __enter__(self) -> RayCluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cpus(self) -> int:
        return max(int(self._ray.cluster_resources().get("CPU", 0)), 1)


def _play_batch(play: Play, batch: Sequence[tuple[int, Any]]) -> list[Result]:
    """On a node: play some instances one after the other."""
    one_thread()
    return [attempt(play, index, item) for index, item in batch]


def _batch(queue: deque[int], size: int, deaths: dict[int, int]) -> list[int]:
    """The next instances to hand out together; one whose process died goes by itself."""
    batch = [queue.popleft()]
    while queue and len(batch) < size and not {batch[0], queue[0]} & deaths.keys():
        batch.append(queue.popleft())
    return batch


def _lost(batch: list[int], queue: deque[int], deaths: dict[int, int], error: Exception) -> list[Result]:
    """Put back what was lost with a process; an instance that was alone there is to blame, at last with a result."""
    for index in batch:
        deaths[index] = deaths.get(index, 0) + (len(batch) == 1)
    if len(batch) == 1 and deaths[batch[0]] > RETRIES:
        return [Result(batch[0], None, f"its process died: {type(error).__name__}", 0.0)]
    queue.extendleft(reversed(batch))
    return []


def _reach(address: str) -> None:
    """Ask the port whether it speaks gRPC: Ray itself would try for two minutes."""
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise DrivesimError(f"'{address}' is no address", element="--ray",
                            remedy="write HOST:PORT, ray://HOST:PORT or auto")  # fmt: skip
    try:
        with socket.create_connection((host, int(port)), timeout=_PATIENCE) as connection:
            if os.environ.get("RAY_USE_TLS") == "1":
                return
            connection.sendall(_GREETING)
            if connection.recv(len(_SETTINGS))[3:4] != _SETTINGS[3:4]:
                raise ConnectionError("what listens there is something else")
    except (OSError, OverflowError) as error:
        raise _unreachable(address, str(error)) from error


def _unreachable(address: str, why: str) -> DrivesimError:
    return DrivesimError(
        f"no Ray cluster answers at {address} ({why})", element="--ray",
        remedy="start one with launch/ray_cluster.sh, or leave --ray away to use this machine",
    )  # fmt: skip


def _wants_token(error: BaseException | None) -> bool:
    """Whether an error of Ray's, or what it comes from, is about its authentication (token mode)."""
    while error is not None:
        if "AuthToken" in str(error) or type(error).__name__ == "AuthenticationError":
            return True
        error = error.__cause__ or error.__context__
    return False


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]
