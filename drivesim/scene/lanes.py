"""Sixteen numbers at a time: vectors for Numba kernels, one lane per ray of a packet.

Numba compiles ``nx * dx + ny * dy + nz * dz`` over values of these types to vector instructions, whatever the width the
processor has, without loops, scratch memory or the chance that a loop is not vectorised. There are three types: real
numbers (float32), whole numbers (int32) and masks (bool). A plain float32 or integer beside a vector counts for all
lanes; a float64 (a literal such as ``0.5``) is refused, so nothing is promoted by accident. Every operation rounds as
the same one on plain float32 does.

None of this exists outside of compiled functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numba as nb
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

LANES = 16

_F32, _I32, _BIT = ir.FloatType(), ir.IntType(32), ir.IntType(1)
_REAL, _WHOLE, _MASK = (ir.VectorType(element, LANES) for element in (_F32, _I32, _BIT))


class _Lanes(types.Type):
    """Sixteen numbers of one kind."""

    vector: ir.VectorType


class Reals(_Lanes):
    """Sixteen float32."""

    vector = _REAL


class Wholes(_Lanes):
    """Sixteen int32, wrapping; ``>>`` shifts zeros in."""

    vector = _WHOLE


class Mask(_Lanes):
    """Sixteen truth values."""

    vector = _MASK


REALS, WHOLES, MASK = Reals("float32 lanes"), Wholes("int32 lanes"), Mask("bool lanes")


class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.vector)


for _kind in (Reals, Wholes, Mask):
    register_model(_kind)(_Model)


def _splat(builder: Any, value: Any, vector: ir.VectorType) -> Any:
    """A scalar in all lanes."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(_I32, 0))
    same = ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), same)


def _is(kind: Any, lanes: Any) -> bool:
    """Whether an argument's type can stand for these lanes."""
    if kind is lanes:
        return True
    scalar = types.Float if lanes is REALS else types.Integer if lanes is WHOLES else types.Boolean
    return isinstance(kind, scalar) and kind is not types.float64


def _common(a: Any, b: Any, *among: Any) -> Any:
    """The lanes that two operands mean together; None where that is none or where neither is lanes."""
    for lanes in among:
        if lanes in (a, b) and _is(a, lanes) and _is(b, lanes):
            return lanes
    return None


def _as(builder: Any, value: Any, kind: Any, lanes: Any) -> Any:
    """An argument as lanes."""
    if kind is lanes:
        return value
    if lanes is WHOLES:
        value = _narrow(builder, value)
    elif lanes is MASK and value.type != _BIT:
        value = builder.trunc(value, _BIT)
    return _splat(builder, value, lanes.vector)


def _narrow(builder: Any, value: Any) -> Any:
    """An integer as 32 bits; what is shorter is unsigned."""
    if value.type.width == 32:
        return value
    return builder.trunc(value, _I32) if value.type.width > 32 else builder.zext(value, _I32)


def _binary(function: Any, emit: dict[Any, str], result: Any = None) -> None:
    """Teach Numba a two-sided operator for some lanes: the builder's method for each."""

    @type_callable(function)
    def typer(_context: Any) -> Callable[[Any, Any], Any]:
        def kind(a: Any, b: Any) -> Any:
            lanes = _common(a, b, *emit)
            return lanes if lanes is None or result is None else result

        return kind

    def lower(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = _common(*signature.args, *emit)
        a, b = (_as(builder, value, kind, lanes) for value, kind in zip(arguments, signature.args, strict=True))
        method = emit[lanes]
        if method.startswith("fcmp"):
            return builder.fcmp_ordered(method[4:], a, b)
        if method.startswith("icmp"):
            return builder.icmp_signed(method[4:], a, b)
        return getattr(builder, method)(a, b)

    for lanes, scalars in ((Reals, (types.Float,)), (Wholes, (types.Integer,)), (Mask, (types.Boolean,))):
        for other in (lanes, *scalars):
            lower_builtin(function, lanes, other)(lower)
            if other is not lanes:
                lower_builtin(function, other, lanes)(lower)


for _functions, _emit in (
    ((operator.add, operator.iadd), {REALS: "fadd", WHOLES: "add"}),
    ((operator.sub, operator.isub), {REALS: "fsub", WHOLES: "sub"}),
    ((operator.mul, operator.imul), {REALS: "fmul", WHOLES: "mul"}),
    ((operator.truediv, operator.itruediv), {REALS: "fdiv"}),
    ((operator.floordiv,), {WHOLES: "udiv"}),
    ((operator.and_, operator.iand), {WHOLES: "and_", MASK: "and_"}),
    ((operator.or_, operator.ior), {WHOLES: "or_", MASK: "or_"}),
    ((operator.xor,), {WHOLES: "xor", MASK: "xor"}),
    ((operator.lshift,), {WHOLES: "shl"}),
    ((operator.rshift,), {WHOLES: "lshr"}),
):
    for _function in _functions:
        _binary(_function, _emit)
for _function, _sign in (
    (operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="),
    (operator.eq, "=="), (operator.ne, "!="),
):  # fmt: skip
    _binary(_function, {REALS: f"fcmp{_sign}", WHOLES: f"icmp{_sign}"}, MASK)


def _unary(function: Any, emit: dict[Any, str]) -> None:
    @type_callable(function)
    def typer(_context: Any) -> Callable[[Any], Any]:
        return lambda a: a if a in emit else None

    def lower(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return getattr(builder, emit[signature.args[0]])(arguments[0])

    for lanes in emit:
        lower_builtin(function, type(lanes))(lower)


_unary(operator.neg, {REALS: "fneg", WHOLES: "neg"})
_unary(operator.invert, {WHOLES: "not_", MASK: "not_"})


def _intrinsic(work: Any) -> Any:
    """As Numba's, for mypy."""
    return intrinsic(work)


def _math(name: str) -> Any:
    """A function of real lanes that LLVM has."""

    def work(_typing: Any, x: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(_REAL, [_REAL])
            function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f32")
            return builder.call(function, arguments)

        return (REALS(REALS), codegen) if x is REALS else None

    work.__name__ = name
    return intrinsic(work)


sqrt, floor, absolute = _math("sqrt"), _math("floor"), _math("fabs")


@_intrinsic
def where(_typing: Any, mask: Any, a: Any, b: Any) -> Any:
    """Of each lane ``a`` where ``mask`` is true, else ``b``; either may be a scalar."""
    lanes = next((lanes for lanes in (REALS, WHOLES, MASK) if _is(a, lanes) and _is(b, lanes)), None)
    if mask is not MASK or lanes is None:
        return None

    def codegen(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b = (_as(builder, value, kind, lanes) for value, kind in zip(arguments[1:], signature.args[1:], strict=True))
        return builder.select(arguments[0], a, b)

    return lanes(mask, a, b), codegen


def _either(sign: str) -> Any:
    """Codegen of the greater or the smaller of two; the first where they do not compare, as Python's max and min."""

    def work(_typing: Any, a: Any, b: Any) -> Any:
        lanes = _common(a, b, REALS, WHOLES)
        if lanes is None:
            return None

        def codegen(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            a, b = (_as(builder, value, kind, lanes) for value, kind in zip(arguments, signature.args, strict=True))
            compare = builder.fcmp_ordered if lanes is REALS else builder.icmp_signed
            return builder.select(compare(sign, b, a), b, a)

        return lanes(a, b), codegen

    work.__name__ = "highest" if sign == ">" else "lowest"
    return intrinsic(work)


highest, lowest = _either(">"), _either("<")


def _conversion(name: str, source: Any, target: Any, emit: str) -> Any:
    def work(_typing: Any, x: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, emit)(arguments[0], target.vector)

        return (target(source), codegen) if x is source else None

    work.__name__ = name
    return intrinsic(work)


whole = _conversion("whole", REALS, WHOLES, "fptosi")
"""Real numbers without their fraction."""
real = _conversion("real", WHOLES, REALS, "sitofp")
"""Whole numbers as real ones."""
bits = _conversion("bits", REALS, WHOLES, "bitcast")
"""The memory of real numbers."""


@_intrinsic
def spread(_typing: Any, x: Any) -> Any:
    """A float32 or an integer in all lanes."""
    lanes = REALS if x is types.float32 else WHOLES if isinstance(x, types.Integer) else None
    if lanes is None:
        return None

    def codegen(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _as(builder, arguments[0], signature.args[0], lanes)

    return lanes(x), codegen


def _over_all(name: str, all_of_them: bool) -> Any:
    def work(_typing: Any, mask: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            word = builder.bitcast(arguments[0], ir.IntType(LANES))
            if all_of_them:
                return builder.icmp_unsigned("==", word, ir.Constant(word.type, (1 << LANES) - 1))
            return builder.icmp_unsigned("!=", word, ir.Constant(word.type, 0))

        return (types.boolean(MASK), codegen) if mask is MASK else None

    work.__name__ = name
    return intrinsic(work)


any_of, all_of = _over_all("any_of", False), _over_all("all_of", True)


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
    """Sixteen elements of a float32 array, as it lies in memory, from ``first`` on."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = builder.gep(_data(context, builder, signature.args[0], arguments[0]), [arguments[1]])
        return builder.load(builder.bitcast(start, _REAL.as_pointer()), align=4)

    is_array = isinstance(array, types.Array) and array.dtype is types.float32
    return (REALS(array, types.int64), codegen) if is_array else None


@_intrinsic
def put(_typing: Any, array: Any, number: Any, value: Any) -> Any:
    """Write a row of an array whose rows are sixteen elements of 32 bits long; masks as -1 and 0."""
    if not isinstance(array, types.Array) or value not in (REALS, WHOLES, MASK):
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, content = _data(context, builder, signature.args[0], arguments[0]), arguments[2]
        if value is MASK:
            content = builder.sext(content, _WHOLE)
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
            at = builder.zext(builder.extract_element(arguments[1], ir.Constant(_I32, lane)), ir.IntType(64))
            element = builder.load(builder.gep(start, [at]))
            element = element if lanes is REALS else _narrow(builder, element)
            result = builder.insert_element(result, element, ir.Constant(_I32, lane))
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
        at = builder.zext(builder.extract_element(arguments[1], ir.Constant(_I32, 0)), ir.IntType(64))
        element = builder.load(builder.gep(start, [at]))
        return _splat(builder, element if lanes is REALS else _narrow(builder, element), lanes.vector)

    return lanes(array, index), codegen


@_intrinsic
def same(_typing: Any, index: Any) -> Any:
    """Whether all lanes of whole numbers are equal."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        first = _splat(builder, builder.extract_element(arguments[0], ir.Constant(_I32, 0)), _WHOLE)
        word = builder.bitcast(builder.icmp_signed("==", arguments[0], first), ir.IntType(LANES))
        return builder.icmp_unsigned("==", word, ir.Constant(word.type, (1 << LANES) - 1))

    return (types.boolean(WHOLES), codegen) if index is WHOLES else None


@nb.njit(error_model="numpy")
def fetch(array: Any, index: Any, one: bool) -> Any:
    """As :func:`gather`; ``one`` says that all lanes want the same (:func:`same`), which takes one look instead of
    sixteen: neighbouring rays often do."""
    return _element(array, index) if one else gather(array, index)


@nb.njit(error_model="numpy")
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
            at = builder.zext(builder.extract_element(arguments[1], ir.Constant(_I32, lane)), ir.IntType(64))
            rows.append(builder.load(builder.gep(start, [at]), align=4))
        while len(rows) > 4:  # put end to end: four vectors of four rows each
            rows = [_joined(builder, a, b) for a, b in zip(rows[::2], rows[1::2], strict=True)]
        columns = []
        for column in range(4):
            pick = [4 * k + column for k in range(4)]
            left = _picked(builder, rows[0], rows[1], [*pick, *(LANES + k for k in pick)])
            right = _picked(builder, rows[2], rows[3], [*pick, *(LANES + k for k in pick)])
            columns.append(_joined(builder, left, right))
        return context.make_tuple(builder, signature.return_type, columns)

    return types.UniTuple(lanes, 4)(array, index), codegen


def _picked(builder: Any, a: Any, b: Any, places: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_I32, len(places)), places))


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
        start = builder.bitcast(start, _REAL.as_pointer())
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
