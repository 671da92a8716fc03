"""Sixteen lanes at a time from memory and back: rows, look-ups in tables, tiles of pixels. For Numba kernels, as
:mod:`drivesim.scene.lanes`; arrays are contiguous, and nothing checks that an index lies within one.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from drivesim.scene.lanes import I32, LANES, MASK, REAL, REALS, WHOLE, WHOLES, inlined, narrow, splat


def _intrinsic(work: Any) -> Any:
    """As Numba's, for mypy."""
    return intrinsic(work)


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Where an array's elements start."""
    return context.make_array(kind)(context, builder, array).data


def _place(builder: Any, start: Any, row: Any, vector: ir.VectorType) -> Any:
    """Address of a row of sixteen elements of 32 bits."""
    return builder.gep(builder.bitcast(start, vector.as_pointer()), [row])


def _row_of(name: str, lanes: Any) -> Any:
    def work(_typing: Any, array: Any, row: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            start = _data(context, builder, signature.args[0], arguments[0])
            return builder.load(_place(builder, start, arguments[1], lanes.vector), align=4)

        return (lanes(array, types.int64), codegen) if isinstance(array, types.Array) else None

    work.__name__ = name
    return intrinsic(work)


row = _row_of("row", REALS)
"""A row of a float32 array whose rows are sixteen long."""
whole_row = _row_of("whole_row", WHOLES)
"""A row of sixteen int32, in an array of them or where a float32 array holds some."""


@_intrinsic
def at(_typing: Any, array: Any, first: Any) -> Any:
    """Sixteen elements of a float32, int32 or uint8 array, as it lies in memory, from ``first`` on; bytes become
    int32."""
    if not isinstance(array, types.Array) or array.dtype not in (types.float32, types.int32, types.uint8):
        return None
    lanes = REALS if array.dtype is types.float32 else WHOLES

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = builder.gep(_data(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        if array.dtype is types.uint8:
            few = ir.VectorType(ir.IntType(8), LANES)
            return builder.zext(builder.load(builder.bitcast(start, few.as_pointer()), align=1), WHOLE)
        return builder.load(builder.bitcast(start, lanes.vector.as_pointer()), align=4)

    return lanes(array, types.int64), codegen


@_intrinsic
def put(_typing: Any, array: Any, number: Any, value: Any) -> Any:
    """Write a row of an array whose rows are sixteen elements of 32 bits long; masks as -1 and 0."""
    if not isinstance(array, types.Array) or value not in (REALS, WHOLES, MASK):
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, content = _data(context, builder, signature.args[0], arguments[0]), arguments[2]
        if value is MASK:
            content = builder.sext(content, WHOLE)
        builder.store(content, _place(builder, start, arguments[1], content.type), align=4)
        return context.get_dummy_value()

    return types.void(array, types.int64, value), codegen


@_intrinsic
def gather(_typing: Any, array: Any, index: Any) -> Any:
    """Elements of a contiguous array, as it lies in memory, at whole numbers; bytes and int64 become int32."""
    if index is not WHOLES or not isinstance(array, types.Array):
        return None
    lanes = REALS if array.dtype is types.float32 else WHOLES

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = _data(context, builder, signature.args[0], arguments[0])
        result = ir.Constant(lanes.vector, ir.Undefined)
        for lane in range(LANES):
            at = builder.zext(builder.extract_element(arguments[1], ir.Constant(I32, lane)), ir.IntType(64))
            element = builder.load(builder.gep(start, [at]))
            element = element if lanes is REALS else narrow(builder, element)
            result = builder.insert_element(result, element, ir.Constant(I32, lane))
        return result

    return lanes(array, index), codegen


@_intrinsic
def _element(_typing: Any, array: Any, index: Any) -> Any:
    """What :func:`gather` finds for the first lane, in all of them."""
    if index is not WHOLES or not isinstance(array, types.Array):
        return None
    lanes = REALS if array.dtype is types.float32 else WHOLES

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = _data(context, builder, signature.args[0], arguments[0])
        at = builder.zext(builder.extract_element(arguments[1], ir.Constant(I32, 0)), ir.IntType(64))
        element = builder.load(builder.gep(start, [at]))
        return splat(builder, element if lanes is REALS else narrow(builder, element), lanes.vector)

    return lanes(array, index), codegen


@_intrinsic
def same(_typing: Any, index: Any) -> Any:
    """Whether all lanes of whole numbers are equal."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        first = splat(builder, builder.extract_element(arguments[0], ir.Constant(I32, 0)), WHOLE)
        word = builder.bitcast(builder.icmp_signed("==", arguments[0], first), ir.IntType(LANES))
        return builder.icmp_unsigned("==", word, ir.Constant(word.type, (1 << LANES) - 1))

    return (types.boolean(WHOLES), codegen) if index is WHOLES else None


@inlined
def fetch(array: Any, index: Any, one: bool) -> Any:
    """As :func:`gather`; ``one`` says that all lanes want the same (:func:`same`), which takes one look instead of
    sixteen: neighbouring rays often do."""
    return _element(array, index) if one else gather(array, index)


@inlined
def fetch4(array: Any, index: Any, one: bool) -> Any:
    """As :func:`gather4`, with ``one`` as for :func:`fetch`."""
    if one:
        at = index * 4
        return _element(array, at), _element(array, at + 1), _element(array, at + 2), _element(array, at + 3)
    return gather4(array, index)


@_intrinsic
def gather4(_typing: Any, array: Any, index: Any) -> Any:
    """Rows of an array (N, 4) of float32 or uint32 at whole numbers: its four columns as lanes."""
    if index is not WHOLES or not isinstance(array, types.Array):
        return None
    lanes = REALS if array.dtype is types.float32 else WHOLES
    quad = ir.VectorType(lanes.vector.element, 4)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = builder.bitcast(_data(context, builder, signature.args[0], arguments[0]), quad.as_pointer())
        rows = []
        for lane in range(LANES):
            at = builder.zext(builder.extract_element(arguments[1], ir.Constant(I32, lane)), ir.IntType(64))
            rows.append(builder.load(builder.gep(start, [at]), align=4))
        return context.make_tuple(builder, signature.return_type, _turned(builder, rows))

    return types.UniTuple(lanes, 4)(array, index), codegen


@_intrinsic
def gather3(_typing: Any, array: Any, index: Any) -> Any:
    """Rows of three float32 or int32 of an array, as it lies in memory, at whole numbers: their columns as lanes."""
    if index is not WHOLES or not isinstance(array, types.Array) or array.dtype not in (types.float32, types.int32):
        return None
    lanes = REALS if array.dtype is types.float32 else WHOLES
    pair = ir.VectorType(lanes.vector.element, 2)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, wide = _data(context, builder, signature.args[0], arguments[0]), ir.IntType(64)
        rows = []
        for lane in range(LANES):
            at = builder.zext(builder.extract_element(arguments[1], ir.Constant(I32, lane)), wide)
            place = builder.gep(start, [builder.mul(at, ir.Constant(wide, 3))])
            two = builder.load(builder.bitcast(place, pair.as_pointer()), align=4)
            third = builder.load(builder.gep(place, [ir.Constant(wide, 2)]))
            rows.append(builder.insert_element(_picked(builder, two, two, [0, 1, 0, 1]), third, ir.Constant(I32, 2)))
        return context.make_tuple(builder, signature.return_type, _turned(builder, rows)[:3])

    return types.UniTuple(lanes, 3)(array, index), codegen


@_intrinsic
def scatter(_typing: Any, array: Any, index: Any, values: Any) -> Any:
    """Write lanes to elements of a float32, int32 or uint8 array, as it lies in memory, at whole numbers, in turn;
    bytes are the lowest of int32."""
    if index is not WHOLES or not isinstance(array, types.Array) or values not in (REALS, WHOLES):
        return None
    if array.dtype not in ((types.float32,) if values is REALS else (types.int32, types.uint8)):
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, content = _data(context, builder, signature.args[0], arguments[0]), arguments[2]
        if array.dtype is types.uint8:
            content = builder.trunc(content, ir.VectorType(ir.IntType(8), LANES))
        for lane in range(LANES):
            at = builder.zext(builder.extract_element(arguments[1], ir.Constant(I32, lane)), ir.IntType(64))
            builder.store(builder.extract_element(content, ir.Constant(I32, lane)), builder.gep(start, [at]))
        return context.get_dummy_value()

    return types.void(array, index, values), codegen


@_intrinsic
def put_turned(_typing: Any, array: Any, first: Any, stride: Any, block: Any, line: Any) -> Any:
    """Write sixteen rows of sixteen elements as columns: lane after lane, ``stride`` elements from one to the next.

    Args:
        array: float32, int32 or, of which it takes the lowest byte, uint8, as it lies in memory.
        first: the element that lane 0 of the first row goes to.
        block: float32 scratch memory with rows of sixteen; line: the first of them.
    """
    if not isinstance(array, types.Array) or array.dtype not in (types.float32, types.int32, types.uint8):
        return None
    lanes = REALS if array.dtype is types.float32 else WHOLES

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, source = (_data(context, builder, signature.args[k], arguments[k]) for k in (0, 3))
        rows = []
        for number in range(LANES):
            place = builder.add(arguments[4], ir.Constant(ir.IntType(64), number))
            rows.append(builder.load(_place(builder, source, place, lanes.vector), align=4))
        half = LANES // 2
        low = [k for place in range(half) for k in (place, LANES + place)]
        high = [k + half for k in low]
        for _ in range(4):  # each time rows that lie half of all apart are shuffled like two halves of a pack of cards
            pairs = [(rows[k], rows[k + half]) for k in range(half)]
            rows = [_picked(builder, a, b, places) for a, b in pairs for places in (low, high)]
        for number, content in enumerate(rows):
            at = builder.add(arguments[1], builder.mul(arguments[2], ir.Constant(ir.IntType(64), number)))
            if array.dtype is types.uint8:
                content = builder.trunc(content, ir.VectorType(ir.IntType(8), LANES))
            place = builder.bitcast(builder.gep(start, [at]), content.type.as_pointer())
            builder.store(content, place, align=1 if array.dtype is types.uint8 else 4)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, block, types.int64), codegen


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """Sixteen rows of four elements as four columns of sixteen."""
    while len(rows) > 4:  # put end to end: four vectors of four rows each
        rows = [_joined(builder, a, b) for a, b in zip(rows[::2], rows[1::2], strict=True)]
    columns = []
    for column in range(4):
        pick = [4 * k + column for k in range(4)]
        left = _picked(builder, rows[0], rows[1], [*pick, *(LANES + k for k in pick)])
        right = _picked(builder, rows[2], rows[3], [*pick, *(LANES + k for k in pick)])
        columns.append(_joined(builder, left, right))
    return columns


def _picked(builder: Any, a: Any, b: Any, places: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, len(places)), places))


def _joined(builder: Any, a: Any, b: Any) -> Any:
    """Two vectors end to end."""
    return _picked(builder, a, b, list(range(2 * a.type.count)))


@_intrinsic
def apart(_typing: Any, array: Any, first: Any) -> Any:
    """Sixteen rows of three float32 from element ``first`` of an array on, as it lies in memory: their columns."""
    if not isinstance(array, types.Array) or array.dtype is not types.float32:
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = builder.gep(_data(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        start = builder.bitcast(start, REAL.as_pointer())
        a, b, c = (builder.load(builder.gep(start, [ir.Constant(ir.IntType(64), part)]), align=4) for part in range(3))
        columns = []
        for column in range(3):
            places = [3 * lane + column for lane in range(LANES)]
            early = _picked(builder, a, b, [place if place < 2 * LANES else 0 for place in places])
            late = [place - LANES if place >= 2 * LANES else lane for lane, place in enumerate(places)]
            columns.append(_picked(builder, early, c, late))
        return context.make_tuple(builder, signature.return_type, columns)

    return types.UniTuple(REALS, 3)(array, types.int64), codegen


@_intrinsic
def put_bytes(_typing: Any, array: Any, first: Any, values: Any) -> Any:
    """Write sixteen rows of three bytes from element ``first`` of a uint8 array on; three whole numbers of lanes."""
    if not isinstance(array, types.Array) or array.dtype is not types.uint8 or values != types.UniTuple(WHOLES, 3):
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        narrow = ir.VectorType(ir.IntType(8), LANES)
        a, b, c = (builder.trunc(part, narrow) for part in cgutils.unpack_tuple(builder, arguments[2]))
        pair, third = _joined(builder, a, b), _joined(builder, c, c)
        order = [k for lane in range(LANES) for k in (lane, lane + LANES, lane + 2 * LANES)]
        rows = _picked(builder, pair, third, order)
        start = builder.gep(_data(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        builder.store(rows, builder.bitcast(start, rows.type.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, values), codegen


@_intrinsic
def put_tile(_typing: Any, array: Any, first: Any, stride: Any, values: Any) -> Any:
    """Write a tile of 4 x 4 pixels of an image that lies in memory row after row.

    Args:
        array: (P,) float32, int32 or uint8; or (P, 3) float32; first: the upper left pixel; stride: pixels of a row.
        values: lanes, row by row; or three of them, for the last axis.
    """
    several = isinstance(values, types.UniTuple)
    if not isinstance(array, types.Array) or (values.dtype if several else values) not in (REALS, WHOLES):
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = _data(context, builder, signature.args[0], arguments[0])
        content = arguments[3]
        parts = cgutils.unpack_tuple(builder, content) if several else [content]
        depth = len(parts)
        for line in range(4):
            at = builder.add(arguments[1], builder.mul(arguments[2], ir.Constant(ir.IntType(64), line)))
            at = builder.mul(at, ir.Constant(ir.IntType(64), depth))
            four = list(range(4 * line, 4 * line + 4))
            if several:
                pair = _picked(builder, parts[0], parts[1], [place + LANES * part for place in four for part in (0, 1)])
                third = _picked(builder, parts[2], parts[2], [*four, *four])
                row_of = _picked(builder, pair, third, [k for n in range(4) for k in (2 * n, 2 * n + 1, 8 + n)])
            else:
                row_of = _picked(builder, content, content, four)
            if array.dtype is types.uint8:
                row_of = builder.trunc(row_of, ir.VectorType(ir.IntType(8), 4))
            place = builder.bitcast(builder.gep(start, [at]), row_of.type.as_pointer())
            builder.store(row_of, place, align=1 if array.dtype is types.uint8 else 4)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, values), codegen
