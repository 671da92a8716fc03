"""The blueprints: everything that CARLA's own scripts ask for by name."""

import pytest

from drivesim.carla_server.blueprints import body, has_body, library

ASKED_FOR = (
    "vehicle.lincoln.mkz_2017", "vehicle.micro.microlino", "vehicle.nissan.patrol", "static.prop.trafficwarning",
    "static.prop.warningaccident", "static.prop.vendingmachine", "static.prop.haybalelb", "static.prop.busstoplb",
)  # fmt: skip
"""By scenario_runner, the leaderboard and CARLA's examples."""


def test_the_library_has_carlas_41_vehicles_its_walkers_and_props():
    names = set(library())
    assert set(ASKED_FOR) <= names
    vehicles = [name for name in names if name.startswith("vehicle.") and "drivesim" not in name]
    assert len(vehicles) == 41
    assert sum(name.startswith("walker.pedestrian.") for name in names) == 51
    second = {name for name in vehicles if dict(_attributes(name))["generation"] == "2"}
    assert "vehicle.mercedes.sprinter" in second
    assert "vehicle.tesla.model3" not in second
    assert len({blueprint.uid for blueprint in library().values()}) == len(names)


def _attributes(name):
    return [(name, value) for name, _, value in library()[name].default().attributes]


@pytest.mark.parametrize("name", sorted(name for name in library() if has_body(name)))
def test_every_blueprint_with_a_body_has_one(name):
    actor = body(library()[name].default(), 3, "someone")
    assert actor.index == 3
    assert min(actor.box.length, actor.box.width, actor.box.height) > 0.0
    if name.startswith("vehicle."):
        assert actor.axles.front_x > actor.axles.rear_x
        assert actor.mass > 50.0
