"""The road mesh: areas, heights, classes and paint."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from maps import LANES, network, road

from drivesim import content
from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.opendrive import read_network
from drivesim.opendrive.mesh import network_mesh
from drivesim.taxonomy import Tag


@pytest.fixture(scope="module")
def street() -> Mesh:
    return network_mesh(read_network(content.find("scenarios", "residential_street.xodr")))


def facets(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Corners (T, 3, 3) and area-weighted normals (T, 3) of all triangles."""
    corners = mesh.vertices[mesh.triangles].astype(np.float64)
    return corners, 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def covering(mesh: Mesh, x: float, y: float) -> list[tuple[float, int]]:
    """(z, tag) of every upward triangle over a point."""
    corners, normal = facets(mesh)
    a, b, c = (corners[:, i, :2] - (x, y) for i in range(3))

    def cross(p, q):
        return p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]

    inside = (cross(a, b) >= 0) & (cross(b, c) >= 0) & (cross(c, a) >= 0) & (normal[:, 2] > 1e-9)
    return [(float(corners[i, :, 2].mean()), int(mesh.semantic[i])) for i in np.nonzero(inside)[0]]


def test_area_of_a_straight_road(tmp_path):
    mesh = network_mesh(network(tmp_path, road("<line/>", 40.0)))
    assert facets(mesh)[1][:, 2].sum() == pytest.approx(40.0 * 7.0, rel=1e-5)
    assert set(mesh.semantic) == {Tag.ROADS}


def test_area_of_a_curved_road(tmp_path):
    mesh = network_mesh(network(tmp_path, road('<arc curvature="0.05"/>', 40.0)))
    # The centroid of a lane pair lies on the reference line: Pappus.
    assert facets(mesh)[1][:, 2].sum() == pytest.approx(40.0 * 7.0, rel=2e-3)


def test_surfaces_face_up_and_normals_are_unit(street):
    _, normal = facets(street)
    assert not (normal[:, 2] < -1e-6).any()
    assert np.allclose(np.linalg.norm(street.normals, axis=1), 1.0, atol=1e-4)


def test_classes_and_heights_across_the_street(street):
    assert covering(street, 50.3, -2.0) == [(0.0, Tag.ROADS)]
    pavement = covering(street, 50.3, -7.0)
    assert pavement == [(pytest.approx(0.12), Tag.SIDEWALKS)]


def test_kerb_faces_look_at_the_carriageway(street):
    corners, normal = facets(street)
    x, y, _ = corners.mean(axis=1).T
    upright = np.abs(normal[:, 2]) < 1e-9
    south = upright & (np.abs(y + 5.7) < 1e-3) & (x > 20) & (x < 100)
    assert south.any()
    assert (normal[south, 1] > 0).all()
    north = upright & (np.abs(y - 5.7) < 1e-3) & (x > 20) & (x < 100)
    assert (normal[north, 1] < 0).all()
    assert (street.material[south] == MaterialId.KERB_STONE).all()


def test_junction_is_covered_exactly_once(street):
    generator = np.random.default_rng(3)
    for x, y in generator.uniform((177.0, -8.0), (193.0, 8.0), (150, 2)):
        hits = [tag for _, tag in covering(street, x, y) if tag != Tag.ROAD_LINE]
        assert len(hits) == 1, (x, y)


def test_no_gaps_where_roads_meet_the_junction(street):
    for x in np.linspace(173.3, 173.7, 41):
        assert covering(street, float(x), -1.234), x


def marked(marks: str) -> str:
    return LANES.replace('<lane id="0" type="none"/>', f'<lane id="0" type="none">{marks}</lane>')


def paint_area(mesh: Mesh) -> float:
    return float(facets(mesh)[1][mesh.semantic == Tag.ROAD_LINE, 2].sum())


@pytest.mark.parametrize(
    ("marks", "area"),
    [
        ('<roadMark sOffset="0" type="solid" width="0.2"/>', 36 * 0.2),
        ('<roadMark sOffset="0" type="broken" width="0.2"/>', 4 * 3.0 * 0.2),
        ('<roadMark sOffset="0" type="solid solid" width="0.2"/>', 2 * 36 * 0.2),
        ('<roadMark sOffset="0" type="solid broken" width="0.2"/>', (36 + 12) * 0.2),
        (
            '<roadMark sOffset="0" type="broken" width="0.1"><type name="d" width="0.1">'
            '<line length="4" space="8" tOffset="0" sOffset="0" width="0.1"/></type></roadMark>',
            3 * 4 * 0.1,
        ),
        ('<roadMark sOffset="0" type="none"/>', 0.0),
    ],
)
def test_road_marks(tmp_path, marks, area):
    mesh = network_mesh(network(tmp_path, road("<line/>", 36.0, lanes=marked(marks))))
    assert paint_area(mesh) == pytest.approx(area, rel=1e-4)
    heights = mesh.vertices[mesh.triangles[mesh.semantic == Tag.ROAD_LINE], 2]
    assert np.allclose(heights, 0.004, atol=1e-6)


def test_marks_are_coloured(tmp_path):
    mark = '<roadMark sOffset="0" type="solid" color="yellow" width="0.2"/>'
    mesh = network_mesh(network(tmp_path, road("<line/>", 10.0, lanes=marked(mark))))
    red, _, blue = mesh.albedo[mesh.semantic == Tag.ROAD_LINE][0]
    assert red > 3 * blue


def test_crosswalk_is_striped_along_the_road(street):
    x = 169.5
    along_y = [any(tag == Tag.ROAD_LINE for _, tag in covering(street, x, y)) for y in np.arange(-3.4, 3.4, 0.1)]
    changes = sum(a != b for a, b in pairwise(along_y))
    assert changes >= 12
    assert 0.4 < np.mean(along_y) < 0.6


def test_parking_bays_are_outlined(tmp_path):
    bay = (
        '<objects><object id="1" type="parkingSpace" s="10" t="-4.5" zOffset="0" hdg="0" length="5" width="2" '
        'height="0"/></objects>'
    )
    text = road("<line/>", 20.0).replace("</road>", f"{bay}</road>")
    assert paint_area(network_mesh(network(tmp_path, text))) == pytest.approx(5 * 2 - 4.8 * 1.8, rel=1e-3)


def test_verges_are_grass():
    mesh = network_mesh(read_network(content.find("scenarios", "rural_road.xodr")))
    assert covering(mesh, 100.3, -5.2) == [(0.0, Tag.TERRAIN)]
