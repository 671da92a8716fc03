"""A path tracer in place of the camera's own shading: Mitsuba 3 (Jakob et al. 2022) on the very same scene.

Light bounces as often as it likes; shadows, mirror images and the shade under cars come out as they are. Labels, depth,
lens, exposure and noise stay drivesim's. What a surface looks like from near, its texture, is taken from drivesim's own
shading as a factor on what is seen first; light that bounces sees the mean colour of each triangle. Fog thins what is
seen along the ray. The scene stands still at the instant of the image's middle row.

Materials become Mitsuba's "principled" BSDF (Burley 2012) by roughness and metalness, panes of cars thin dielectrics.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import DrivesimError
from drivesim.materials import MATERIALS, MaterialId
from drivesim.scene.frozen import Frozen, freeze
from drivesim.scene.raycast import RayScene
from drivesim.sensors.camera.dome import CENTRE, RADIUS
from drivesim.sensors.camera.keep import NOTHING
from drivesim.sensors.camera.kernel import NIGHT, trace_and_shade
from drivesim.sensors.camera.lamps import beam_power, luminaire_power
from drivesim.sensors.camera.sky import SUN_RADIUS, Daylight
from drivesim.sensors.camera.surfaces import WETTED, matt_table, plain_table
from drivesim.sensors.camera.textures import textures

F32 = NDArray[np.float32]

_SKY_ROWS, _SKY_COLUMNS = 512, 1024
_MOST_BOUNCES = 8
_SUN_DISTANCE = 5000.0
"""m; beyond everything that casts a shadow."""
_WET_ROUGHNESS = 0.12
"""As in the camera's own shading."""
_BEAM_HALF_ANGLE, _BEAM_PIXELS = 40.0, 128
"""Degrees from a low beam's axis within which it is followed, and the resolution of its shape."""
_STREET_HALF_ANGLE = 78.0
_LAMP_COLOUR = (1.0, 0.96, 0.88)
"""As in the camera's own shading."""


def paint(
    rays: RayScene, light: Daylight, camera: F32, lamps: F32, lit: NDArray[np.uint16], wetness: float, time: float,
    samples: int, seed: int,
) -> F32:  # fmt: skip
    """Radiance of every pixel, (H * W, 3) float32, linear sRGB, cd/m2.

    Args:
        camera, lamps, lit: as for the camera's kernel; a pinhole with square pixels.
        wetness: 0..1. time: ray time. samples: paths per pixel.

    Raises:
        DrivesimError: Mitsuba is not installed.
    """
    mi = _mitsuba()
    described: dict[str, Any] = {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": _MOST_BOUNCES},
        "sensor": _sensor(mi, camera, samples),
        "sky": _sky(mi, light),
    }
    described |= _sun(mi, light)
    for number, lamp in enumerate(lamps):
        described[f"lamp_{number}"] = _lamp(mi, lamp)
    described |= _surfaces(mi, rays, freeze(rays, time), wetness)
    image = mi.render(mi.load_dict(described), spp=samples, seed=seed & 0x7FFFFFFF)
    radiance = np.array(image, dtype=np.float32)[..., :3].reshape(-1, 3)
    texture, glow, distance = _near_look(rays, light, camera, lit, time)
    clear = np.exp(-light.extinction * np.where(np.isfinite(distance), distance, 0.0))[:, None]
    return np.ascontiguousarray((radiance * texture + glow) * clear + light.air * (1.0 - clear), dtype=np.float32)


def _near_look(
    rays: RayScene, light: Daylight, camera: F32, lit: NDArray[np.uint16], time: float
) -> tuple[F32, F32, F32]:
    """By drivesim's own kernel: colour of the texture over the triangle's, (P, 3); what lamps shine themselves, (P, 3),
    cd/m2; distance along the ray, (P,), m."""
    level = np.float32(1.0 if light.cube[4, 1] < NIGHT else 2.0 * NIGHT)
    even = light._replace(
        dome=np.zeros_like(light.dome), mirrored=np.zeros_like(light.mirrored), sun=np.zeros(3, np.float32),
        cube=np.full((6, 3), level, np.float32), air=np.zeros(3, np.float32), extinction=0.0,
    )  # fmt: skip
    table = camera.copy()
    table[4, 2] = 1.0
    width, height = int(table[4, 0]), int(table[4, 1])
    pixels = width * height
    no_lens, no_pixels = np.zeros((0, 0, 3), np.float32), np.zeros((0, 2), np.float32)
    looks = []
    for surfaces in (matt_table(), plain_table()):
        glow, body, distance = (np.empty(shape, np.float32) for shape in ((pixels, 3), (pixels, 3), pixels))
        trace_and_shade(
            rays.tables, even, textures(), surfaces, np.zeros((0, 9), np.float32), lit, table, no_lens,
            (np.float32(time), np.float32(time)), no_pixels, np.zeros(0, np.int32),
            ((width + 3) // 4) * ((height + 3) // 4), 1, width, np.float32(0.0), False, NOTHING, glow,
            body, np.empty(pixels, np.float32), distance, np.empty(pixels, np.uint8), np.empty(pixels, np.int32),
            np.zeros((0, 3), np.float32), np.zeros(0, np.uint8), np.zeros(0, np.float32),
        )  # fmt: skip
        looks.append(body)
    seen = (looks[1] > 1e-4 * level) & np.isfinite(distance)[:, None]
    texture = np.ones_like(looks[0])
    np.divide(looks[0], looks[1], out=texture, where=seen)
    return texture, np.where(np.isfinite(distance)[:, None], glow, np.float32(0.0)), distance


def _mitsuba() -> Any:
    try:
        import mitsuba
    except ImportError:
        raise DrivesimError(
            "the path-traced camera needs Mitsuba 3", element="renderer",
            remedy="pip install 'drivesim[photoreal]', or leave renderer out",
        ) from None  # fmt: skip
    mitsuba.set_variant("scalar_rgb")  # the one that gives equal bytes on every machine
    return mitsuba


def _sensor(mi: Any, camera: F32, samples: int) -> dict[str, Any]:
    """Mitsuba looks along +z with x to the left; a pixel's colour comes from within it, so that blocks of the image
    never share one and the result does not depend on threads."""
    table = camera.astype(np.float64)
    matrix = np.eye(4)
    matrix[:3, :3] = table[:3, :3] @ np.diag([-1.0, -1.0, 1.0])
    matrix[:3, 3] = table[:3, 3]
    width, height = int(table[4, 0]), int(table[4, 1])
    return {
        "type": "perspective",
        "fov_axis": "x",
        "fov": math.degrees(2.0 * math.atan(0.5 * width / table[3, 0])),
        "principal_point_offset_x": 0.5 - table[3, 2] / width,
        "principal_point_offset_y": 0.5 - table[3, 3] / height,
        "near_clip": 0.05,
        "far_clip": 10000.0,
        "to_world": mi.ScalarTransform4f(matrix),
        "sampler": {"type": "independent", "sample_count": samples},
        "film": {
            "type": "hdrfilm", "width": width, "height": height, "rfilter": {"type": "box"}, "pixel_format": "rgb",
            "component_format": "float32",
        },
    }  # fmt: skip


def _sky(mi: Any, light: Daylight) -> dict[str, Any]:
    """The sky's dome as an environment; ground below the horizon.

    Mitsuba's environments have +y up and turn clockwise from -z; turned upright, clockwise from the world's +y.
    """
    polar, turn = np.meshgrid(
        (np.arange(_SKY_ROWS) + 0.5) / _SKY_ROWS * math.pi,
        (np.arange(_SKY_COLUMNS) + 0.5) / _SKY_COLUMNS * 2.0 * math.pi, indexing="ij",
    )  # fmt: skip
    x, y, z = np.sin(polar) * np.sin(turn), np.sin(polar) * np.cos(turn), np.cos(polar)
    scale = RADIUS / (1.0 + np.abs(z))
    i, j = (np.rint(CENTRE + value * scale).astype(np.int64) for value in (x, y))
    image = np.where((z > 0.0)[..., None], light.dome[i, j, :3], light.cube[5]).astype(np.float32)
    to_world = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    return {"type": "envmap", "bitmap": mi.Bitmap(np.ascontiguousarray(image)), "to_world": to_world}


def _sun(mi: Any, light: Daylight) -> dict[str, Any]:
    """A shining disc of the sun's angular size, far away; nothing when it is down."""
    towards = light.sun_direction.astype(np.float64)
    if not (light.sun[1] > 0.0 and towards[2] > 0.0):
        return {}
    up = [0.0, 1.0, 0.0] if towards[2] > 0.9 else [0.0, 0.0, 1.0]
    place = mi.ScalarTransform4f().look_at(origin=_SUN_DISTANCE * towards, target=[0.0, 0.0, 0.0], up=up)
    radiance = light.sun.astype(np.float64) / (math.pi * math.tan(SUN_RADIUS) ** 2)
    disc = {
        "type": "disk",
        "to_world": place @ mi.ScalarTransform4f().scale(_SUN_DISTANCE * math.tan(SUN_RADIUS)),
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance.tolist()}},
    }
    return {"sun": disc}


def _lamp(mi: Any, lamp: F32) -> dict[str, Any]:
    """A street lamp or a low beam as a spot light with the shape of its beam."""
    place, ahead = lamp[:3].astype(np.float64), lamp[3:6].astype(np.float64)
    street = lamp[8] > 0.0
    half = _STREET_HALF_ANGLE if street else _BEAM_HALF_ANGLE
    up = [0.0, 1.0, 0.0] if abs(ahead[2]) > 0.9 else [0.0, 0.0, 1.0]
    spot = {
        "type": "spot",
        "to_world": mi.ScalarTransform4f().look_at(origin=place, target=place + ahead, up=up),
        "intensity": {"type": "rgb", "value": [float(lamp[6]) * share for share in _LAMP_COLOUR]},
        "cutoff_angle": half,
        "beam_width": half - 1.0,
    }
    shape = _luminaire(half) if street else _beam(half, float(ahead[2]))
    spot["texture"] = {"type": "bitmap", "raw": True, "wrap_mode": "clamp", "bitmap": mi.Bitmap(shape)}
    return spot


def _luminaire(half: float) -> F32:
    """A street lamp's share of its intensity straight down by direction, (N, N, 3), as of :func:`_beam`."""
    across = np.linspace(-1.0, 1.0, _BEAM_PIXELS) * math.tan(math.radians(half))
    u, v = np.meshgrid(across, across)
    shares = [luminaire_power(np.float32(down)) for down in (1.0 / np.sqrt(1.0 + u * u + v * v)).ravel()]
    return np.repeat(np.array(shares, dtype=np.float32).reshape(len(across), -1, 1), 3, axis=2)


def _beam(half: float, rise: float) -> F32:
    """A low beam's share of its peak by direction, (N, N, 3), over a square of this many degrees to either side."""
    across = np.linspace(-1.0, 1.0, _BEAM_PIXELS) * math.tan(math.radians(half))
    shape = np.empty((_BEAM_PIXELS, _BEAM_PIXELS, 3), dtype=np.float32)
    level = math.sqrt(max(1.0 - rise * rise, 0.0))
    for row, v in enumerate(-across):
        for place, u in enumerate(across):
            length = math.sqrt(1.0 + u * u + v * v)
            above = (rise + v * level) / length - rise
            shape[row, place] = beam_power(np.float32(1.0 / length), np.float32(above))
    return shape


def _surfaces(mi: Any, rays: RayScene, frozen: Frozen, wetness: float) -> dict[str, Any]:
    """A mesh for every material, flat triangles and curved ones apart."""
    tables = rays.tables
    material, flat = tables.material[frozen.row], tables.look[frozen.row, 3] & 1
    described: dict[str, Any] = {}
    for kind in np.unique(material).tolist():
        for even in (0, 1):
            chosen = np.flatnonzero((material == kind) & (flat == even))
            if len(chosen):
                name = f"{MATERIALS[kind].name}_{even}"
                bsdf = _bsdf(kind, wetness)
                described[name] = _mesh(
                    mi, name, frozen.corners[chosen], None if even else frozen.normals[chosen],
                    tables.albedo[frozen.row[chosen]], bsdf,
                )  # fmt: skip
    return described


def _mesh(mi: Any, name: str, corners: F32, normals: F32 | None, colour: F32, bsdf: dict[str, Any]) -> Any:
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(bsdf)
    properties["face_normals"] = normals is None
    count = len(corners)
    mesh = mi.Mesh(name, 3 * count, count, props=properties, has_vertex_normals=normals is not None)
    mesh.add_attribute("face_colour", 3, np.ascontiguousarray(colour, dtype=np.float32).ravel())
    parameters = mi.traverse(mesh)
    parameters["vertex_positions"] = np.ascontiguousarray(corners).ravel()
    parameters["faces"] = np.arange(3 * count, dtype=np.uint32)
    if normals is not None:
        parameters["vertex_normals"] = np.ascontiguousarray(normals).ravel()
    parameters.update()
    return mesh


def _bsdf(kind: int, wetness: float) -> dict[str, Any]:
    material = MATERIALS[kind]
    if kind == MaterialId.CAR_GLASS:
        return {"type": "thindielectric", "specular_transmittance": {"type": "rgb", "value": [0.84, 0.84, 0.84]}}
    roughness = material.roughness
    if kind in WETTED:
        roughness += (_WET_ROUGHNESS - roughness) * wetness
    return {
        "type": "twosided",
        "bsdf": {
            "type": "principled",
            "base_color": {"type": "mesh_attribute", "name": "face_colour"},
            "roughness": max(roughness, 0.05),
            "metallic": material.metalness,
            "specular": 0.5,
        },
    }
