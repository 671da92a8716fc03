"""``drivesim doctor``: is everything here that drivesim needs?"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
from collections.abc import Callable

from rich.markup import escape

from drivesim.cli.terminal import terminal


def doctor_command() -> int:
    """Print one line per check; 1 if something drivesim cannot do without is missing."""
    console = terminal()
    console.print(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    broken = 0
    for name, check, needed, remedy in CHECKS:
        try:
            found = check()
        except Exception as error:
            broken += needed
            sign = "[bold red]✗[/]" if needed else "[yellow]–[/]"
            console.print(f"{sign} {name}: {escape(str(error) or type(error).__name__)}\n    mend it: {escape(remedy)}")
        else:
            console.print(f"[bold green]✓[/] {name}: {escape(found)}")
    return 1 if broken else 0


def _embree() -> str:
    from drivesim.scene.embree import version

    return version()


def _kernels() -> str:
    from drivesim.streams import uniform01

    uniform01(1, 2, 3)
    numba = importlib.import_module("numba")
    return f"Numba {numba.__version__}, {numba.config.NUMBA_NUM_THREADS} threads"


def _video() -> str:
    av = importlib.import_module("av")
    av.codec.Codec("libx264", "w")
    return f"PyAV {av.__version__} with H.264"


def _images() -> str:
    cv2 = importlib.import_module("cv2")
    return f"OpenCV {cv2.__version__}"


def _content() -> str:
    from drivesim import content

    counts = [f"{len(content.available(kind))} {kind}" for kind in content.KINDS]
    if any(count.startswith("0 ") for count in counts):
        raise RuntimeError(f"shipped content is incomplete: {', '.join(counts)}")
    return ", ".join(counts)


def _open3d() -> str:
    importlib.import_module("libusb_package")
    return f"Open3D {importlib.metadata.version('open3d-cpu')}"


def _installed(*distributions: str) -> Callable[[], str]:
    """A check that packages of an extra are there."""
    return lambda: ", ".join(f"{name} {importlib.metadata.version(name)}" for name in distributions)


CHECKS: tuple[tuple[str, Callable[[], str], bool, str], ...] = (
    ("Embree", _embree, True, "pip install --force-reinstall embreex"),
    ("kernels", _kernels, True, "pip install --force-reinstall numba"),
    ("images", _images, True, "pip install --force-reinstall opencv-python-headless"),
    ("video", _video, True, "pip install --force-reinstall av"),
    ("content", _content, True, "pip install --force-reinstall drivesim"),
    ("studies (optional)", _installed("pyarrow", "plotly", "onnxruntime"), False, "pip install 'drivesim[studies]'"),
    ("Ray clusters (optional)", _installed("ray"), False, "pip install 'drivesim[ray]'"),
    ("search by optimisers (optional)", _installed("cmaes", "optuna"), False, "pip install 'drivesim[search]'"),
    ("learning (optional)", _installed("torch"), False, "pip install 'drivesim[torch]'"),
    ("benchmark peer (optional)", _open3d, False, "pip install 'drivesim[bench]'"),
)
"""Name, check (returns what was found, raises when missing), whether drivesim needs it, and how to mend it."""
