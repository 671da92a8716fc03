"""The blueprint library: what can be spawned, with CARLA's ids, attributes and defaults, and the bodies behind it.

Names and attributes: CARLA 0.9.16 documentation, blueprint library and vehicle catalogue. Sizes are those of the real
vehicles (manufacturers' data), since the bodies are drivesim's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from drivesim.carla_server.props import PROPS, USUAL
from drivesim.carla_server.wire import AttributeType, Description, Refusal
from drivesim.simulators.carla.bodies import FAMILY, OWN_BODY, body_from_text
from drivesim.types import Actor, Axles, BoundingBox, Performance

_BOOL, _INT, _FLOAT, _STRING, _COLOUR = AttributeType


@dataclass(frozen=True, slots=True)
class Attribute:
    """``carla.ActorAttribute``."""

    id: str
    type: AttributeType
    value: str
    recommended: tuple[str, ...] = ()
    modifiable: bool = True

    def pack(self) -> list[Any]:
        return [self.id, int(self.type), self.value, list(self.recommended), self.modifiable, False]


@dataclass(frozen=True, slots=True)
class Blueprint:
    uid: int
    id: str
    tags: str
    attributes: tuple[Attribute, ...]

    def pack(self) -> list[Any]:
        return [self.uid, self.id, self.tags, [attribute.pack() for attribute in self.attributes]]

    def default(self) -> Description:
        """The blueprint with no attribute changed."""
        return Description(self.uid, self.id, tuple((a.id, int(a.type), a.value) for a in self.attributes))


_VEHICLES: dict[str, tuple[str, str, float, float, float, float, str]] = {
    # category, base type, length, width, height, mass, colours
    "audi.a2": ("car", "car", 3.83, 1.67, 1.55, 1000, "196,195,191|74,80,88|30,40,100"),
    "audi.etron": ("car", "car", 4.90, 1.94, 1.63, 2490, "180,180,185|30,30,35"),
    "audi.tt": ("car", "car", 4.18, 1.83, 1.35, 1400, "150,20,20|200,200,205"),
    "bmw.grandtourer": ("car", "car", 4.57, 1.80, 1.61, 1500, "25,35,60|200,200,205"),
    "carlamotors.carlacola": ("truck", "truck", 5.20, 2.61, 2.47, 5500, "255,68,0"),
    "carlamotors.european_hgv": ("truck", "truck", 7.94, 2.89, 3.51, 12000, "220,220,220"),
    "carlamotors.firetruck": ("truck", "truck", 8.47, 2.90, 3.83, 14000, "180,20,20"),
    "chevrolet.impala": ("car", "car", 5.36, 2.03, 1.41, 1700, "110,110,115|20,60,40"),
    "citroen.c3": ("car", "car", 3.99, 1.75, 1.50, 1050, "200,60,30|220,220,220"),
    "dodge.charger_2020": ("car", "car", 5.04, 1.91, 1.48, 1850, "30,30,32|150,20,20"),
    "dodge.charger_police": ("car", "car", 4.97, 1.90, 1.48, 1900, "20,20,22"),
    "dodge.charger_police_2020": ("car", "car", 5.04, 1.91, 1.48, 1950, "20,20,22"),
    "ford.ambulance": ("van", "van", 6.36, 2.35, 2.43, 4200, "230,230,230"),
    "ford.crown": ("car", "car", 5.37, 1.99, 1.46, 1850, "230,190,30"),
    "ford.mustang": ("car", "car", 4.72, 1.89, 1.30, 1650, "40,80,150|150,20,20"),
    "jeep.wrangler_rubicon": ("car", "car", 3.87, 1.87, 1.87, 1900, "60,80,50|30,30,32"),
    "lincoln.mkz_2017": ("car", "car", 4.92, 1.87, 1.48, 1720, "90,95,100|20,30,60|200,200,205"),
    "lincoln.mkz_2020": ("car", "car", 4.93, 1.86, 1.48, 1750, "90,95,100|200,200,205"),
    "mercedes.coupe": ("car", "car", 4.70, 1.81, 1.40, 1670, "30,30,32|180,180,185"),
    "mercedes.coupe_2020": ("car", "car", 4.67, 1.82, 1.40, 1650, "200,200,205|30,30,32"),
    "mercedes.sprinter": ("van", "van", 5.92, 2.02, 2.60, 2400, "230,230,230"),
    "micro.microlino": ("car", "car", 2.43, 1.50, 1.50, 515, "200,60,30|120,180,220"),
    "mini.cooper_s": ("car", "car", 3.82, 1.73, 1.41, 1200, "20,80,50|150,20,20"),
    "mini.cooper_s_2021": ("car", "car", 3.85, 1.73, 1.41, 1220, "20,80,50|230,230,225"),
    "mitsubishi.fusorosa": ("bus", "bus", 10.27, 2.30, 3.10, 6000, "230,230,225"),
    "nissan.micra": ("car", "car", 3.72, 1.66, 1.53, 950, "200,60,30|180,180,185"),
    "nissan.patrol": ("car", "car", 5.05, 1.94, 1.86, 2500, "110,110,115|60,80,50"),
    "nissan.patrol_2021": ("car", "car", 5.31, 1.99, 1.94, 2700, "200,200,205|30,30,32"),
    "seat.leon": ("car", "car", 4.28, 1.80, 1.46, 1300, "150,20,20|74,80,88"),
    "tesla.cybertruck": ("car", "truck", 5.88, 2.03, 1.90, 3000, "170,172,175"),
    "tesla.model3": ("car", "car", 4.69, 1.85, 1.44, 1750, "180,44,44|17,37,103|180,180,185|240,240,240|15,15,16"),
    "toyota.prius": ("car", "car", 4.54, 1.76, 1.47, 1400, "180,180,185|40,80,150"),
    "volkswagen.t2": ("van", "van", 4.51, 1.72, 1.95, 1300, "200,90,40|60,120,160"),
    "volkswagen.t2_2021": ("van", "van", 4.51, 1.72, 1.95, 1300, "230,230,225|60,120,160"),
    "bh.crossbike": ("bicycle", "bicycle", 1.49, 0.60, 1.65, 90, "30,30,32"),
    "diamondback.century": ("bicycle", "bicycle", 1.64, 0.60, 1.65, 90, "50,96,242"),
    "gazelle.omafiets": ("bicycle", "bicycle", 1.84, 0.60, 1.65, 95, "30,30,32"),
    "harley-davidson.low_rider": ("motorbike", "motorcycle", 2.35, 0.78, 1.60, 380, "30,30,32"),
    "kawasaki.ninja": ("motorbike", "motorcycle", 2.04, 0.75, 1.50, 250, "40,150,40"),
    "vespa.zx125": ("motorbike", "motorcycle", 1.81, 0.70, 1.60, 190, "60,120,160"),
    "yamaha.yzf": ("motorbike", "motorcycle", 2.05, 0.75, 1.50, 260, "30,60,160"),
}

_SECOND = {"ambulance", "cybertruck", "european_hgv", "firetruck", "fusorosa", "sprinter"}
_CHILDREN = frozenset({9, 10, 11, 12, 13, 14, 48, 49})
_WALKERS = 51
_ADULT = {"male": (1.78, 82.0), "female": (1.65, 70.0)}
_CHILD = (1.20, 23.0)
"""Stature m and mass kg: NCD-RisC 2020 European adults of 19 years; a child of seven on the WHO median."""

_CAMERA = (
    ("image_size_x", _INT, "800"), ("image_size_y", _INT, "600"), ("fov", _FLOAT, "90.0"),
    ("lens_circle_falloff", _FLOAT, "5.0"), ("lens_circle_multiplier", _FLOAT, "0.0"), ("lens_k", _FLOAT, "-1.0"),
    ("lens_kcube", _FLOAT, "0.0"), ("lens_x_size", _FLOAT, "0.08"), ("lens_y_size", _FLOAT, "0.08"),
)  # fmt: skip
_RGB = (
    ("enable_postprocess_effects", _BOOL, "true"), ("gamma", _FLOAT, "2.2"), ("exposure_mode", _STRING, "histogram"),
    ("exposure_compensation", _FLOAT, "0.0"), ("shutter_speed", _FLOAT, "200.0"), ("iso", _FLOAT, "100.0"),
    ("fstop", _FLOAT, "1.4"), ("motion_blur_intensity", _FLOAT, "0.45"), ("lens_flare_intensity", _FLOAT, "0.1"),
    ("bloom_intensity", _FLOAT, "0.675"), ("white_clip", _FLOAT, "0.04"), ("temp", _FLOAT, "6500.0"),
    ("tint", _FLOAT, "0.0"), ("slope", _FLOAT, "0.88"), ("toe", _FLOAT, "0.55"), ("shoulder", _FLOAT, "0.26"),
    ("black_clip", _FLOAT, "0.0"), ("focal_distance", _FLOAT, "1000.0"), ("blur_amount", _FLOAT, "1.0"),
    ("blur_radius", _FLOAT, "0.0"), ("min_fstop", _FLOAT, "1.2"), ("blade_count", _INT, "5"),
    ("exposure_min_bright", _FLOAT, "10.0"), ("exposure_max_bright", _FLOAT, "12.0"),
    ("exposure_speed_up", _FLOAT, "3.0"), ("exposure_speed_down", _FLOAT, "1.0"),
    ("calibration_constant", _FLOAT, "16.0"), ("chromatic_aberration_intensity", _FLOAT, "0.0"),
    ("chromatic_aberration_offset", _FLOAT, "0.0"), ("motion_blur_max_distortion", _FLOAT, "0.35"),
    ("motion_blur_min_object_screen_size", _FLOAT, "0.1"),
)  # fmt: skip
_SCANNER = (
    ("channels", _INT, "32"), ("range", _FLOAT, "10.0"), ("points_per_second", _INT, "56000"),
    ("rotation_frequency", _FLOAT, "10.0"), ("upper_fov", _FLOAT, "10.0"), ("lower_fov", _FLOAT, "-30.0"),
    ("horizontal_fov", _FLOAT, "360.0"),
)  # fmt: skip
_LIDAR = (
    ("atmosphere_attenuation_rate", _FLOAT, "0.004"), ("noise_seed", _INT, "0"),
    ("dropoff_general_rate", _FLOAT, "0.45"), ("dropoff_intensity_limit", _FLOAT, "0.8"),
    ("dropoff_zero_intensity", _FLOAT, "0.4"), ("noise_stddev", _FLOAT, "0.0"),
)  # fmt: skip
_RADAR = (
    ("horizontal_fov", _FLOAT, "30.0"), ("vertical_fov", _FLOAT, "30.0"), ("range", _FLOAT, "100.0"),
    ("points_per_second", _INT, "1500"), ("noise_seed", _INT, "0"),
)  # fmt: skip
_GNSS = (("noise_seed", _INT, "0"),) + tuple(
    (f"noise_{axis}_{kind}", _FLOAT, "0.0") for axis in ("lat", "lon", "alt") for kind in ("stddev", "bias")
)
_IMU = (
    ("noise_seed", _INT, "0"),
    *((f"noise_accel_stddev_{axis}", _FLOAT, "0.0") for axis in "xyz"),
    *((f"noise_gyro_{kind}_{axis}", _FLOAT, "0.0") for kind in ("stddev", "bias") for axis in "xyz"),
)
_OBSTACLE = (
    ("distance", _FLOAT, "5.0"), ("hit_radius", _FLOAT, "0.5"), ("only_dynamics", _BOOL, "false"),
    ("debug_linetrace", _BOOL, "false"),
)  # fmt: skip

_SENSORS: dict[str, tuple[tuple[str, AttributeType, str], ...]] = {
    "sensor.camera.rgb": _CAMERA + _RGB,
    "sensor.camera.depth": _CAMERA,
    "sensor.camera.semantic_segmentation": _CAMERA,
    "sensor.camera.instance_segmentation": _CAMERA,
    "sensor.camera.normals": _CAMERA,
    "sensor.camera.optical_flow": _CAMERA,
    "sensor.lidar.ray_cast": _SCANNER + _LIDAR,
    "sensor.lidar.ray_cast_semantic": _SCANNER,
    "sensor.other.radar": _RADAR,
    "sensor.other.gnss": _GNSS,
    "sensor.other.imu": _IMU,
    "sensor.other.obstacle": _OBSTACLE,
    "sensor.other.collision": (),
    "sensor.other.lane_invasion": (),
}


_OWN: dict[str, list[Attribute]] = {
    "vehicle": [
        Attribute("base_type", _STRING, "car", modifiable=False),
        Attribute("special_type", _STRING, "", modifiable=False),
        Attribute("number_of_wheels", _INT, "4", modifiable=False),
        Attribute("generation", _INT, "0", modifiable=False),
        Attribute("color", _COLOUR, "180,180,185", ("180,180,185",)),
    ],
    "walker": [
        Attribute("gender", _STRING, "female", modifiable=False),
        Attribute("generation", _INT, "0", modifiable=False),
        Attribute("age", _STRING, "adult", modifiable=False),
        Attribute("speed", _FLOAT, "0.0", ("0.0", "1.4", "2.8")),
    ],
    "static.prop": [Attribute("size", _STRING, "medium", modifiable=False)],
}
"""drivesim's own blueprints: whatever body the attribute ``drivesim.body`` describes, else an ordinary one."""


@cache
def library() -> dict[str, Blueprint]:
    """Everything that can be spawned, by id."""
    entries: list[tuple[str, list[Attribute]]] = []
    for name, (category, base, *_, colours) in _VEHICLES.items():
        two = category in {"bicycle", "motorbike"}
        entries.append((f"vehicle.{name}", [
            Attribute("color", _COLOUR, colours.split("|")[0], tuple(colours.split("|"))),
            *([Attribute("driver_id", _INT, "0", ("0",))] if two else []),
            Attribute("sticky_control", _BOOL, "true"),
            Attribute("object_type", _STRING, "", modifiable=False),
            Attribute("base_type", _STRING, base, modifiable=False),
            Attribute("special_type", _STRING, _special(name), modifiable=False),
            Attribute("number_of_wheels", _INT, "2" if two else "4", modifiable=False),
            Attribute("generation", _INT, "2" if _is_second(name) else "1", modifiable=False),
            Attribute("has_dynamic_doors", _BOOL, "false", modifiable=False),
            Attribute("has_lights", _BOOL, "false" if category == "bicycle" else "true", modifiable=False),
        ]))  # fmt: skip
    for number in range(1, _WALKERS + 1):
        entries.append((f"walker.pedestrian.{number:04d}", [
            Attribute("gender", _STRING, "female" if number % 2 else "male", modifiable=False),
            Attribute("generation", _INT, "1" if number <= 14 else "2", modifiable=False),
            Attribute("age", _STRING, "child" if number in _CHILDREN else "adult", modifiable=False),
            Attribute("speed", _FLOAT, "0.0", ("0.0", "1.4", "2.8") if number in _CHILDREN else ("0.0", "1.7", "3.4")),
            Attribute("is_invincible", _BOOL, "true"),
        ]))  # fmt: skip
    for name, parameters in _SENSORS.items():
        own = [Attribute(*parameter) for parameter in parameters]
        entries.append((name, [Attribute("sensor_tick", _FLOAT, "0.0"), *own]))
    for name, size in PROPS.items():
        large = "big" if math.prod(size) > 2.0 else "medium"
        entries.append((name, [Attribute("size", _STRING, large, modifiable=False)]))
    for kind in FAMILY.values():
        entries.append((f"{kind}.drivesim.body", [Attribute(OWN_BODY, _STRING, ""), *_OWN[kind]]))
    friction = [Attribute(name, _FLOAT, "1.0") for name in ("friction", "extent_x", "extent_y", "extent_z")]
    entries += [("static.trigger.friction", friction), ("controller.ai.walker", [])]
    made = {}
    for uid, (name, attributes) in enumerate(sorted(entries), start=1):
        role = Attribute("role_name", _STRING, "default", ("autopilot", "scenario", "ego_vehicle"))
        made[name] = Blueprint(uid, name, name.replace(".", ","), (role, *attributes))
    return made


def _special(name: str) -> str:
    kinds = {"firetruck": "emergency", "ambulance": "emergency", "police": "emergency", "crown": "taxi"}
    return next((kind for part, kind in kinds.items() if part in name), "")


def _is_second(name: str) -> bool:
    """Whether CARLA has the vehicle of its second generation, with doors and lights of its own."""
    return name.endswith(("2020", "2021")) or name.partition(".")[2] in _SECOND


def has_body(blueprint: str) -> bool:
    """Whether sensors see it."""
    return blueprint.startswith(("vehicle.", "walker.", "static.prop."))


def body(description: Description, index: int, name: str) -> Actor:
    """The drivesim actor behind a blueprint that has a body.

    Raises:
        Refusal: a colour that is none.
    """
    if description.blueprint.endswith(".drivesim.body") and description.get(OWN_BODY):
        return _own_body(description, index)
    kind, _, model = description.blueprint.partition(".")
    if kind == "vehicle":
        return _vehicle(description, model, index, name)
    if kind == "walker":
        return _walker(description, index, name)
    length, width, height = PROPS.get(description.blueprint, USUAL)
    box = BoundingBox((0.0, 0.0, height / 2), length, width, height)
    return Actor(index, name, "misc", "obstacle", description.blueprint, box, mass=30.0)


def _own_body(description: Description, index: int) -> Actor:
    """Any body exactly, as drivesim's own client describes it.

    Raises:
        Refusal: it is no such description.
    """
    try:
        actor = body_from_text(description[OWN_BODY], index)
    except (ValueError, TypeError, KeyError) as error:
        raise Refusal(f"attribute '{OWN_BODY}' describes no body: {error}") from None
    if not description.blueprint.startswith(FAMILY[actor.kind]):
        raise Refusal(f"a {actor.kind} is no {description.blueprint}")
    return actor


def _vehicle(description: Description, model: str, index: int, name: str) -> Actor:
    category, _, length, width, height, mass, _ = _VEHICLES.get(model, _VEHICLES["tesla.model3"])
    two = category in {"bicycle", "motorbike"}
    wheelbase = 0.62 * length if not two else 0.68 * length
    rear = (length - wheelbase) / 2
    box = BoundingBox((length / 2 - rear, 0.0, height / 2), length, width, height)
    wheel = 0.68 if category in {"car", "van"} or two else 0.95
    limits = {"bicycle": (9.0, 1.5, 5.0), "truck": (28.0, 2.5, 7.0), "bus": (28.0, 2.0, 7.0)}
    return Actor(
        index, name, "vehicle", category, model, box,
        Axles(wheelbase, 0.0, wheel, 0.0 if two else 0.85 * width, math.radians(70.0 if not two else 45.0), math.inf),
        Performance(*limits.get(category, (55.0, 5.0, 9.0))), mass, {"colour": _hex(description.get("color"))},
    )  # fmt: skip


def _hex(colour: str) -> str:
    parts = colour.split(",")
    if len(parts) != 3 or not all(part.strip().isdigit() and int(part) < 256 for part in parts):
        raise Refusal(f"'{colour}' is no colour; give red,green,blue from 0 to 255")
    return "#" + "".join(f"{int(part):02x}" for part in parts)


def _walker(description: Description, index: int, name: str) -> Actor:
    gender, young = description["gender"], description["age"] == "child"
    height, mass = _CHILD if young else _ADULT[gender]
    box = BoundingBox((0.0, 0.0, height / 2), 0.35, 0.5, height)
    number = description.blueprint[-4:]
    age = "7" if young else str(20 + 3 * (int(number) % 17 if number.isdigit() else 5))
    return Actor(
        index, name, "pedestrian", "pedestrian", description.blueprint, box, mass=mass,
        properties={"age": age, "sex": gender},
    )  # fmt: skip


def renumbered(actor: Actor, index: int) -> Actor:
    """The same body in another column."""
    return replace(actor, index=index)
