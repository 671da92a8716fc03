"""What a camera is: its pixels and where they look."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from drivesim.sensors.located import Strict


class CameraDevice(Strict):
    """A rectified (pinhole) camera; pixel (0, 0) is centred on image coordinates (0, 0), as in OpenCV."""

    kind: Literal["camera"] = Field(description="'camera'")
    name: str = Field(description="manufacturer and model, or what it is")
    width: int = Field(ge=8, le=16384, description="image width, pixels")
    height: int = Field(ge=8, le=16384, description="image height, pixels")
    fx: float = Field(gt=0, description="horizontal focal length, pixels")
    fy: float = Field(gt=0, description="vertical focal length, pixels")
    cx: float = Field(description="column of the optical axis, pixels")
    cy: float = Field(description="row of the optical axis, pixels")

    @property
    def intrinsic(self) -> NDArray[np.float64]:
        """(3, 3) pinhole matrix."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])
