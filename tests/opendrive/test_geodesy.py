"""Maps on Earth."""

from pathlib import Path

import pytest

from drivesim.errors import ScenarioError
from drivesim.opendrive import empty_network, read_network
from drivesim.opendrive.geodesy import Geodesy

UTM = "+proj=utm +zone=32 +datum=WGS84"


def test_utm_zone_32_begins_at_its_central_meridian(tmp_path):
    place = Geodesy(UTM, (500_000.0, 0.0, 0.0, 0.0), tmp_path)
    assert place.wgs84_from_world(0.0, 0.0) == pytest.approx((0.0, 9.0), abs=1e-9)
    # One minute of arc along the meridian at 45° is 1852.2 m on the ellipsoid, times 0.9996 on the map.
    south, north = (place.world_from_wgs84(45.0 + d / 120.0, 9.0)[1] for d in (-1.0, 1.0))
    assert north - south == pytest.approx(1852.2 * 0.9996, abs=0.3)


@pytest.mark.parametrize("offset", [(0.0, 0.0, 0.0, 0.0), (450_000.0, 5_400_000.0, 0.0, 0.0), (1.0, 2.0, 3.0, 0.5)])
def test_there_and_back(tmp_path, offset):
    place = Geodesy(UTM, offset, tmp_path)
    assert place.world_from_wgs84(*place.wgs84_from_world(123.0, -45.0)) == pytest.approx((123.0, -45.0), abs=1e-6)


def test_an_origin_without_a_projection_is_carlas(tmp_path):
    place = Geodesy("+lat_0=4.9e+1 +lon_0=8.0e+0", (0.0, 0.0, 0.0, 0.0), tmp_path)
    assert place.wgs84_from_world(0.0, 0.0) == pytest.approx((49.0, 8.0))


@pytest.mark.parametrize("heights", ["+geoidgrids=egm96_15.gtx +vunits=m", "+geoidgrids=nowhere.gtx"])
def test_a_geoid_that_is_not_there_concerns_heights_alone(tmp_path, heights):
    place = Geodesy(
        f"+proj=utm +zone=32 {heights} +datum=WGS84 +units=m +no_defs", (500_000.0, 0.0, 0.0, 0.0), tmp_path
    )
    assert place.wgs84_from_world(0.0, 0.0) == pytest.approx((0.0, 9.0), abs=1e-9)
    assert place.world_from_wgs84(0.0, 9.0) == pytest.approx((0.0, 0.0), abs=1e-6)


@pytest.mark.parametrize("reference", ["nonsense", "EPSG:4326", "+proj=latlong"])
def test_what_is_no_projection_is_refused_by_name(tmp_path, reference):
    with pytest.raises(ScenarioError, match="geoReference"):
        Geodesy(reference, (0.0, 0.0, 0.0, 0.0), tmp_path / "map.xodr").wgs84_from_world(0.0, 0.0)


def test_a_map_knows_its_place_or_says_nothing(tmp_path):
    sample = Path(__file__).parents[1] / "samples" / "map_all.xodr"
    assert read_network(sample).place() == pytest.approx((48.75, 8.32), abs=0.01)
    assert empty_network().place() is None
