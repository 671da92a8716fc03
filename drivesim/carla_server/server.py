"""The two sockets: calls on one port, snapshots and sensor data on the next. One thread, so no call meets a step."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgpack

from drivesim.carla_server import calls
from drivesim.carla_server.blueprints import library
from drivesim.carla_server.episode import Episode
from drivesim.carla_server.maps import Maps
from drivesim.carla_server.memory import Tidy
from drivesim.carla_server.recordings import Deck
from drivesim.carla_server.sensing import Sensing
from drivesim.carla_server.snapshot import MAP_CHANGED, STATES_START, WORLD_STREAM, snapshot
from drivesim.carla_server.wire import Refusal, Settings, reply, unpacker

STALLED = 256 * 1024 * 1024
"""Bytes waiting for a subscriber that does not read: its connection is closed."""
_BEHIND = 2 * 1024 * 1024
"""Bytes waiting from which messages are left out when nobody waits for frames (asynchronous mode)."""
_WELCOME, _SETTLED = 0.25, 0.01
"""s that a new client's settings wait at most for its subscription to snapshots, and then for it to read the first: the
client does not wait for that itself and would know no actors until the next tick."""
_PRACTICE = ("vehicle.tesla.model3", "walker.pedestrian.0001", "vehicle.bh.crossbike")
"""Who is there while things are compiled: a car, somebody on foot and somebody who rides."""
_ANNOUNCED = 1.0
"""s that a frame waits at most for who has asked for a sensor's stream and is not there yet: clients step at once."""
_IDLE = 0.2
"""s between looks at whether to step while a client steps."""


class CarlaServer:
    """Answers CARLA clients until it is closed.

    Args:
        port: of calls; data streams are on the port after it. 0 lets the system choose both.
        host: address to listen at; clients elsewhere need another than the default.
        town: map at the start. folders: of the user's maps. seed: of looks and noise.
        recordings: folder of what clients record; None for the user's own.
        real_time: in synchronous mode, too, no frame comes before the clock says so.
    """

    def __init__(
        self, port: int = 2000, host: str = "127.0.0.1", town: str = "residential_street",
        folders: Sequence[Path] = (), seed: int = 0, recordings: Path | None = None,
        *, real_time: bool = False,
    ) -> None:  # fmt: skip
        self.host, self.port, self.stream_port = host, port, port + 1 if port else 0
        self.maps = Maps(folders)
        self.managers: dict[int, tuple[str, object]] = {}
        """Clients' traffic managers by port: their addresses, and whose they are."""
        self._awaited: dict[int, float] = {}
        """Streams that clients are about to subscribe to, and until when frames wait for them."""
        self.caller: object = None
        """Who makes the call that is being answered."""
        self._real_time, self._stepped = real_time, 0.0
        self._seed = seed
        self._subscribers: dict[int, set[asyncio.StreamWriter]] = {}
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        name, network = self.maps.load(town)
        self.episode = Episode(network, name, 1, seed)
        self.sensing = Sensing(seed)
        self.deck = Deck(recordings)
        self._latest = b""
        self._unsensed = False
        self._welcomed = 0
        """Subscriptions to snapshots so far."""
        self._reported: set[tuple[str, int | None]] = set()
        self._stepper: asyncio.Task[None] | None = None
        self._tidy = Tidy()

    def prepare(self) -> None:
        """Build the city and compile all that steps and senses: clients give up on an answer after seconds."""
        episode = self.episode
        practice = Episode(episode.network, episode.name, episode.number, self._seed)
        for blueprint, place in zip(_PRACTICE, practice.spawn_points, strict=False):
            with contextlib.suppress(Refusal):  # the map is so small that they stand in each other's way
                practice.spawn(library()[blueprint].default(), place)
        practice.step()
        snapshot(practice, 0.0, practice.delta)
        self.sensing.prepare(practice)

    # What calls do

    def advance(self, flags: int = 0) -> None:
        """One frame: step, tell everyone; then sense for those who listen, which may take longer than they wait for an
        answer and therefore comes after it."""
        self._sense()
        self._stepped = time.monotonic()
        episode = self.episode
        self.deck.before_step(episode)
        episode.step()
        self._latest = snapshot(episode, time.time(), episode.delta, flags)
        self._send(WORLD_STREAM, self._latest)
        self.deck.after_step(episode, self._latest[STATES_START:])
        self._unsensed = True
        asyncio.get_running_loop().call_soon(self._sense)

    def _sense(self) -> None:
        """What is left to do of the newest frame."""
        if not self._unsensed:
            return
        self._unsensed = False
        listening = {stream for stream, writers in self._subscribers.items() if writers}
        for stream, data in self.sensing.capture(self.episode, listening, self._pack):
            self._send(stream, data)

    def _pack(self, record: Any) -> list[Any]:
        return calls.actors.pack_actor(self, record)

    def load(self, name: str, *, reset_settings: bool) -> None:
        """Replace the episode by a new one on another map.

        Raises:
            Refusal: there is no such map.
        """
        short, network = self.maps.load(name)
        self._sense()
        old = self.episode
        self.episode = Episode(network, short, old.number + 1, self._seed, old.next_id)
        self.episode.settings = Settings() if reset_settings else old.settings
        self.sensing.forget()
        self.advance(MAP_CHANGED)  # clients wait for the new episode's first snapshot, synchronous or not

    def _send(self, stream: int, data: bytes) -> None:
        for writer in list(self._subscribers.get(stream, ())):
            waiting = writer.transport.get_write_buffer_size()
            if waiting > STALLED:
                writer.transport.abort()
            elif self.episode.settings.synchronous or waiting < _BEHIND:
                writer.write(data)

    # Sockets

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: a port is taken.
        """
        calls = await asyncio.start_server(self._answer, self.host, self.port)
        self.port = calls.sockets[0].getsockname()[1]
        self._servers.append(calls)
        streams = await asyncio.start_server(self._subscribe, self.host, self.stream_port)
        self.stream_port = streams.sockets[0].getsockname()[1]
        self._servers.append(streams)
        self._stepper = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop; legal twice."""
        if self._stepper is not None:
            self._stepper.cancel()
        for server in self._servers:
            server.close()
        for writer in list(self._writers):
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await asyncio.sleep(0.0)  # those who read hear of it before they would be cancelled
        self._servers.clear()
        self.deck.stop_recording()
        self.sensing.close()
        self.maps.close()

    async def _run(self) -> None:
        """Frames in real time while no client steps."""
        due = time.monotonic()
        while True:
            settings = self.episode.settings
            if settings.synchronous:
                due = time.monotonic()
                await asyncio.sleep(_IDLE)
                continue
            due += self.episode.delta
            now = time.monotonic()
            due = max(due, now - 1.0)
            await asyncio.sleep(max(due - now, 0.0))
            if not self.episode.settings.synchronous:
                self.advance()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's calls, in order. What is no call ends the connection."""
        self._writers.add(writer)
        calls = unpacker()
        introduced: int | None = None
        try:
            while data := await reader.read(1 << 16):
                calls.feed(data)
                for request in calls:
                    self.caller = writer
                    if isinstance(request, list) and request[2:3] == ["tick_cue"]:
                        await self._due()
                    answer = self._handle(request)
                    if request[2] == "get_sensor_token" and list(request[3][1:]) == [WORLD_STREAM]:
                        introduced = self._welcomed
                    elif request[2] == "get_episode_settings" and introduced is not None:
                        await self._subscribed_since(introduced)
                        introduced = None
                    if answer is not None:
                        writer.write(answer)
                await writer.drain()
        except (
            ValueError,
            TypeError,
            OverflowError,
            RecursionError,
            msgpack.exceptions.UnpackException,
            OSError,
        ) as error:
            # The reader keeps the error, that its traceback, that this frame, and this the reader and all buffers.
            error.__traceback__ = None
            writer.transport.abort()
        finally:
            self.managers = {port: kept for port, kept in self.managers.items() if kept[1] is not writer}
            self._writers.discard(writer)
            writer.close()
            self._tidy.connection_ended()

    async def _due(self) -> None:
        """Return when who wants to see the next frame is there, and in real time when the clock is where it will be."""
        while any(time.monotonic() < until for until in self._awaited.values()):
            await asyncio.sleep(1e-3)
        self._awaited.clear()
        if self._real_time:
            await asyncio.sleep(max(self._stepped + self.episode.delta - time.monotonic(), 0.0))

    def announced(self, stream: int) -> None:
        """A client is about to subscribe to a sensor's stream."""
        if not self._subscribers.get(stream) and any(r.stream == stream for r in self.episode.records.values()):
            self._awaited[stream] = time.monotonic() + _ANNOUNCED

    async def _subscribed_since(self, known: int) -> None:
        """Return when another client than ``known`` ones has had its first snapshot, or soon."""
        latest = time.monotonic() + _WELCOME
        while self._welcomed == known and time.monotonic() < latest:
            await asyncio.sleep(1e-3)
        await asyncio.sleep(_SETTLED)

    def _handle(self, request: Any) -> bytes | None:
        """The answer to one call; None for one that wants none.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(request, (list, tuple)) or len(request) != 4 or request[0] != 0:
            raise ValueError("not a call")
        _, number, name, arguments = request
        if not isinstance(number, int) or not isinstance(name, str) or not isinstance(arguments, (list, tuple)):
            raise ValueError("not a call")
        if name not in calls.METHODS:
            return reply(number, f"'{name}' is not implemented by drivesim", None)
        try:
            return reply(number, None, calls.call(self, name, list(arguments[1:])))
        except Refusal as refusal:
            return reply(number, str(refusal), None)
        except Exception as error:  # whatever a client sends, the others go on
            self._report(error)
            return reply(number, f"{name}: {type(error).__name__}: {error}", None)

    def _report(self, error: Exception) -> None:
        """Tell the operator of a mistake that is this program's own, once for each place."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = last.filename, last.lineno
        file = Path(last.filename)
        taken_apart = isinstance(error, struct.error) or file.parent.name == "calls" or file.name == "wire.py"
        if not taken_apart and place not in self._reported:
            self._reported.add(place)
            traceback.print_exception(error, file=sys.stderr)

    async def _subscribe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A stream's subscriber: four bytes say which, nothing more ever comes."""
        self._writers.add(writer)
        stream = 0
        try:
            (stream,) = struct.unpack("<I", await reader.readexactly(4))
            if stream != WORLD_STREAM and all(record.stream != stream for record in self.episode.records.values()):
                return
            self._subscribers.setdefault(stream, set()).add(writer)
            self._awaited.pop(stream, None)
            if stream == WORLD_STREAM and self._latest:
                writer.write(self._latest)
                await writer.drain()
            self._welcomed += stream == WORLD_STREAM
            while await reader.read(64):
                pass
        except (asyncio.IncompleteReadError, OSError) as error:
            error.__traceback__ = None  # it went away, which is how clients unsubscribe
        finally:
            self._subscribers.get(stream, set()).discard(writer)
            self._writers.discard(writer)
            writer.close()
            self._tidy.connection_ended()
