"""What the server knows of each actor that a client may name."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivesim.carla_server.physics import PhysicsControl
from drivesim.carla_server.wire import (
    ORIGIN,
    AckermannControl,
    Description,
    LightTimes,
    VehicleControl,
    WalkerControl,
)
from drivesim.simulators.carla.frames import Transform, Vector

RIGID = 0

Trigger = tuple[Vector, Vector, Vector]
"""Middle, half sizes and rotation of a box: m, degrees, CARLA's axes."""
NOWHERE: Trigger = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


@dataclass(slots=True, eq=False)
class Record:
    """One actor.

    Attributes:
        id: never given twice.
        parent: id of what it is attached to, 0 for nothing.
        place: in the world, or relative to the parent; of no account for what has a body.
        name: of its body in the simulated world, None for what has none.
        stream: of a sensor's data, 0 for none.
    """

    id: int
    description: Description
    parent: int = 0
    place: Transform = ORIGIN
    name: str | None = None
    stream: int = 0
    tags: bytes = b""
    physics: bool = True
    collides: bool = True
    fitted: PhysicsControl | None = None
    """What a client made of a vehicle; None as its blueprint has it."""
    constant_velocity: Vector | None = None
    vehicle: VehicleControl = field(default_factory=VehicleControl)
    ackermann: AckermannControl | None = None
    """In place of pedals and wheel, if it came later than they did."""
    wheel: float = 0.0
    """Share of full lock that the road wheels have come to, positive to the right."""
    rolled: float = 0.0
    """Angle of the wheels at the last step, rad."""
    thrown: bool = False
    """Whether a client has told a velocity since the last step."""
    spin: float = 0.0
    """How fast a client wants the body to turn in the next step, rad/s, positive to the left."""
    walker: WalkerControl = field(default_factory=WalkerControl)
    led: tuple[Transform, float] | None = None
    """Where a client's crowd wants a walker's feet in the next step, and its speed, m/s."""
    replayed: tuple[Transform, Vector] | None = None
    """Where a recording has it at the end of the next step, and how fast, m/s."""
    lights: int = 0
    due: float = 0.0
    """When a sensor measures next, s of episode time."""

    @property
    def blueprint(self) -> str:
        return self.description.blueprint

    @property
    def is_vehicle(self) -> bool:
        return self.blueprint.startswith("vehicle.")

    @property
    def is_walker(self) -> bool:
        return self.blueprint.startswith("walker.")

    @property
    def is_sensor(self) -> bool:
        return self.blueprint.startswith("sensor.")


@dataclass(slots=True, eq=False)
class TrafficLight(Record):
    """A signal of the map that works; see :mod:`~drivesim.carla_server.lights`.

    Attributes:
        signal: its id in the map. group: number of the lights that change with it; phase: its turn in the group.
        trigger: the box in which vehicles stop for it, its own axes.
        state: 0 red, 1 yellow, 2 green, 3 off.
    """

    signal: str = ""
    group: int = 0
    phase: int = 0
    state: int = 0
    trigger: Trigger = NOWHERE
    frozen: bool = False
    times: LightTimes = field(default_factory=LightTimes)
