"""Objects of a map have the bodies that it states: sizes, copies, what varies along a repeat, outlines."""

from __future__ import annotations

import numpy as np
import pytest
from maps import network, road

from drivesim.mesh import merge
from drivesim.opendrive.objects import pieces, stretches
from drivesim.scene.city.map_objects import bodies
from drivesim.scene.city.model import Copy
from drivesim.taxonomy import Tag


def things(folder, *objects, geometry="<line/>"):
    made = network(folder, road(geometry, 100.0).replace("</lanes>", f"</lanes><objects>{''.join(objects)}</objects>"))
    return made, list(bodies(made, np.random.default_rng(1)))


def one(folder, *objects, geometry="<line/>"):
    built = things(folder, *objects, geometry=geometry)[1]
    return merge([thing.shape.placed(thing.place) if isinstance(thing, Copy) else thing for thing in built])


def written(said):
    return " ".join(f'{name}="{value}"' for name, value in said.items())


def thing(kind, extra="", inside="", **given):
    said = {"type": kind, "id": 7, "name": "", "s": 20, "t": -6, "zOffset": 0, "hdg": 0, **given}
    return f"<object {written(said)} {extra}>{inside}</object>"


def repeat(**given):
    return f"<repeat {written(given)}/>"


def extent(mesh):
    low, high = mesh.bounds()
    return [round(float(value), 3) for value in (*low, *high)]


def test_a_block_stands_where_and_as_large_as_stated(tmp_path):
    mesh = one(tmp_path, thing("obstacle", length="4", width="2", height="1.5", zOffset="0.25"))
    assert extent(mesh) == [18.0, -7.0, 0.25, 22.0, -5.0, 1.75]
    assert set(mesh.semantic) == {Tag.STATIC}


def test_a_building_has_windows_and_exactly_its_stated_size(tmp_path):
    mesh = one(tmp_path, thing("building", length="12", width="9", height="12", t="-20", hdg=str(np.pi / 2)))
    low, high = mesh.bounds()
    assert high[2] - low[2] == pytest.approx(12.0, abs=1e-3)
    assert high[0] - low[0] == pytest.approx(9.0, abs=0.9)  # the roof stands out
    assert high[1] - low[1] == pytest.approx(12.0, abs=0.9)
    assert (low[:2] + high[:2]) / 2 == pytest.approx([20.0, -20.0], abs=0.4)
    assert len(mesh.triangles) > 200


def test_copies_stand_at_both_ends_and_grow_as_the_repeat_says(tmp_path):
    posts = repeat(
        s=10, length=40, distance=10, tStart=-5, tEnd=-9, heightStart=1, heightEnd=3, zOffsetStart=0, zOffsetEnd=0
    )
    made, built = things(tmp_path, thing("pole", inside=posts, radius="0.1"))
    assert len(built) == 5
    tops = [extent(mesh)[5] for mesh in built]
    assert tops == [1.0, 1.5, 2.0, 2.5, 3.0]
    middles = [((mesh.bounds()[0] + mesh.bounds()[1]) / 2)[:2].tolist() for mesh in built]
    assert middles == pytest.approx(np.column_stack([np.arange(10, 51, 10), [-5, -6, -7, -8, -9]]), abs=1e-3)
    assert [piece.s for piece in pieces(made.roads["1"].objects[0], 45.0)] == [10, 20, 30, 40]


def test_a_continuous_wall_follows_the_road_and_its_height_varies(tmp_path):
    wall = repeat(
        s=0,
        length=100,
        distance=0,
        tStart=-6,
        tEnd=-6,
        widthStart=0.4,
        widthEnd=0.4,
        heightStart=1,
        heightEnd=2,
        zOffsetStart=0,
        zOffsetEnd=0,
    )
    mesh = one(tmp_path, thing("barrier", 'subtype="wall"', inside=wall), geometry='<arc curvature="0.01"/>')
    radius = np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 1] - 100.0)  # a circle about (0, 100); t = -6 is 106 m out
    assert (radius.min(), radius.max()) == pytest.approx((105.8, 106.2), abs=0.01)
    assert extent(mesh)[5] == 2.0
    assert set(mesh.semantic) == {Tag.WALL}


@pytest.mark.parametrize(
    ("kind", "said", "tag"),
    [("barrier", 'subtype="guardRail"', Tag.GUARD_RAIL), ("railing", "", Tag.GUARD_RAIL),
     ("vegetation", 'subtype="hedge"', Tag.VEGETATION), ("barrier", 'subtype="fence"', Tag.FENCE)],
)  # fmt: skip
def test_continuous_objects_are_of_the_class_they_are_named(tmp_path, kind, said, tag):
    line = repeat(
        s=10, length=20, distance=0, tStart=-6, tEnd=-6, heightStart=1, heightEnd=1, zOffsetStart=0, zOffsetEnd=0
    )
    mesh = one(tmp_path, thing(kind, said, inside=line))
    assert set(mesh.semantic) == {tag}
    assert extent(mesh)[0::3] == pytest.approx([10.0, 30.0], abs=0.2)


def test_an_outline_is_a_solid_with_the_heights_of_its_corners(tmp_path):
    places = [(0, 0, 3), (6, 0, 3), (6, 4, 5), (3, 2, 4), (0, 4, 5)]
    corners = "".join(f'<cornerLocal u="{u}" v="{v}" z="0.5" height="{height}"/>' for u, v, height in places)
    outline = f'<outlines><outline id="0" closed="true">{corners}</outline></outlines>'
    mesh = one(tmp_path, thing("building", inside=outline, t="-20"))
    assert extent(mesh) == [20.0, -20.0, 0.5, 26.0, -16.0, 5.5]
    facing = 0.5 * np.cross(
        *(mesh.vertices[mesh.triangles[:, k]] - mesh.vertices[mesh.triangles[:, 0]] for k in (1, 2))
    )
    assert facing[:, 2].clip(0).sum() == pytest.approx(24.0 - 6.0)  # the notch is not roofed
    assert facing.sum(axis=0)[:2] == pytest.approx([0.0, 0.0], abs=1e-4)  # walls all around, facing outwards


def test_an_open_outline_is_a_wall_along_its_line(tmp_path):
    corners = "".join(f'<cornerRoad s="{s}" t="-8" dz="0" height="1.2" id="{s}"/>' for s in (30, 40, 50))
    outline = f'<outlines><outline id="0" closed="false">{corners}</outline></outlines>'
    mesh = one(tmp_path, thing("barrier", inside=outline, width="0.5"))
    assert extent(mesh) == [30.0, -8.25, 0.0, 50.0, -7.75, 1.2]


def test_what_the_map_only_paints_or_hardly_describes_has_no_body(tmp_path):
    painted = thing("roadMark", length="2", width="2", height="0.01")
    unsaid = thing("-1", name="Stencil_ArrowType4R", length="1.9", width="2.5")
    assert things(tmp_path, painted, unsaid)[1] == []


def test_many_trees_share_a_few_shapes(tmp_path):
    row = repeat(
        s=0, length=100, distance=2, tStart=-9, tEnd=-9, heightStart=6, heightEnd=8, zOffsetStart=0, zOffsetEnd=0
    )
    trees = things(tmp_path, thing("tree", inside=row))[1]
    assert len(trees) == 51
    assert len({id(tree.shape) for tree in trees}) <= 15


def test_a_repeat_beyond_the_road_ends_with_it(tmp_path):
    rail = repeat(
        s=90, length=500, distance=0, tStart=-6, tEnd=-6, heightStart=1, heightEnd=1, zOffsetStart=0, zOffsetEnd=0
    )
    made, _ = things(tmp_path, thing("railing", inside=rail))
    (stretch,) = stretches(made.roads["1"].objects[0], 100.0)
    assert (stretch[0].s, stretch[-1].s) == (90.0, 100.0)
