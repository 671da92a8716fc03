"""The numbers every builder needs, from the actor: where the box and the wheels are."""

from __future__ import annotations

from dataclasses import dataclass

from drivesim.types import Actor


@dataclass(frozen=True, slots=True)
class Frame:
    """Measures of one vehicle in the actor frame, m.

    Attributes:
        front, rear: x of the box's ends; half: half its width; top: z of its top; middle: y of its centre.
        front_axle, rear_axle: x; radius: of the tyres; track: between wheel centres.
    """

    front: float
    rear: float
    half: float
    top: float
    middle: float
    front_axle: float
    rear_axle: float
    radius: float
    track: float

    @property
    def length(self) -> float:
        return self.front - self.rear

    def x(self, share: float) -> float:
        """x a ``share`` of the length behind the front end."""
        return self.front - share * self.length


def frame_of(actor: Actor) -> Frame:
    """The actor's measures; wheels that the scenario leaves out, or that would not fit the box, are made to fit."""
    box, axles = actor.box, actor.axles
    front, rear = box.center[0] + box.length / 2, box.center[0] - box.length / 2
    top = box.center[2] + box.height / 2
    half = box.width / 2
    narrow = actor.category in ("bicycle", "motorbike")
    radius = axles.wheel_diameter / 2 if axles and axles.wheel_diameter > 0 else 0.21 * top
    radius = min(radius, (0.45 if narrow else 0.30) * top, 0.22 * box.length)
    front_axle, rear_axle = (
        (axles.front_x, axles.rear_x) if axles else (front - 0.19 * box.length, rear + 0.2 * box.length)
    )
    margin = radius * (1.0 if narrow else 1.25)
    front_axle, rear_axle = min(front_axle, front - margin), max(rear_axle, rear + margin)
    track = axles.track_width if axles and axles.track_width > 0 else 1.7 * half
    return Frame(front, rear, half, top, box.center[1], front_axle, rear_axle, radius, track)
