"""Plan-view positions against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import fresnel

from drivesim.opendrive.geometry import curve_of
from drivesim.opendrive.model import Arc, Geometry, Line, ParamPoly3, Poly3, Shape, Spiral

X, Y, HDG = 12.0, -7.0, 0.6


def at(shape: Shape, length: float, s: float) -> tuple[float, float, float, float]:
    """The sample at s in the frame of the geometry's start."""
    x, y, heading, curvature = curve_of(Geometry(0.0, X, Y, HDG, length, shape))(s)
    c, n = math.cos(HDG), math.sin(HDG)
    return c * (x - X) + n * (y - Y), c * (y - Y) - n * (x - X), heading - HDG, curvature


@pytest.mark.parametrize("s", [0.0, 3.3, 50.0])
def test_line(s):
    assert at(Line(), 50.0, s) == pytest.approx((s, 0.0, 0.0, 0.0), abs=1e-9)


@pytest.mark.parametrize("curvature", [0.1, -0.02, 1e-9])
@pytest.mark.parametrize("s", [0.0, 17.0, 60.0])
def test_arc(curvature, s):
    x, y, heading, k = at(Arc(curvature), 60.0, s)
    expected = math.sin(curvature * s) / curvature, 2.0 * math.sin(0.5 * curvature * s) ** 2 / curvature
    assert (x, y) == pytest.approx(expected, abs=1e-6)
    assert (heading, k) == pytest.approx((curvature * s, curvature))


@pytest.mark.parametrize(("end", "length"), [(0.02, 100.0), (-0.1, 80.0), (0.5, 60.0)])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_spiral_from_zero_curvature_is_fresnels_integral(end, length, share):
    s = share * length
    scale = math.sqrt(math.pi * length / abs(end))
    sine, cosine = fresnel(s / scale)
    x, y, heading, k = at(Spiral(0.0, end), length, s)
    assert (x, y) == pytest.approx((scale * cosine, math.copysign(scale * sine, end)), abs=1e-9)
    assert heading == pytest.approx(0.5 * end * s * s / length)
    assert k == pytest.approx(end * s / length)


@pytest.mark.parametrize("shape", [Spiral(0.01, 0.05), Spiral(0.03, -0.03), Spiral(0.02, 0.02 + 1e-12)])
def test_spiral_between_curvatures(shape):
    length = 90.0
    rate = (shape.curv_end - shape.curv_start) / length

    def angle(s: float) -> float:
        return shape.curv_start * s + 0.5 * rate * s * s

    x = quad(lambda s: math.cos(angle(s)), 0.0, length, epsabs=1e-12)[0]
    y = quad(lambda s: math.sin(angle(s)), 0.0, length, epsabs=1e-12)[0]
    assert at(shape, length, length)[:2] == pytest.approx((x, y), abs=1e-9)


def test_poly3_is_walked_by_arc_length():
    a, b, c, d = 0.0, 0.2, -0.01, 2e-4
    u = 37.0
    s = quad(lambda p: math.hypot(1.0, b + 2 * c * p + 3 * d * p * p), 0.0, u, epsabs=1e-12)[0]
    x, y, heading, _ = at(Poly3(a, b, c, d), 60.0, s)
    assert (x, y) == pytest.approx((u, b * u + c * u**2 + d * u**3), abs=1e-6)
    assert heading == pytest.approx(math.atan(b + 2 * c * u + 3 * d * u * u), abs=1e-6)


def test_param_poly3_in_arc_length_uses_s_as_its_parameter():
    u, v = (0.0, 1.0, 0.0, -1e-6), (0.0, 0.0, 1e-3, -1e-6)
    x, y, *_ = at(ParamPoly3(u, v, normalized=False), 80.0, 33.0)
    assert x == pytest.approx(33.0 - 1e-6 * 33.0**3, abs=1e-9)
    assert y == pytest.approx(1e-3 * 33.0**2 - 1e-6 * 33.0**3, abs=1e-9)


def test_normalized_param_poly3_is_walked_by_arc_length():
    u, v = (0.0, 40.0, 25.0, -8.0), (0.0, 0.0, 12.0, 4.0)

    def speed(p: float) -> float:
        return math.hypot(u[1] + 2 * u[2] * p + 3 * u[3] * p * p, 2 * v[2] * p + 3 * v[3] * p * p)

    length = quad(speed, 0.0, 1.0, epsabs=1e-12)[0]
    for p in (0.0, 0.3, 0.77, 1.0):
        s = quad(speed, 0.0, p, epsabs=1e-12)[0]
        x, y, *_ = at(ParamPoly3(u, v, normalized=True), length, s)
        expected = sum(c * p**i for i, c in enumerate(u)), sum(c * p**i for i, c in enumerate(v))
        assert (x, y) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "shape",
    [
        Arc(0.03),
        Spiral(-0.02, 0.05),
        Poly3(0.0, 0.0, 0.004, -3e-5),
        ParamPoly3((0.0, 50.0, 3.0, 1.0), (0.0, 0.0, 9.0, -2.0), normalized=True),
    ],
)
def test_heading_and_curvature_are_derivatives_of_the_position(shape):
    step = 1e-4
    for s in np.linspace(1.0, 45.0, 7):
        x0, y0, h0, _ = at(shape, 54.0, s - step)
        x1, y1, h1, _ = at(shape, 54.0, s + step)
        _, _, heading, curvature = at(shape, 54.0, s)
        assert heading == pytest.approx(math.atan2(y1 - y0, x1 - x0), abs=1e-6)
        assert curvature == pytest.approx((h1 - h0) / math.hypot(x1 - x0, y1 - y0), abs=1e-5)
