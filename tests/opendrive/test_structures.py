"""Tunnels and bridges: read, and solid for rays."""

from __future__ import annotations

import numpy as np
import pytest
from maps import LANES, network, road

from drivesim.materials import MaterialId
from drivesim.opendrive.meshing.structures import CLEARANCE, DECK, SHELL, WALKWAY, structures_mesh
from drivesim.scene.shelters import shelters
from drivesim.taxonomy import Tag

TUNNEL = (
    '<objects><tunnel id="t" name="Long" type="underpass" s="10" length="20" lighting="0.5" daylight="0.1">'
    '<validity fromLane="-1" toLane="-1"/></tunnel></objects>'
)
BRIDGE = '<objects><bridge id="b" name="Old" type="brick" s="10" length="20"/></objects>'
WIDTH, LENGTH = 7.0, 20.0


def facets(mesh):
    """Centres (T, 3) and area-weighted normals (T, 3)."""
    corners = mesh.vertices[mesh.triangles].astype(np.float64)
    return corners.mean(axis=1), 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def area(normals, axis, sign):
    """Of all faces towards one end of an axis."""
    return np.clip(sign * normals[:, axis], 0.0, None).sum()


def made(folder, extra, geometry="<line/>", length=50.0):
    return network(folder, road(geometry, length).replace("</lanes>", f"</lanes>{extra}"))


def test_what_the_map_says_of_them_is_known(tmp_path):
    tunnel = made(tmp_path, TUNNEL).roads["1"].tunnels[0]
    assert (tunnel.name, tunnel.type, tunnel.s, tunnel.length) == ("Long", "underpass", 10.0, 20.0)
    assert (tunnel.lighting, tunnel.daylight, tunnel.lanes) == (0.5, 0.1, ((-1, -1),))
    bridge = made(tmp_path, BRIDGE).roads["1"].bridges[0]
    assert (bridge.type, bridge.lighting) == ("brick", None)


def test_a_tunnel_is_a_shell_around_its_lanes(tmp_path):
    mesh = structures_mesh(made(tmp_path, TUNNEL))
    centres, normals = facets(mesh)
    inside, outside = WIDTH + 2 * WALKWAY, WIDTH + 2 * (WALKWAY + SHELL)
    assert set(mesh.semantic) == {Tag.WALL}
    assert area(normals, 2, -1) == pytest.approx(inside * LENGTH, rel=1e-5)  # the ceiling
    assert area(normals, 2, 1) == pytest.approx(outside * LENGTH, rel=1e-5)  # the roof
    for sign in (-1, 1):
        assert area(normals, 1, sign) == pytest.approx((2 * CLEARANCE + SHELL) * LENGTH, rel=1e-5)
        front = outside * (CLEARANCE + SHELL) - inside * CLEARANCE
        assert area(normals, 0, sign) == pytest.approx(front, rel=1e-5)
    ceiling = normals[:, 2] < -1e-6
    assert centres[ceiling, 2] == pytest.approx(np.full(ceiling.sum(), CLEARANCE))
    walls = (np.abs(normals[:, 1]) > 1e-6) & (np.abs(centres[:, 1]) < inside / 2 + 1e-3)
    assert (np.sign(normals[walls, 1]) == -np.sign(centres[walls, 1])).all()  # the lining is seen from the lanes
    assert mesh.vertices[:, 0].min() == pytest.approx(10.0)
    assert mesh.vertices[:, 0].max() == pytest.approx(30.0)


def test_a_tunnel_keeps_the_sky_out_as_far_as_it_goes(tmp_path):
    rows = shelters(made(tmp_path, TUNNEL))
    assert rows[0, :3] == pytest.approx([10.0, 0.0, 0.0], abs=1e-6)
    assert rows[-1, 3:6] == pytest.approx([30.0, 0.0, 0.0], abs=1e-6)
    assert np.allclose(rows[1:, :3], rows[:-1, 3:6])
    assert np.allclose(rows[:, 6:8], (0.5 * WIDTH + WALKWAY, CLEARANCE))
    assert np.allclose(rows[:, 9:], (LENGTH, 0.5, 0.1))
    assert len(shelters(made(tmp_path, BRIDGE))) == 0


def test_verges_lie_outside_a_tunnel_and_on_a_bridge(tmp_path):
    verge = '<lane id="-2" type="none"><width sOffset="0" a="6" b="0" c="0" d="0"/></lane></right>'
    lanes = LANES.replace("</right>", verge)
    widths = []
    for extra in (TUNNEL, BRIDGE):
        text = road("<line/>", 50.0, lanes=lanes).replace("</lanes>", f"</lanes>{extra}")
        vertices = structures_mesh(network(tmp_path, text)).vertices
        widths.append(vertices[:, 1].max() - vertices[:, 1].min())
    assert widths == pytest.approx([WIDTH + 2 * (WALKWAY + SHELL), WIDTH + 6.0])


def test_a_bridge_is_a_deck_under_its_lanes(tmp_path):
    mesh = structures_mesh(made(tmp_path, BRIDGE))
    _, normals = facets(mesh)
    assert set(mesh.semantic) == {Tag.BRIDGE}
    assert set(mesh.material) == {MaterialId.BRICK}
    assert area(normals, 2, -1) == pytest.approx(WIDTH * LENGTH, rel=1e-5)
    assert area(normals, 2, 1) == pytest.approx(0.0, abs=1e-6)
    for sign in (-1, 1):
        assert area(normals, 1, sign) == pytest.approx(DECK * LENGTH, rel=1e-5)
        assert area(normals, 0, sign) == pytest.approx(DECK * WIDTH, rel=1e-5)
    assert mesh.vertices[:, 2].max() == pytest.approx(0.0, abs=1e-6)
    assert mesh.vertices[:, 2].min() == pytest.approx(-DECK)


def test_in_a_bend_walls_keep_their_distance(tmp_path):
    mesh = structures_mesh(made(tmp_path, TUNNEL, '<arc curvature="0.02"/>'))
    away = np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 1] - 50.0)
    edges = 3.5 + WALKWAY
    wanted = [50.0 + sign * (edges + more) for sign in (-1, 1) for more in (0.0, SHELL)]
    assert np.abs(away[:, None] - wanted).min(axis=1).max() < 1e-3


def test_a_structure_ends_with_its_road(tmp_path):
    net = made(tmp_path, BRIDGE.replace('length="20"', 'length="200"'))
    assert structures_mesh(net).vertices[:, 0].max() == pytest.approx(50.0)
    beyond = made(tmp_path, BRIDGE.replace('s="10"', 's="60"'))
    assert len(structures_mesh(beyond).triangles) == 0
