"""AnimationAction: how far doors and gestures have come, for whoever draws them."""

from __future__ import annotations

from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model.animation import AnimationAction, ComponentAnimation, PedestrianAnimation
from drivesim.openscenario.motion import Motion


class Animate(Running):
    """Moves one animation from where it is to its state, evenly over its duration; a loop begins again.

    Pedestrians' motions and gestures go on until another takes their place (annex A: "no regular ending").
    """

    def __init__(self, action: AnimationAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        pedestrian = isinstance(action.animation, PedestrianAnimation)
        self._key = motion.actor.name, "pedestrian" if pedestrian else action.subject
        self.domains = (f"animation of {self._key[1]}",)
        self._endless = pedestrian or action.loop
        self._lasts = action.animation_duration or 0.0
        self._loop = action.loop
        known = self.cast.animations.get(self._key)
        keeps = known is not None and isinstance(action.animation, ComponentAnimation) and not action.loop
        self._start = known.state if known is not None and keeps else 0.0
        self._goal = action.animation_state.state if action.animation_state else 1.0
        self._subject, self._elapsed = action.subject, 0.0
        self._show()

    def step(self, dt: float) -> None:
        self._elapsed += dt
        if self._loop and self._lasts > 0.0:
            self._elapsed %= self._lasts
        self._show()

    def _show(self) -> None:
        share = min(self._elapsed / self._lasts, 1.0) if self._lasts > 0.0 else 1.0
        state = self._start + (self._goal - self._start) * share
        self.cast.animate(self._key, self._subject, state)
        self.done = not self._endless and self._elapsed >= self._lasts - 1e-9
