"""Scene: what a tick of everybody's movement costs before a single ray is cast.

A hundred pedestrians and a hundred vehicles; one in ten 4 to 40 m away, the others
evenly between 40 and 200 m. The peer is what Embree has for bodies that deform within a tick: meshes of two time steps,
built anew. Run: ``python -m benchmarks.scene``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.camera import best
from drivesim.scene.actors import Cast
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.embree import Device, Geometry, SceneHandle
from drivesim.studio.people import person
from drivesim.studio.stage import Stand, state_of
from drivesim.studio.vehicles import CARS, vehicle

Row = tuple[str, float, float]

COUNT, TICK = 100, 0.05


def _tick(stands: list[Stand]) -> float:
    """Seconds to show one tick of everyone, each who moves at work."""
    actors = [replace(stand.actor, index=number) for number, stand in enumerate(stands)]
    builder = RaySceneBuilder()
    cast = Cast(actors, builder, 0)
    before = state_of(stands, 0.0)
    after = replace(
        before, time=np.array([TICK]), position=before.position + (0.07, 0.0, 0.0),
        gait_phase=before.gait_phase + 0.05, wheel_rotation=before.wheel_rotation + 0.25,
    )  # fmt: skip
    number = np.arange(len(stands)) % COUNT
    distance = np.where(number % 10 == 0, 4.0 + 0.4 * number, 40.0 + 1.6 * number)
    with builder.build() as rays:
        cast.enter(rays)
        return best(lambda: cast.move(before, after, distance))


def _rebuilt() -> float:
    """Seconds Embree takes to build one body's mesh of two time steps."""
    builder = RaySceneBuilder()
    cast = Cast([person("one", 30.0, 0.0)], builder, 0)
    with builder.build() as rays:
        cast.enter(rays)
        mesh = cast.bodies[0][1].body.mesh
        device = Device()
        geometry = Geometry.triangles(device, mesh.triangles, mesh.vertices, mesh.vertices)
        scene = SceneHandle(device, dynamic=True)
        scene.attach(geometry)

        def build() -> None:
            geometry.vertices_changed()
            scene.commit()

        return best(build)


def rows() -> list[Row]:
    """Name, seconds, and seconds relative to drivesim's tick of everyone."""
    draw = np.random.default_rng(0)
    people = [
        Stand(person(f"p{i}", float(draw.uniform(4.0, 80.0)), i % 2), float(i), speed=1.3, gait_phase=0.01 * i)
        for i in range(COUNT)
    ]
    traffic = [Stand(vehicle(CARS[i % len(CARS)], f"v{i}"), 8.0 * i, speed=8.0) for i in range(COUNT)]
    everyone = _tick(people + traffic)
    return [
        (f"drivesim, {COUNT} pedestrians and {COUNT} vehicles", everyone, 1.0),
        (f"drivesim, {COUNT} vehicles", (fleet := _tick(traffic)), fleet / everyone),
        (f"Embree, {COUNT} bodies of two time steps, trees alone", (trees := COUNT * _rebuilt()), trees / everyone),
    ]


if __name__ == "__main__":
    for name, seconds, ratio in rows():
        print(f"{name:60s} {1000 * seconds:9.1f} ms {ratio:6.2f}")
