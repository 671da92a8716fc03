"""What recordings say, as CARLA's queries put it (CARLA documentation, "Recorder")."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from drivesim.carla_server.recordings.file import Frame, Head
from drivesim.carla_server.wire import Description

_MOST_LINES = 100_000
_KINDS = {"vehicle.": "v", "walker.": "w", "traffic.": "t"}


def file_info(head: Head, frames: Iterator[Frame], *, everything: bool) -> str:
    """Frames with what happened in them, or with everything in them."""
    lines, count, last = _head(head), 0, 0.0
    for count, frame in enumerate(frames, start=1):
        last, events = frame.time, []
        for one in frame.came:
            (x, y, z), _ = one.place
            events.append(f" Create {one.id}: {one.description.blueprint} at ({x:.2f}, {y:.2f}, {z:.2f})")
            events += [f"  {name} = {value}" for name, _, value in one.description.attributes if everything]
            events += [f" Parenting {one.id} with {one.parent} (parent)"] if one.parent else []
        events += [f" Destroy {number}" for number in frame.gone]
        events += [f" Collision between {one} and {two}" for one, two in frame.touched]
        if everything:
            events += [f" Positions: {len(frame.states)}"]
            events += [
                f"  Id: {state['id']} Location: ({', '.join(f'{part:.3f}' for part in state['place'])}) "
                f"Rotation: ({', '.join(f'{part:.3f}' for part in state['rotation'])})"
                for state in frame.states
            ]
        if events and len(lines) < _MOST_LINES:
            lines += [f"Frame {count} at {frame.time:.3f} seconds", *events]
    return "\n".join([*lines, *_tail(count, last)])


def collisions(head: Head, frames: Iterator[Frame], first: str, second: str) -> str:
    """Who touched whom, by kind: h hero, v vehicle, w walker, t traffic light, o other, a any."""
    lines = [*_head(head), f"{'Time':>8}  Types {'Id':>6} {'Actor 1':<35} {'Id':>6} Actor 2"]
    known: dict[int, Description] = {}
    count, last = 0, 0.0
    touching: set[tuple[int, int]] = set()
    for frame in frames:
        count, last = count + 1, frame.time
        known |= {one.id: one.description for one in frame.came}
        for pair in sorted(set(frame.touched) - touching):
            one, two = (known.get(number, Description(0, "unknown")) for number in pair)
            for (a, one_id), (b, two_id) in (((one, pair[0]), (two, pair[1])), ((two, pair[1]), (one, pair[0]))):
                if _is(a, first) and _is(b, second):
                    names = f"{one_id:>6} {a.blueprint:<35} {two_id:>6} {b.blueprint}"
                    lines.append(f"{frame.time:>8.2f}    {_kind(a)} {_kind(b)} {names}")
                    break
        touching = set(frame.touched)
    return "\n".join([*lines[:_MOST_LINES], *_tail(count, last)])


def actors_blocked(head: Head, frames: Iterator[Frame], least_time: float, least_distance: float) -> str:
    """Vehicles that within ``least_time`` s did not get ``least_distance`` cm from where they were, and for how long,
    the longest first."""
    known: dict[int, Description] = {}
    since: dict[int, tuple[float, np.ndarray]] = {}
    found: list[tuple[float, float, int]] = []
    count, last = 0, 0.0

    def end(number: int, now: float) -> None:
        start, _ = since.pop(number)
        if now - start >= least_time:
            found.append((now - start, start, number))

    for frame in frames:
        count, last = count + 1, frame.time
        known |= {one.id: one.description for one in frame.came}
        for number in frame.gone:
            if number in since:
                end(number, frame.time)
        for state in frame.states:
            number = int(state["id"])
            if number not in known or not known[number].blueprint.startswith("vehicle."):
                continue
            place = state["place"].astype(np.float64)
            if number in since and np.linalg.norm(place - since[number][1]) * 100.0 > least_distance:
                end(number, frame.time)
            since.setdefault(number, (frame.time, place))
    for number in list(since):
        end(number, last)
    lines = [*_head(head), f"{'Time':>8} {'Id':>6} {'Actor':<35} {'Duration':>10}"]
    for duration, start, number in sorted(found, reverse=True):
        lines.append(f"{start:>8.2f} {number:>6} {known[number].blueprint:<35} {duration:>10.2f}")
    return "\n".join([*lines[:_MOST_LINES], *_tail(count, last)])


def _head(head: Head) -> list[str]:
    return ["Version: 1", f"Map: {head.town}", f"Date: {head.date}", ""]


def _tail(frames: int, seconds: float) -> list[str]:
    return ["", f"Frames: {frames}", f"Duration: {seconds:.3f} seconds", ""]


def _kind(description: Description) -> str:
    if description.get("role_name") in {"hero", "ego_vehicle"}:
        return "h"
    return next((kind for start, kind in _KINDS.items() if description.blueprint.startswith(start)), "o")


def _is(description: Description, wanted: str) -> bool:
    kind = _kind(description)
    return wanted in {"a", kind} or (wanted == "v" and kind == "h")
