"""The corpus of other people's scenarios and maps: where it is, what is in it, what its reference player did."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivesim.openscenario.folders import MAPS

SHARED = Path(os.environ.get("DRIVESIM_SHARED") or Path(__file__).resolve().parents[3] / "shared")
CORPUS = SHARED / "corpus"

A_TOLERANCE, B_TOLERANCE, SENSITIVITIES = 0.25, 1.0, 3.0
"""Metres of class A and B, and how many times a reference's own time-step sensitivity is allowed instead."""


def use_maps() -> None:
    """Let LogicFiles that name a map without saying where find it in the corpus."""
    places = ("carla-simulator+map", "BerkeleyLearnVerify+Scenic", "esmini+esmini/resources", "esmini+esmini")
    folders = [CORPUS / place for place in places]
    os.environ[MAPS] = os.pathsep.join(str(folder) for folder in folders)


@dataclass(frozen=True)
class Case:
    """One scenario, or one instance of a distribution, and what is known of it.

    Attributes:
        file: relative to the corpus; of the distribution for an instance.
        instance: number of the instance, None for a plain scenario.
        grade: first letter of the reference's class (A to E), empty where there is no reference.
        sensitivity: of the reference to its time step, m; None where it was not measured.
        end: how the reference run ended.
        esmini: seconds of loading, steps a second, simulated seconds; None where it did not run.
    """

    file: str
    instance: int | None
    reference: Path | None
    grade: str
    sensitivity: float | None
    negative: bool
    end: str
    esmini: tuple[float, float, float] | None = field(default=None)

    @property
    def name(self) -> str:
        return self.file if self.instance is None else f"{self.file} #{self.instance}"

    @property
    def tolerance(self) -> float | None:
        """How far positions may be from the reference, m; None where they are not compared."""
        if self.negative:
            return None
        base = {"A": A_TOLERANCE, "B": B_TOLERANCE}.get(self.grade)
        return None if base is None else max(base, SENSITIVITIES * (self.sensitivity or 0.0))


def cases() -> list[Case]:
    """Every scenario of the corpus and every instance that the reference player played."""
    speed = {row["scenario"]: row for row in _table("esmini_speed.csv")}
    found = []
    for row in _table("manifest.csv"):
        if row["kind"] not in ("scenario", "param-distribution", "unparseable"):
            continue
        names = [name for name in row["esmini_refs"].split() if name] or [""]
        for name in names:
            run = speed.get(name.strip(";,|"))
            found.append(_case(row, name.strip(";,|"), run))
    return found


def _case(row: dict[str, str], name: str, run: dict[str, str] | None) -> Case:
    reference = CORPUS / "esmini_ref" / f"{name}.csv.gz"
    drawn = "PVD:StochasticDistribution" in row["features"]  # which the reference player ignores
    measured = row["dt_max_pos_diff_m"]
    speed = None
    if run and run["step_wall_s"] and float(run["step_wall_s"]) > 0:
        speed = float(run["load_s"]), float(run["steps_per_s"]), float(run["sim_s"])
    return Case(
        file=row["file"],
        instance=int(run["perm"]) if run and run["perm"] else None,
        reference=reference if name and reference.exists() and not drawn else None,
        grade=row["ref_class"][:1] if row["ref_class"] != "none" and not drawn else "",
        sensitivity=float(measured) if measured else None,
        negative=row["negative_test"] == "yes",
        end=run["end"] if run else "",
        esmini=speed,
    )


def _table(name: str) -> list[dict[str, str]]:
    with (CORPUS / name).open(newline="") as handle:
        return list(csv.DictReader(handle))


Poses = NDArray[np.float64]
"""(N, 8): time, x, y, z, yaw, pitch, roll, speed; angles without jumps."""
Track = dict[str, Poses]
"""By entity."""

_COLUMNS = ("time", "x", "y", "z", "h", "p", "r", "speed")


def read_reference(path: Path) -> Track:
    """The trajectories of a reference run; helper twins of the player's own controllers are left out."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    with gzip.open(path, "rt", newline="") as handle:
        for row in csv.DictReader(handle):
            if row.get("ghost", "0") in ("0", ""):
                rows.setdefault(row["entity"], []).append(tuple(float(row[key]) for key in _COLUMNS))
    tracks = {name: np.array(values) for name, values in rows.items()}
    for track in tracks.values():
        track[:, 4:7] = np.unwrap(track[:, 4:7], axis=0)
    return tracks
