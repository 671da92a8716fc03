"""Stature and age.

Median stature for age: CDC growth charts 2000 (Kuczmarski et al. 2002, Vital Health Stat 11(246)), boys and girls. What
the old lose: Sorkin, Muller & Andres 1999 (Am J Epidemiol 150:969), from 30 to 70 years 3 cm (men) and 5 cm (women),
to 80 years 5 cm and 8 cm.
"""

from __future__ import annotations

import numpy as np

from drivesim.taxonomy import CHILD_STATURE_LIMIT

AGE = np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20], dtype=np.float64)
BOYS = np.array(
    [0.865, 0.953, 1.025, 1.092, 1.157, 1.220, 1.281, 1.337, 1.388, 1.437, 1.493, 1.564, 1.641, 1.701, 1.736, 1.753,
     1.761, 1.769]
)  # fmt: skip
GIRLS = np.array(
    [0.850, 0.942, 1.010, 1.079, 1.150, 1.218, 1.278, 1.331, 1.384, 1.445, 1.515, 1.573, 1.604, 1.619, 1.625, 1.629,
     1.631, 1.633]
)  # fmt: skip
"""Metres at :data:`AGE`."""


_OLD = np.array([30.0, 70.0, 80.0])
_MEN_LOSE, _WOMEN_LOSE = np.array([0.0, 0.03, 0.05]), np.array([0.0, 0.05, 0.08])


def median_stature(age: float, female: float) -> float:
    """Metres at ``age`` years; ``female`` 0 boys and men .. 1 girls and women."""
    lost = np.interp(age, _OLD, _MEN_LOSE + female * (_WOMEN_LOSE - _MEN_LOSE))
    return float(np.interp(age, AGE, BOYS + female * (GIRLS - BOYS)) - lost)


def age_of_stature(stature: float, female: float) -> float:
    """Years at which ``stature`` metres is the median."""
    return float(np.interp(stature, BOYS + female * (GIRLS - BOYS), AGE))


def is_child(stature: float) -> bool:
    """Whether someone of whom only the stature is known counts as a child (the rule of the labels)."""
    return stature < CHILD_STATURE_LIMIT
