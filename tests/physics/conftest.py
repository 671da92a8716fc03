"""Rows of the sensor goal table, one test each, named by the row."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sensors"))
