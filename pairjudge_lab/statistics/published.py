"""What can be said of others' figures when only totals were printed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.intervals import Estimate, difference_interval


def published_difference(
    first: float, second: float, problems: int, *, level: float = 0.95
) -> tuple[Estimate, Estimate]:
    """The difference of two accuracies on the same problems, when nothing is known but the totals.

    How sure a paired difference is depends on how many problems only one of the two got right, and
    totals do not say. Their number lies between the difference itself and all that the totals
    allow; the truth lies between these two intervals (Agresti and Min's).

    Parameters
    ----------
    first, second : float
        Accuracies as shares; rounded ones are taken for the nearest count.
    problems : int
        How many both were measured on.

    Returns
    -------
    tuple
        The difference with its narrowest and with its widest interval.

    Raises
    ------
    UserError
        For shares outside 0 to 1, or fewer than two problems.
    """
    if not (0 <= first <= 1 and 0 <= second <= 1):
        raise UserError(f"accuracies are shares between 0 and 1, got {first} and {second}")
    if problems < 2:
        raise UserError(f"a difference needs two problems or more, got {problems}")
    right = round(first * problems), round(second * problems)
    place = np.arange(problems)
    x = (place < right[0]).astype(float)
    # As many as can be are right together, and then as few as can be.
    together = (place < right[1]).astype(float)
    apart = (place >= problems - right[1]).astype(float)
    return (
        difference_interval(x, together, level=level),
        difference_interval(x, apart, level=level),
    )


def printed_alike(percentages: Iterable[float], problems: int, *, decimals: int = 1) -> float:
    """The share of printed percentages that some count out of ``problems`` rounds to.

    Near 1 for the size that a table was made with, and for sizes so large that everything fits
    (Brown and Heathers 2017, the GRIM test). What was averaged over runs need not fit at all.
    """
    step = 0.5 * 10**-decimals + 1e-9
    printed = list(percentages)
    nearest = [100 * round(value * problems / 100) / problems for value in printed]
    fits: int = sum(bool(abs(n - value) <= step) for n, value in zip(nearest, printed, strict=True))
    return fits / len(printed)
