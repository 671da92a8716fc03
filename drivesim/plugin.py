"""Lets ``gymnasium.make("drivesim/...")`` find the environments where nobody imported drivesim.

Gymnasium called the entry points of installed packages (group ``gymnasium.envs``) until 1.0, and does so no longer.
``drivesim.pth``, beside the package, imports this module when Python starts: it waits for gymnasium's registry to be
imported and then adds drivesim's environments. Programs without gymnasium never notice.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

REGISTRY = "gymnasium.envs"


class _Registering:
    """Loads gymnasium's environments as their own loader does, then adds drivesim's."""

    def __init__(self, own: Loader) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        from importlib import import_module

        self._own.exec_module(module)
        if "drivesim.envs" not in sys.modules:  # which registers by itself, and may be what imports gymnasium
            import_module("drivesim.envs")


class _Waiting:
    """A finder of modules that finds none but changes the loader of gymnasium's registry, once."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != REGISTRY:
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Registering(spec.loader)  # type: ignore[assignment]
        return spec


if REGISTRY not in sys.modules and not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
    sys.meta_path.insert(0, _Waiting())
