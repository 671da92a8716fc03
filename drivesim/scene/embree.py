"""Intel Embree 4 through its C interface: ctypes for set-up, Numba for tracing.

The shared library is the one the ``embreex`` wheel carries. What is used here is the documented interface of Embree 4
(https://github.com/RenderKit/embree, ``include/embree4``); the constants and memory layouts below are those of its
headers. Kernels call the library by address: addresses and handles travel as ``int64`` so that Numba can cache compiled
kernels across processes.

A ray packet is a 64-byte aligned float32 block of shape (ROWS, 16): one row per field, one column per ray ("lane").
Rows that hold integers (MASK, RAY_ID, FLAGS, PRIM_ID, GEOM_ID, INST_ID) are read and written through
``packet.view(np.int32)``.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from drivesim.errors import DrivesimError

LANES = 16
"""Rays per packet."""

# Rows of RTCRayHit16 with one level of instancing; spare rows for builds that add instPrimID.
ORG_X, ORG_Y, ORG_Z, T_NEAR, DIR_X, DIR_Y, DIR_Z, TIME, T_FAR, MASK, RAY_ID, FLAGS = range(12)
NG_X, NG_Y, NG_Z, HIT_U, HIT_V, PRIM_ID, GEOM_ID, INST_ID = range(12, 20)
ROWS = 24

NO_HIT = -1
"""``GEOM_ID`` of a lane that hit nothing (RTC_INVALID_GEOMETRY_ID as int32)."""
LEAST_SLOPE: Any = np.float32(1e-9)
"""No component of a direction in a coherent packet may be nearer to zero: where one ray has less than
1e-18 of it, its neighbours lose hits (Embree 4.4; rays along an axis, rounded)."""

# enum RTCFormat, RTCBufferType, RTCGeometryType, RTCBuildQuality, RTCSceneFlags, RTCDeviceProperty, RTCRayQueryFlags
_FLOAT3, _UINT3, _FLOAT3X4_ROW_MAJOR = 0x9003, 0x5003, 0x9134
_INDEX, _VERTEX = 0, 1
_TRIANGLE, _INSTANCE = 0, 121
_QUALITY_LOW, _QUALITY_MEDIUM, _QUALITY_HIGH, _QUALITY_REFIT = range(4)
_SCENE_DYNAMIC, _SCENE_COMPACT = 1 << 0, 1 << 1
_VERSION, _VERSION_MAJOR, _RAY_MASK_SUPPORTED = 0, 1, 64
_COHERENT = 1 << 16
MOST_STEPS = 129
"""Time steps of one geometry (RTC_MAX_TIME_STEP_COUNT)."""

_ERRORS = {
    1: "unknown error",
    2: "invalid argument",
    3: "invalid operation",
    4: "out of memory",
    5: "unsupported CPU",
    6: "cancelled",
}
_ERROR_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)


class EmbreeError(DrivesimError):
    """The ray engine refused a call, or its library is missing or of another version."""


_P, _U, _I = ctypes.c_void_p, ctypes.c_uint, ctypes.c_int
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rtcNewDevice": (_P, (ctypes.c_char_p,)),
    "rtcReleaseDevice": (None, (_P,)),
    "rtcGetDeviceProperty": (ctypes.c_ssize_t, (_P, _I)),
    "rtcSetDeviceErrorFunction": (None, (_P, _ERROR_FUNCTION, _P)),
    "rtcNewScene": (_P, (_P,)),
    "rtcReleaseScene": (None, (_P,)),
    "rtcSetSceneFlags": (None, (_P, _I)),
    "rtcSetSceneBuildQuality": (None, (_P, _I)),
    "rtcCommitScene": (None, (_P,)),
    "rtcNewGeometry": (_P, (_P, _I)),
    "rtcReleaseGeometry": (None, (_P,)),
    "rtcCommitGeometry": (None, (_P,)),
    "rtcEnableGeometry": (None, (_P,)),
    "rtcDisableGeometry": (None, (_P,)),
    "rtcAttachGeometryByID": (None, (_P, _P, _U)),
    "rtcSetGeometryBuildQuality": (None, (_P, _I)),
    "rtcSetGeometryMask": (None, (_P, _U)),
    "rtcSetGeometryTimeStepCount": (None, (_P, _U)),
    "rtcSetGeometryTimeRange": (None, (_P, ctypes.c_float, ctypes.c_float)),
    "rtcSetNewGeometryBuffer": (_P, (_P, _I, _U, _I, ctypes.c_size_t, ctypes.c_size_t)),
    "rtcSetSharedGeometryBuffer": (None, (_P, _I, _U, _I, _P, *[ctypes.c_size_t] * 3)),
    "rtcUpdateGeometryBuffer": (None, (_P, _I, _U)),
    "rtcSetGeometryInstancedScene": (None, (_P, _P)),
    "rtcSetGeometryTransform": (None, (_P, _U, _I, _P)),
}


def library_path() -> Path:
    """Where the Embree library of the ``embreex`` wheel is."""
    try:
        import embreex
    except ImportError as error:
        raise EmbreeError("the ray engine's wheel 'embreex' is not installed", remedy="pip install embreex") from error
    package = Path(embreex.__file__).parent
    found = [
        path
        for folder in (package.parent / "embreex.libs", package / ".dylibs", package)
        for path in sorted(folder.glob("libembree4*"))
    ]
    if not found:
        raise EmbreeError(
            "the installed 'embreex' carries no Embree 4 library",
            file=package,
            remedy="pip install --force-reinstall 'embreex>=4.4'",
        )
    return found[0]


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(library_path()))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _address(name: str) -> int:
    return ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value or 0


class Device:
    """An Embree device: makes scenes and geometries, turns Embree's error callback into :class:`EmbreeError`.

    Acceleration structures are built on one thread: the tree, and with it the choice between surfaces at the very same
    distance, then never depends on how many threads the machine has.
    """

    def __init__(self, config: str = "threads=1") -> None:
        self._messages: list[str] = []
        self._library = _library()
        self.handle = self._library.rtcNewDevice(config.encode())
        if not self.handle:
            raise EmbreeError(
                "the ray engine cannot start on this CPU", remedy="Embree 4 needs an x86-64 CPU with SSE2"
            )
        messages = self._messages

        @_ERROR_FUNCTION
        def on_error(_user: Any, code: int, text: bytes | None) -> None:
            messages.append(f"{_ERRORS.get(code, code)}: {(text or b'').decode(errors='replace')}")

        self._on_error = on_error  # Embree keeps only the address
        self._library.rtcSetDeviceErrorFunction(self.handle, on_error, None)
        self._release = weakref.finalize(self, self._library.rtcReleaseDevice, self.handle)
        major = self._library.rtcGetDeviceProperty(self.handle, _VERSION_MAJOR)
        if major != 4:
            raise EmbreeError(f"Embree {major} found where version 4 is needed", remedy="pip install 'embreex>=4.4'")
        if not self._library.rtcGetDeviceProperty(self.handle, _RAY_MASK_SUPPORTED):
            raise EmbreeError("this Embree was built without ray masks", remedy="pip install 'embreex>=4.4'")

    def call(self, name: str, *arguments: Any) -> Any:
        """Call an Embree function; whatever it reported becomes an exception."""
        result = getattr(self._library, name)(*arguments)
        if self._messages:
            text = "; ".join(self._messages)
            self._messages.clear()
            raise EmbreeError(f"{name} failed: {text}")
        return result

    def close(self) -> None:
        self._release()


class _Handle:
    """A reference-counted Embree object, released once, whatever the way out."""

    def __init__(self, device: Device, handle: int, release: Callable[[int], None]) -> None:
        self.device = device
        self.handle = handle
        self._release = weakref.finalize(self, release, handle)

    def close(self) -> None:
        self._release()


class Geometry(_Handle):
    """Triangles (with one or two vertex time steps) or an instance of a scene."""

    def __init__(self, device: Device, kind: int) -> None:
        super().__init__(device, device.call("rtcNewGeometry", device.handle, kind), _library().rtcReleaseGeometry)
        self._steps = 1
        self._shared: list[NDArray[Any]] = []

    @staticmethod
    def triangles(
        device: Device, triangles: NDArray[np.int32], *vertices: NDArray[np.float32], deforming: bool = False,
        in_place: bool = False,
    ) -> Geometry:  # fmt: skip
        """A triangle mesh, copied into Embree's own buffers.

        Args:
            triangles: (T, 3); vertices: one (V, 3) per time step.
            deforming: the vertices will be replaced often: the tree is built once and refitted, which Embree does for
                meshes of one time step only. Its triangles are not copied, but shared with all that are made of the
                same array: shots of a body are refitted in a tenth less time, since that is spent on memory.
            in_place: nothing is copied: nobody writes to the arrays any more, and memory goes on for four bytes or more
                behind the last vertex, because Embree reads vertices sixteen bytes at a time.
        """
        geometry = Geometry(device, _TRIANGLE)
        device.call("rtcSetGeometryBuildQuality", geometry.handle, _QUALITY_REFIT if deforming else _QUALITY_HIGH)
        device.call("rtcSetGeometryMask", geometry.handle, 0xFFFFFFFF)
        device.call("rtcSetGeometryTimeStepCount", geometry.handle, len(vertices))
        geometry._steps = len(vertices)
        if deforming or in_place:
            geometry._share(_INDEX, 0, _UINT3, np.ascontiguousarray(triangles, dtype=np.int32))
        else:
            geometry._new_buffer(_INDEX, 0, _UINT3, np.asarray(triangles, dtype=np.uint32))
        place = geometry._share if in_place else geometry._new_buffer
        geometry.vertex_buffers = tuple(
            place(_VERTEX, step, _FLOAT3, np.asarray(v, dtype=np.float32)) for step, v in enumerate(vertices)
        )
        geometry.commit()
        return geometry

    vertex_buffers: tuple[NDArray[np.float32], ...] = ()
    """Views (V, 3) of Embree's vertex buffers, one per time step; call :meth:`vertices_changed` after writing."""

    @staticmethod
    def instance(device: Device, scene: SceneHandle) -> Geometry:
        geometry = Geometry(device, _INSTANCE)
        geometry.show(scene)
        return geometry

    def show(self, scene: SceneHandle) -> None:
        """Make an instance one of another scene."""
        self.device.call("rtcSetGeometryInstancedScene", self.handle, scene.handle)

    def set_time_range(self, start: float, end: float) -> None:
        """Be there between these ray times only; transforms then are evenly spaced between them."""
        self.device.call("rtcSetGeometryTimeRange", self.handle, start, end)

    def _new_buffer(self, kind: int, slot: int, layout: int, data: NDArray[Any]) -> NDArray[Any]:
        address = self.device.call(
            "rtcSetNewGeometryBuffer", self.handle, kind, slot, layout, data.itemsize * 3, len(data)
        )
        if not len(data):
            return data
        pointer = ctypes.cast(address, ctypes.POINTER(np.ctypeslib.as_ctypes_type(data.dtype)))
        view: NDArray[Any] = np.ctypeslib.as_array(pointer, shape=data.shape)
        view[...] = data
        return view

    def _share(self, kind: int, slot: int, layout: int, data: NDArray[Any]) -> NDArray[Any]:
        self._shared.append(data)  # Embree keeps only the address
        self.device.call(
            "rtcSetSharedGeometryBuffer",
            self.handle, kind, slot, layout, data.ctypes.data, 0, data.strides[0], len(data),
        )  # fmt: skip
        return data

    def vertices_changed(self) -> None:
        for step in range(self._steps):
            self.device.call("rtcUpdateGeometryBuffer", self.handle, _VERTEX, step)
        self.commit()

    def set_transforms(self, matrices: NDArray[np.float32]) -> None:
        """Give an instance its motion: (S, 3, 4) float32, evenly spaced in ray time 0..1; between two of them points go
        straight. Embree's own great arcs do not shrink the body, but cost half a millisecond each to bound."""
        if len(matrices) != self._steps:
            self._steps = len(matrices)
            self.device.call("rtcSetGeometryTimeStepCount", self.handle, self._steps)
        address, length = matrices.ctypes.data, matrices.strides[0]
        for step in range(self._steps):
            self.device.call("rtcSetGeometryTransform", self.handle, step, _FLOAT3X4_ROW_MAJOR, address + step * length)

    def set_mask(self, mask: int) -> None:
        self.device.call("rtcSetGeometryMask", self.handle, mask)

    def enable(self, on: bool) -> None:
        self.device.call("rtcEnableGeometry" if on else "rtcDisableGeometry", self.handle)

    def commit(self) -> None:
        self.device.call("rtcCommitGeometry", self.handle)


class SceneHandle(_Handle):
    """An Embree scene; geometries attached to it stay alive with it.

    Args:
        dynamic: built fast rather than well; compact: its trees hold no copies of vertices. Refitting then takes half
            the time, tracing a fifth to a third more; hits are the same.
        split: triangles are cut where their boxes overlap. Of a town's ground and houses rays to the sun are 8 % faster
            then; of a car's small triangles none are, and its tree takes several times as long to build.
    """

    def __init__(self, device: Device, *, dynamic: bool = False, compact: bool = False, split: bool = False) -> None:
        super().__init__(device, device.call("rtcNewScene", device.handle), _library().rtcReleaseScene)
        self._geometries: list[Geometry] = []
        flags = (_SCENE_DYNAMIC if dynamic else 0) | (_SCENE_COMPACT if compact else 0)
        device.call("rtcSetSceneFlags", self.handle, flags)
        quality = _QUALITY_LOW if dynamic else _QUALITY_HIGH if split else _QUALITY_MEDIUM
        device.call("rtcSetSceneBuildQuality", self.handle, quality)

    def attach(self, geometry: Geometry) -> int:
        """Add a geometry; its id is its position."""
        number = len(self._geometries)
        self.device.call("rtcAttachGeometryByID", self.handle, geometry.handle, number)
        self._geometries.append(geometry)
        return number

    def commit(self) -> None:
        self.device.call("rtcCommitScene", self.handle)

    def close(self) -> None:
        super().close()
        for geometry in self._geometries:
            geometry.close()


def engine_handles(scene: SceneHandle) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """What kernels need to trace: (5,) int64 addresses [intersect16, occluded16, scene, coherent arguments, incoherent
    arguments], and the memory that the last two point into (keep it as long as the addresses)."""
    memory = np.zeros(64 * 3, dtype=np.uint8)
    start = -memory.ctypes.data % 64
    arguments = memory[start : start + 128].view(np.uint32).reshape(2, 16)
    arguments[:, 0] = _COHERENT, 0  # RTCIntersectArguments: flags, feature mask, then null pointers
    arguments[:, 1] = 0xFFFFFFFF
    base = arguments.ctypes.data
    handles = [_address("rtcIntersect16"), _address("rtcOccluded16"), scene.handle, base, base + 64]
    return np.array(handles, dtype=np.int64), memory


def _call_void4_typer(_context: Any, fn: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Call ``void fn(void*, void*, void*, void*)`` at an address; all five are int64."""

    def codegen(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        function = ir.FunctionType(ir.VoidType(), [pointer] * 4).as_pointer()
        target = builder.inttoptr(arguments[0], function)
        builder.call(target, [builder.inttoptr(value, pointer) for value in arguments[1:]])
        return cgutils.get_null_value(ir.IntType(64))

    return types.int64(types.int64, types.int64, types.int64, types.int64, types.int64), codegen


_call_void4: Any = intrinsic(_call_void4_typer)


def motion_functions() -> NDArray[np.int64]:
    """Addresses (3,) for :func:`move_instance`."""
    names = ("rtcSetGeometryTimeStepCount", "rtcSetGeometryTransform", "rtcCommitGeometry")
    return np.array([_address(name) for name in names], dtype=np.int64)


@nb.njit(cache=True)
def move_instance(
    functions: NDArray[np.int64], instance: int, matrices: NDArray[np.float32], count: int, recount: bool
) -> None:
    """What :meth:`Geometry.set_transforms` and ``commit`` do, for kernels.

    Args:
        functions: from :func:`motion_functions`; instance: an instance's handle; matrices: (S, 3, 4) contiguous.
        count: how many of them; recount: whether there were as many before.
    """
    if recount:
        _call_void4(functions[0], instance, count, 0, 0)
    for step in range(count):
        _call_void4(functions[1], instance, step, _FLOAT3X4_ROW_MAJOR, matrices.ctypes.data + 48 * step)
    _call_void4(functions[2], instance, 0, 0, 0)


def refit_functions() -> NDArray[np.int64]:
    """Addresses (3,) for :func:`refit`."""
    names = ("rtcUpdateGeometryBuffer", "rtcCommitGeometry", "rtcCommitScene")
    return np.array([_address(name) for name in names], dtype=np.int64)


@nb.njit(cache=True)
def refit(functions: NDArray[np.int64], geometry: int, scene: int) -> None:
    """What :meth:`Geometry.vertices_changed` and the commit of its scene do, for kernels."""
    _call_void4(functions[0], geometry, _VERTEX, 0, 0)
    _call_void4(functions[1], geometry, 0, 0, 0)
    _call_void4(functions[2], scene, 0, 0, 0)


def _as_pointer_typer(_context: Any, _address: Any) -> Any:
    """An int64 as a pointer to float32."""

    def codegen(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.FloatType().as_pointer())

    return types.CPointer(types.float32)(types.int64), codegen


_as_pointer: Any = intrinsic(_as_pointer_typer)


@nb.njit(cache=True)
def floats_at(address: int, count: int) -> NDArray[np.float32]:
    """The engine's memory (count, 3) float32 at an address, for kernels."""
    return nb.carray(_as_pointer(address), (count, 3))


@nb.njit(cache=True)
def new_packets(count: int) -> NDArray[np.float32]:
    """``count`` packets of scratch memory, (count, ROWS, 16) float32, 64-byte aligned."""
    size = count * ROWS * LANES
    memory = np.zeros(size + 16, dtype=np.float32)
    start = (-(memory.ctypes.data // 4)) % 16
    return memory[start : start + size].reshape(count, ROWS, LANES)


@nb.njit(cache=True)
def new_valid() -> NDArray[np.int32]:
    """A lane mask, (16,) int32, 64-byte aligned, all lanes on (-1)."""
    memory = np.full(32, -1, dtype=np.int32)
    start = (-(memory.ctypes.data // 4)) % 16
    return memory[start : start + 16]


@nb.njit(cache=True, inline="always")
def intersect16(
    handles: NDArray[np.int64], valid: NDArray[np.int32], packet: NDArray[np.float32], coherent: bool
) -> None:
    """Trace one packet to the nearest hits.

    Args:
        handles: from :func:`engine_handles`; valid: (16,) int32, -1 where a lane is on; packet: (ROWS, 16).
        coherent: the rays are neighbours (pixels of a tile, rays to one light): several times faster.

    Before: rows ORG..FLAGS are set and ``GEOM_ID`` (as int32) is ``NO_HIT``. After: ``T_FAR``, ``NG``, ``HIT_U``,
    ``HIT_V``, ``PRIM_ID``, ``GEOM_ID``, ``INST_ID`` of lanes that hit.
    """
    _call_void4(handles[0], valid.ctypes.data, handles[2], packet.ctypes.data, handles[3] if coherent else handles[4])


@nb.njit(cache=True, inline="always")
def occluded16(
    handles: NDArray[np.int64], valid: NDArray[np.int32], packet: NDArray[np.float32], coherent: bool
) -> None:
    """Trace one packet to any hit; afterwards ``T_FAR`` is negative in lanes that are occluded."""
    _call_void4(handles[1], valid.ctypes.data, handles[2], packet.ctypes.data, handles[3] if coherent else handles[4])


def version() -> str:
    """What ray engine is in use, for people."""
    device = Device()
    number = int(_library().rtcGetDeviceProperty(device.handle, _VERSION))
    device.close()
    return f"Embree {number // 10000}.{number // 100 % 100}.{number % 100}"
