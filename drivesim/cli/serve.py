"""``drivesim serve``: CARLA's wire protocol over the embedded simulator."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from rich.console import Console

from drivesim.carla_server import CarlaServer
from drivesim.carla_server.wire import Refusal
from drivesim.errors import DrivesimError


def serve_command(port: int, host: str, town: str, seed: int, *, real_time: bool, quiet: bool) -> None:
    folders = [Path(name) for name in os.environ.get("DRIVESIM_MAPS", "").split(os.pathsep) if name]
    try:
        server = CarlaServer(port, host, town, folders, seed, real_time=real_time)
    except Refusal as refusal:
        raise DrivesimError(str(refusal), element="--map") from refusal
    try:
        asyncio.run(_serve(server, Console(highlight=False, quiet=quiet)))
    except KeyboardInterrupt:
        pass  # how a server is stopped
    except OSError as error:
        raise DrivesimError(
            f"cannot listen at {host}:{port}: {error.strerror or error}", element="--port", remedy="choose another port"
        ) from error


async def _serve(server: CarlaServer, console: Console) -> None:
    stopped = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows knows no SIGTERM, by which containers are stopped
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    with console.status("building the city; the first start compiles for a minute or two"):
        server.prepare()
    await server.start()
    where = "this machine only" if server.host == "127.0.0.1" else "whoever reaches this machine"
    console.print(
        f"CARLA 0.9.16 clients: {server.host}:{server.port} (data on {server.stream_port}; open to {where}), "
        f"map {server.episode.name}. Ctrl-C stops."
    )
    try:
        await stopped.wait()
    finally:
        await server.close()
