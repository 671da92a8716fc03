"""The recorder, the player, and questions about recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import method
from drivesim.carla_server.recordings import actors_blocked, collisions, file_info
from drivesim.carla_server.wire import ORIGIN, Refusal, number, transform

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer


@method("start_recorder")
def _start(server: CarlaServer, name: str, _additional: bool = False) -> str:
    """Where the recording is kept; it always has everything."""
    return str(server.deck.record(str(name), server.episode))


@method("stop_recorder", void=True)
def _stop(server: CarlaServer) -> None:
    server.deck.stop_recording()


@method("show_recorder_file_info")
def _info(server: CarlaServer, name: str, everything: bool = False) -> str:
    return file_info(*server.deck.folder.read(str(name)), everything=bool(everything))


@method("show_recorder_collisions")
def _collisions(server: CarlaServer, name: str, first: int, second: int) -> str:
    """Kinds are letters, sent as their codes."""
    kinds = [chr(int(kind) & 0x7F).lower() for kind in (first, second)]
    if not set(kinds) <= set("hvwtoa"):
        raise Refusal(
            f"'{kinds[0]}' and '{kinds[1]}' are no kinds: h hero, v vehicle, w walker, t light, o other, a any"
        )
    return collisions(*server.deck.folder.read(str(name)), *kinds)


@method("show_recorder_actors_blocked")
def _blocked(server: CarlaServer, name: str, seconds: float = 30.0, centimetres: float = 10.0) -> str:
    return actors_blocked(*server.deck.folder.read(str(name)), number(seconds), number(centimetres))


@method("replay_file")
def _replay(
    server: CarlaServer, name: str, start: float = 0.0, duration: float = 0.0, follow: int = 0, sensors: bool = False,
    offset: Any = ORIGIN,
) -> str:  # fmt: skip
    if sensors:
        raise Refusal("sensors of a recording are not played again: attach your own while it plays")
    begin, length, behind = number(start), number(duration), transform(offset)
    town, whole = server.deck.play(str(name), server.episode, begin, length, int(follow), behind)
    return f"Replaying File: {server.deck.folder.file(str(name))}\nMap: {town}\nTotal time recorded: {whole:.3f}\n"


@method("stop_replayer", void=True)
def _stop_replay(server: CarlaServer, keep: bool = False) -> None:
    server.deck.stop_playing(server.episode, keep=bool(keep))


@method("set_replayer_time_factor", void=True)
def _factor(server: CarlaServer, factor: float) -> None:
    server.deck.set_factor(float(factor))


@method("set_replayer_ignore_hero", void=True)
def _ignore_hero(server: CarlaServer, ignored: bool) -> None:
    server.deck.options.heroes = not ignored


@method("set_replayer_ignore_spectator", void=True)
def _ignore_spectator(server: CarlaServer, ignored: bool) -> None:
    server.deck.options.spectator = not ignored
