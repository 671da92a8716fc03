"""A window on the screen, for render mode ``human``."""

from __future__ import annotations

import os
from typing import Any

import numpy as np


class Window:
    """Opens with the first image; on a machine without a screen it is one in memory.

    Args:
        fps: images a second at most.
    """

    def __init__(self, fps: int) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")):
            os.environ["SDL_VIDEODRIVER"] = "dummy"
        import pygame

        self._pygame: Any = pygame
        self._fps = fps
        self._surface: Any = None
        self._clock = pygame.time.Clock()

    def show(self, image: np.ndarray) -> None:
        """Show an (H, W, 3) uint8 image."""
        pygame = self._pygame
        if self._surface is None:
            pygame.display.init()
            pygame.display.set_caption("drivesim")
            self._surface = pygame.display.set_mode((image.shape[1], image.shape[0]))
        self._surface.blit(pygame.surfarray.make_surface(image.swapaxes(0, 1)), (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self._fps)

    def close(self) -> None:
        if self._surface is not None:
            self._pygame.display.quit()
            self._surface = None
