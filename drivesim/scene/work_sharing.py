"""Work that the threads of a kernel share piece by piece, each taking what nobody took before.

Threads in pairs start at both ends of their share and end where they meet. Dealt out beforehand, one thread had the
trees and another the road, and whoever was held up kept the others waiting. Pieces that lie side by side are mostly one
thread's, as in the picture before, so that its core finds them in its own cache. Who does which must not matter.
"""

from __future__ import annotations

from typing import Any

import numba as nb
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


@nb.njit(inline="always")
def wanted(number: int, thread: int, threads: int, pieces: int) -> int:
    """The piece that one of several threads asks for as its ``number``-th, 0 <= number < pieces: each once."""
    if thread & 1:
        return (pieces * (thread + 1) // threads - 1 - number) % pieces
    return (pieces * thread // threads + number) % pieces


def _take_typer(_typing: Any, taken: Any, piece: Any) -> Any:
    if not isinstance(taken, types.Array) or taken.dtype is not types.int64 or not isinstance(piece, types.Integer):
        return None

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place, there = builder.gep(start, [arguments[1]]), ir.Constant(ir.IntType(64), 1)
        before = builder.atomic_rmw("xchg", place, there, "monotonic")
        return builder.icmp_unsigned("==", before, ir.Constant(before.type, 0))

    return types.boolean(taken, types.int64), codegen


take: Any = intrinsic(_take_typer)
"""``take(taken, piece)``: whether a piece was still to be had; now it is the caller's. ``taken``: (pieces,) int64, that
all threads hold, zeros at first."""
