"""Sixteen lanes at a time give what NumPy gives on float32 and int32, bit for bit."""

import re

import numba as nb
import numpy as np
import pytest
from numba.core.errors import TypingError

from drivesim.scene.lane_memory import (
    apart,
    at,
    fetch,
    fetch4,
    gather,
    gather3,
    gather4,
    put,
    put_bytes,
    put_tile,
    put_turned,
    row,
    same,
    scatter,
    whole_row,
)
from drivesim.scene.lanes import (
    absolute,
    all_of,
    any_of,
    bits,
    floor,
    highest,
    inlined,
    lowest,
    real,
    spread,
    sqrt,
    where,
    whole,
)

ONE = np.float32(1.0)


@nb.njit(error_model="numpy")
def _reals(given, out):
    x, y = row(given, 0), row(given, 1)
    z = ONE / sqrt(x * x + y * y + ONE) - floor(x)
    z += absolute(y)
    put(out, 0, z)
    put(out, 1, where((x > y) & ~(z < ONE), z, -z))
    put(out, 2, lowest(highest(x, y), np.float32(0.25)))
    put(out, 3, x > y)
    return any_of(x > y), all_of(highest(x, y) >= x), all_of(x > y)


@nb.njit(error_model="numpy")
def _wholes(given, out):
    i, x = whole_row(given, 0), row(given, 1)
    put(out, 0, (i << 2) ^ (i >> 1))
    put(out, 1, whole(x) + (i & 255) // 3)
    put(out, 2, bits(x))
    put(out, 3, real(i | 1))
    put(out, 4, where(i < 0, -1, i) * spread(3))


@nb.njit(error_model="numpy")
def _memory(given, table, looks, picture, colours, labels, out, three, codes):
    i, x, y = whole_row(given, 0), row(given, 1), row(given, 2)
    red, _, _, alpha = gather4(looks, i & 7)
    put(out, 0, red)
    put(out, 1, alpha)
    put(out, 2, gather(table, i & 3))
    put(out, 3, at(three, 5))
    put_tile(picture, 5, 10, x)
    put_tile(colours, 5, 10, (x, y, -x))
    put_tile(labels, 5, 10, i)
    r, g, b = apart(three, 3)
    put(out, 4, r)
    put(out, 5, g)
    put(out, 6, b)
    put_bytes(codes, 1, (i, i >> 8, i >> 16))


@nb.njit(error_model="numpy")
def _lookups(given, table, looks, out):
    i = whole_row(given, 0)
    one = same(i)
    put(out, 0, fetch(table, i, one))
    red, green, _, _ = fetch4(looks, i, one)
    put(out, 1, red)
    put(out, 2, green)
    return one


@nb.njit(error_model="numpy")
def _threes(where, points, corners, out, reals, labels):
    i = whole_row(where, 0)
    x, y, z = gather3(points, i)
    p, q, r = gather3(corners, i)
    for k, values in enumerate((x, y, z)):
        put(out, k, values)
    for k, numbers in enumerate((p, q, r)):
        put(out, 3 + k, numbers)
    scatter(reals, i, y)
    scatter(labels, i, r)


@nb.njit(error_model="numpy")
def _turn(block, reals, wholes, labels):
    put_turned(reals, 3, 20, block, 2)
    put_turned(wholes, 3, 20, block, 2)
    put_turned(labels, 3, 20, block, 2)


def test_real_numbers_as_numpy_computes_them():
    x, y = given = np.random.default_rng(0).normal(size=(2, 16)).astype(np.float32)
    out = np.zeros((4, 16), np.float32)
    some, each, every = _reals(given, out)
    z = ONE / np.sqrt(x * x + y * y + ONE) - np.floor(x) + np.abs(y)
    np.testing.assert_array_equal(out[0], z)
    np.testing.assert_array_equal(out[1], np.where((x > y) & ~(z < 1), z, -z))
    np.testing.assert_array_equal(out[2], np.minimum(np.maximum(x, y), np.float32(0.25)))
    np.testing.assert_array_equal(out.view(np.int32)[3], -(x > y).astype(np.int32))
    assert (some, each, every) == ((x > y).any(), True, (x > y).all())


def test_whole_numbers_wrap_and_shift_zeros_in():
    random = np.random.default_rng(1)
    given = np.zeros((2, 16), np.float32)
    i = given.view(np.int32)[0] = random.integers(-(1 << 31), 1 << 31, 16)
    i, x = i.astype(np.int32), np.float32(1e3) * random.normal(size=16).astype(np.float32)
    given[1] = x
    out = np.zeros((5, 16), np.float32)
    _wholes(given, out)
    got = out.view(np.int32)
    np.testing.assert_array_equal(got[0], (i << 2) ^ (i.view(np.uint32) >> 1).view(np.int32))
    np.testing.assert_array_equal(got[1], x.astype(np.int32) + (i & 255) // 3)
    np.testing.assert_array_equal(got[2], x.view(np.int32))
    np.testing.assert_array_equal(out[3], (i | 1).astype(np.float32))
    np.testing.assert_array_equal(got[4], 3 * np.where(i < 0, -1, i).astype(np.int32))


def test_memory_is_read_and_written_where_it_should():
    random = np.random.default_rng(2)
    given = random.normal(size=(3, 16)).astype(np.float32)
    i = given.view(np.int32)[0] = np.arange(16, dtype=np.int32) * 70_001
    table, looks = np.array([5, 6, 7, 9], np.int64), random.integers(0, 1 << 31, (8, 4)).astype(np.uint32)
    picture, colours, labels = np.zeros(60, np.float32), np.zeros((60, 3), np.float32), np.zeros(60, np.uint8)
    three, codes = random.normal(size=(20, 3)).astype(np.float32), np.zeros(50, np.uint8)
    out = np.zeros((7, 16), np.float32)
    _memory(given, table, looks, picture, colours, labels, out, three, codes)
    x, y = given[1:]
    got, pixel = out.view(np.int32), np.array([5 + 10 * line + place for line in range(4) for place in range(4)])
    np.testing.assert_array_equal(got[0], looks[i & 7, 0])
    np.testing.assert_array_equal(got[1], looks[i & 7, 3])
    np.testing.assert_array_equal(got[2], table[i & 3])
    np.testing.assert_array_equal(out[3], three.ravel()[5:21])
    np.testing.assert_array_equal(out[4:7].T, three[1:17])
    np.testing.assert_array_equal(picture[pixel], x)
    np.testing.assert_array_equal(colours[pixel], np.stack([x, y, -x], axis=1))
    np.testing.assert_array_equal(labels[pixel], i.astype(np.uint8))
    assert not np.delete(picture, pixel).any()
    assert not np.delete(labels, pixel).any()
    assert not np.delete(colours, pixel, axis=0).any()
    np.testing.assert_array_equal(codes[1:49].reshape(16, 3), i[:, None] >> np.array([0, 8, 16]) & 255)
    assert codes[0] == codes[49] == 0


def test_rows_of_three_are_gathered_and_lanes_scattered():
    random = np.random.default_rng(4)
    i = random.permutation(20)[:16].astype(np.int32)
    points = random.normal(size=(20, 3)).astype(np.float32)
    corners = random.integers(0, 1 << 30, (20, 3)).astype(np.int32)
    out, reals, labels = np.zeros((6, 16), np.float32), np.zeros(20, np.float32), np.zeros(20, np.uint8)
    _threes(i[None], points, corners, out, reals, labels)
    np.testing.assert_array_equal(out[:3].T, points[i])
    np.testing.assert_array_equal(out[3:].view(np.int32).T, corners[i])
    there = np.isin(np.arange(20), i)
    np.testing.assert_array_equal(reals, np.where(there, points[:, 1], 0))
    np.testing.assert_array_equal(labels, np.where(there, corners[:, 2] & 255, 0))


def test_a_block_is_written_turned():
    block = np.random.default_rng(5).normal(size=(20, 16)).astype(np.float32)
    reals, wholes, labels = np.zeros(330, np.float32), np.zeros(330, np.int32), np.zeros(330, np.uint8)
    _turn(block, reals, wholes, labels)
    written = (3 + 20 * np.arange(16)[:, None] + np.arange(16)).ravel()
    np.testing.assert_array_equal(reals[written].reshape(16, 16), block[2:18].T)
    np.testing.assert_array_equal(wholes[written].reshape(16, 16), block[2:18].view(np.int32).T)
    np.testing.assert_array_equal(labels[written].reshape(16, 16), block[2:18].view(np.int32).T & 255)
    for values in (reals, wholes, labels):
        assert not np.delete(values, written).any()


@pytest.mark.parametrize("i", [np.full(16, 5), np.arange(16) % 7])
def test_what_all_lanes_want_is_looked_up_once(i):
    random = np.random.default_rng(3)
    table, looks = random.integers(0, 255, 8).astype(np.uint8), random.normal(size=(8, 4)).astype(np.float32)
    out = np.zeros((3, 16), np.float32)
    assert _lookups(i.astype(np.int32)[None], table, looks, out) == (np.ptp(i) == 0)
    np.testing.assert_array_equal(out.view(np.int32)[0], table[i])
    np.testing.assert_array_equal(out[1:], looks[i, :2].T)


def test_float64_is_refused():
    @nb.njit
    def promoted(given):
        return any_of(row(given, 0) * 0.5 > ONE)

    with pytest.raises(TypingError):
        promoted(np.zeros((1, 16), np.float32))


def test_inlined_functions_leave_neither_calls_nor_counts_of_references():
    @inlined
    def mix(total, parts, places):
        for line in (0, 1, 2):  # as much as the compiler would not inline by itself
            x, y, z = gather3(parts, whole_row(places, line))
            put(total, line, x + y + z)
            x, y, z = gather3(total, whole_row(places, line))
            put(total, line, row(total, line) + x * y * z)

    @nb.njit(error_model="numpy")
    def kernel(total, parts, places, count):
        for _ in range(count):
            mix(total, parts, places)
            mix(parts, total, places)

    total, parts = np.zeros((3, 16), np.float32), np.ones((3, 16), np.float32)
    kernel(total, parts, np.zeros((3, 16), np.int32), 1)
    assert total[0, 0] == 3.0 + 27.0
    code = next(iter(kernel.inspect_llvm().values()))
    body = re.search(r"^define [^\n]*@_ZN(?!7cpython)[^\n]*kernel[^\n]*\{\n(.*?)^\}", code, re.DOTALL | re.MULTILINE)
    assert body is not None
    assert "fadd" in body[1]
    assert "call " not in body[1]
