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

_UNCOUNTED: dict[str, Any] = {"_nrt": False}
"""What Numba's own string functions are compiled with; its types do not know the option."""

inlined: Any = nb.njit(error_model="numpy", forceinline=True, **_UNCOUNTED)
"""Decorates what kernels do with every packet, so that it becomes part of its caller and does not count references to
arrays, which it may not make then. A call that hands on so many arrays costs more than most of what is done with them,
and the counts are atomic: threads that work on the same scene wait for each other."""

F32, I32, _BIT = ir.FloatType(), ir.IntType(32), ir.IntType(1)
REAL, WHOLE, _MASK = (ir.VectorType(element, LANES) for element in (F32, I32, _BIT))


class _Lanes(types.Type):
    """Sixteen numbers of one kind."""

    vector: ir.VectorType


class Reals(_Lanes):
    """Sixteen float32."""

    vector = REAL


class Wholes(_Lanes):
    """Sixteen int32, wrapping; ``>>`` shifts zeros in."""

    vector = WHOLE


class Mask(_Lanes):
    """Sixteen truth values."""

    vector = _MASK


REALS, WHOLES, MASK = Reals("float32 lanes"), Wholes("int32 lanes"), Mask("bool lanes")


class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.vector)


for _kind in (Reals, Wholes, Mask):
    register_model(_kind)(_Model)


def splat(builder: Any, value: Any, vector: ir.VectorType) -> Any:
    """A scalar in all lanes."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(I32, 0))
    same = ir.Constant(ir.VectorType(I32, LANES), [0] * LANES)
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
        value = narrow(builder, value)
    elif lanes is MASK and value.type != _BIT:
        value = builder.trunc(value, _BIT)
    return splat(builder, value, lanes.vector)


def narrow(builder: Any, value: Any) -> Any:
    """An integer as 32 bits; what is shorter is unsigned."""
    if value.type.width == 32:
        return value
    return builder.trunc(value, I32) if value.type.width > 32 else builder.zext(value, I32)


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
            kind = ir.FunctionType(REAL, [REAL])
            function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f32")
            return builder.call(function, arguments)

        return (REALS(REALS), codegen) if x is REALS else None

    work.__name__ = name
    return intrinsic(work)


sqrt, floor, absolute, nearest_whole = _math("sqrt"), _math("floor"), _math("fabs"), _math("rint")


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
