"""A CARLA server for one run: connected, its map loaded, actors in it, and everything put back at the end."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drivesim.errors import SimulatorError
from drivesim.simulators.carla.frames import Transform, carla_from_pose
from drivesim.simulators.carla.weather import carla_weather
from drivesim.transforms import Pose
from drivesim.types import Weather
from drivesim.world.signals import AMBER, GREEN, RED, lit_lenses

OLDEST, NEWEST = (0, 9, 13), (0, 9, 16)
"""Versions of CARLA whose interface is known to fit."""
_PARTING = 10.0
"""s within which a server that is to be put back must answer."""


class Session:
    """One client's hold on a server.

    Whatever is changed (settings, weather, traffic lights, actors) is put back by :meth:`close`, which is legal twice
    and never raises.

    Args:
        host, port: of the server. timeout: s that a call may take.

    Raises:
        SimulatorError: the client is missing, no server answers, or its version does not fit.
    """

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.carla = _client_library()
        self._address = f"{host}:{port}"
        self._timeout = timeout
        with self.answering("no CARLA server answers"):
            self._client = self.carla.Client(host, port)
            self._client.set_timeout(timeout)
            self.version = self._client.get_server_version()
            _check_versions(self.version, self._client.get_client_version())
            self.world: Any = self._client.get_world()
        self._settings: Any = None
        self._weather: Any = None
        self._lights: dict[str, tuple[Any, Any, bool]] = {}
        self._actors: list[Any] = []

    @contextlib.contextmanager
    def answering(self, problem: str = "the CARLA server stopped answering") -> Iterator[None]:
        """Turn the client's ``RuntimeError`` into one that says what to do."""
        try:
            yield
        except RuntimeError as error:
            raise SimulatorError(
                f"{problem} at {self._address} ({str(error).strip()})",
                element="--carla",
                remedy="start one (launch/carla.sh, or 'drivesim serve' for one without a GPU), or name it HOST:PORT",
            ) from error

    def load(self, road_file: Path) -> None:
        """Have the map: the server's own of that name, else made from the OpenDRIVE file."""
        with self.answering("the CARLA server did not load the map"):
            offered = {name.rsplit("/", 1)[-1]: name for name in self._client.get_available_maps()}
            current = self.world.get_map().name.rsplit("/", 1)[-1]
            if road_file.stem in offered:
                if current != road_file.stem:
                    self.world = self._client.load_world(offered[road_file.stem])
                return
            text = road_file.read_text(encoding="utf-8", errors="replace")
            self.world = self._client.generate_opendrive_world(text, self.carla.OpendriveGenerationParameters())

    def synchronise(self, delta: float) -> None:
        """From here on the server steps by ``delta`` s, and only on :meth:`tick`."""
        with self.answering():
            self._settings = self.world.get_settings()
            self._weather = self.world.get_weather()
            settings = self.world.get_settings()
            settings.synchronous_mode = True
            settings.fixed_delta_seconds = delta
            settings.max_substeps = max(settings.max_substeps, int(delta / settings.max_substep_delta_time) + 1)
            self.world.apply_settings(settings)

    def tick(self, commands: list[Any]) -> int:
        """Apply commands, step once; the new frame's number.

        Raises:
            SimulatorError: an actor cannot be put where it belongs, as when another client destroyed it.
        """
        placing = self.carla.command.ApplyTransform, self.carla.command.ApplyWalkerState
        with self.answering():
            responses = self._client.apply_batch_sync(commands, False)
            for command, response in zip(commands, responses, strict=True):
                if response.error and isinstance(command, placing):
                    raise RuntimeError(response.error)
            return int(self.world.tick(self._timeout))

    def spawn(self, blueprint: Any, place: Pose, parent: Any = None) -> Any:
        """An actor that :meth:`close` destroys."""
        with self.answering(f"the CARLA server did not spawn a {blueprint.id}"):
            transform = self.transform(carla_from_pose(place))
            if parent is None:
                actor = self.world.spawn_actor(blueprint, transform)
            else:
                actor = self.world.spawn_actor(blueprint, transform, parent, self.carla.AttachmentType.Rigid)
        self._actors.append(actor)
        return actor

    def transform(self, place: Transform) -> Any:
        (x, y, z), (pitch, yaw, roll) = place
        return self.carla.Transform(self.carla.Location(x, y, z), self.carla.Rotation(pitch, yaw, roll))

    def set_weather(self, weather: Weather) -> None:
        with self.answering():
            self.world.set_weather(self.carla.WeatherParameters(*carla_weather(weather)))

    def set_signals(self, signals: Mapping[str, str]) -> None:
        """Show what the scenario says; signals that the server's map has not are passed over, being nowhere to see."""
        for signal, shown in signals.items():
            wanted = _light_state(self.carla, shown)
            with self.answering():
                if signal not in self._lights:
                    light = self.world.get_traffic_light_from_opendrive_id(signal)
                    if light is None:
                        continue
                    self._lights[signal] = light, light.get_state(), bool(light.is_frozen())
                    light.freeze(True)
                light = self._lights[signal][0]
                if light.get_state() != wanted:
                    light.set_state(wanted)

    def close(self) -> None:
        """Put everything back: sensors silent, actors gone, lights, weather and settings as they were."""
        actors, self._actors = self._actors[::-1], []
        lights, self._lights = self._lights, {}
        for actor in actors:
            if hasattr(actor, "stop"):
                with contextlib.suppress(RuntimeError):
                    actor.stop()
        if not (actors or self._settings or lights) or not self._answers():
            return  # nothing was changed, or the server is gone and has nothing to put back
        with contextlib.suppress(RuntimeError):
            self._client.apply_batch_sync([self.carla.command.DestroyActor(actor) for actor in actors], False)
        with contextlib.suppress(RuntimeError):
            for light, state, frozen in lights.values():
                light.set_state(state)
                light.freeze(frozen)
            if self._weather is not None:
                self.world.set_weather(self._weather)
            if self._settings is not None:
                self.world.apply_settings(self._settings)
        self._weather = self._settings = None

    def _answers(self) -> bool:
        """Whether the server is still there; versions are told even while it simulates."""
        self._client.set_timeout(min(self._timeout, _PARTING))
        try:
            self._client.get_server_version()
        except RuntimeError:
            return False
        finally:
            self._client.set_timeout(self._timeout)
        return True


def _client_library() -> Any:
    try:
        import carla
    except ImportError as error:
        raise SimulatorError(
            "the official CARLA client is not installed",
            element="--simulator carla",
            remedy="pip install 'drivesim[carla]' (wheels exist for Linux and Windows, Python 3.10 to 3.12)",
        ) from error
    return carla


def version_of(server: str) -> tuple[int, ...] | None:
    """Major, minor and patch; None for what names none, as servers that somebody built."""
    number = re.match(r"(\d+)\.(\d+)\.(\d+)", server)
    return tuple(map(int, number.groups())) if number else None


def _check_versions(server: str, client: str) -> None:
    """Raises:
    SimulatorError: the server's version is not one of those known to fit, or not the client's, whose numbers of
        sensors and fields of calls would be others: data that are taken for something else end the client.
    """
    version, own = version_of(server), version_of(client)
    if version is not None and not OLDEST <= version <= NEWEST:
        first, last = (".".join(map(str, limit)) for limit in (OLDEST, NEWEST))
        raise SimulatorError(
            f"the server is CARLA {server}, the client {client}",
            element="--carla",
            remedy=f"use a server of {first} to {last}, and the client of its version",
        )
    if version is not None and own is not None and version != own:
        raise SimulatorError(
            f"the server is CARLA {server}, the client {client}: versions do not understand each other",
            element="--carla",
            remedy=f"start a server of {client}, or install the client of {server} (docs/carla.md)",
        )


def _light_state(carla: Any, shown: str) -> Any:
    """What a scenario says of a signal as CARLA's state, which knows one lamp at a time."""
    lit = lit_lenses(shown)
    states = ((GREEN, "Green"), (AMBER, "Yellow"), (RED, "Red"))
    return getattr(carla.TrafficLightState, next((state for lens, state in states if lit & lens), "Off"))
