"""Stature and age.

Median stature for age: CDC growth charts 2000 (Kuczmarski et al. 2002, Vital Health Stat 11(246)), boys and girls.
"""

from __future__ import annotations

import numpy as np

from drivesim.taxonomy import CHILD_STATURE_LIMIT

AGE = np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20], dtype=np.float64)
BOYS = 0.01 * np.array(
    [86.5, 95.3, 102.5, 109.2, 115.7, 122.0, 128.1, 133.7, 138.8, 143.7, 149.3, 156.4, 164.1, 170.1, 173.6, 175.3]
    + [176.1, 176.9]
)
GIRLS = 0.01 * np.array(
    [85.0, 94.2, 101.0, 107.9, 115.0, 121.8, 127.8, 133.1, 138.4, 144.5, 151.5, 157.3, 160.4, 161.9, 162.5, 162.9]
    + [163.1, 163.3]
)


def median_stature(age: float, female: float) -> float:
    """Metres at ``age`` years; ``female`` 0 boys .. 1 girls. Constant from 20 years up."""
    return float(np.interp(age, AGE, BOYS + female * (GIRLS - BOYS)))


def age_of_stature(stature: float, female: float) -> float:
    """Years at which ``stature`` metres is the median."""
    return float(np.interp(stature, BOYS + female * (GIRLS - BOYS), AGE))


def is_child(stature: float) -> bool:
    """Whether someone of whom only the stature is known counts as a child (the rule of the labels)."""
    return stature < CHILD_STATURE_LIMIT
