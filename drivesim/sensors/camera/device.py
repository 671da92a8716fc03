"""What a camera is: its pinhole geometry, its exposure and how carefully its picture is made."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from drivesim.sensors.located import Strict


class CameraDevice(Strict):
    """A pinhole camera with square or oblong pixels; pixel centres lie at integer coordinates plus one half."""

    kind: Literal["camera"] = Field(description="'camera'")
    name: str = Field(description="manufacturer and model")
    width: int = Field(ge=8, le=8192, description="image width, pixels")
    height: int = Field(ge=8, le=8192, description="image height, pixels")
    fx: float = Field(gt=0, description="focal length, pixels")
    fy: float = Field(gt=0, description="focal length in y, pixels")
    cx: float = Field(description="principal point, pixels from the left edge")
    cy: float = Field(description="principal point, pixels from the top edge")
    exposure: float | None = Field(
        default=None,
        gt=0,
        description="fixed exposure: luminance in cd/m2 that becomes middle grey; automatic if absent",
    )
    exposure_bias: float = Field(default=0.0, ge=-8, le=8, description="brighter (+) or darker (-) than metered, stops")
    vignetting: float = Field(default=0.35, ge=0, le=1, description="share of the natural cos^4 fall-off that remains")
    noise: float = Field(default=1.0, ge=0, le=10, description="sensor noise, 1 is a small automotive imager, 0 none")
    antialiasing: Literal[1, 4] = Field(default=4, description="rays per pixel at edges; labels always take one")
    ambient_occlusion: bool = Field(default=True, description="whether nearby surfaces shade skylight")
    reflections: bool = Field(default=True, description="whether glass, paint and wet roads mirror the scene")
    readout_ms: float = Field(
        default=0.0, ge=0, le=100, description="rolling shutter: time from the first to the last row; 0 is global"
    )

    @model_validator(mode="after")
    def _looks_at_something(self) -> CameraDevice:
        if not (0.0 <= self.cx <= self.width and 0.0 <= self.cy <= self.height):
            raise ValueError("the principal point (cx, cy) lies outside the image")
        return self

    @property
    def intrinsic(self) -> NDArray[np.float64]:
        """(3, 3) pinhole matrix."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])
