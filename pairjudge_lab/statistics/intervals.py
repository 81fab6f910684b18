"""Intervals over problems: the unit that is sampled is the problem, never the candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


FEWEST_PROBLEMS = 6
"""With fewer problems no interval is given: none of them holds what it promises."""

FEW_PROBLEMS = 10
"""With fewer problems an interval is given with a warning."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval.

    Attributes
    ----------
    estimate : float
        The figure.
    low, high : float
        The limits, NaN where there is no interval. A limit can be infinite.
    n : int
        The number of problems.
    method : str
        How the interval was made.
    level : float
        Its nominal coverage.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: str
    level: float = 0.95

    @property
    def few(self) -> bool:
        """Whether the interval rests on fewer than ``FEW_PROBLEMS`` problems."""
        return not isnan(self.low) and self.n < FEW_PROBLEMS

    def percent(self, sign: str = "") -> str:
        """The limits in per cent as words, or that there are too few problems for any.

        Parameters
        ----------
        sign : str
            ``+`` shows the sign of positive numbers too.
        """
        if isnan(self.low):
            return "too few problems"
        return f"{100 * self.low:{sign}5.1f} to {100 * self.high:{sign}5.1f}"

    def __str__(self) -> str:
        few = ", few problems" if self.few else ""
        return (
            f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n}, "
            f"{self.method}{few})"
        )


def no_interval(estimate: float, n: int, level: float = 0.95) -> Estimate:
    """An estimate without an interval, because there are too few problems or it is not defined."""
    return Estimate(estimate, nan, nan, n, "none", level)


def estimates_frame(estimates: Mapping[str, Estimate]) -> pd.DataFrame:
    """One line a figure: ``figure``, ``estimate``, ``low``, ``high``, ``problems``, ``method``."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "figure": name,
                "estimate": e.estimate,
                "low": e.low,
                "high": e.high,
                "problems": e.n,
                "method": e.method,
            }
            for name, e in estimates.items()
        ]
    )


def mean_interval(
    values: Sequence[float] | np.ndarray, *, method: str = "score", level: float = 0.95
) -> Estimate:
    """The mean of one value a problem, with an interval.

    Parameters
    ----------
    values : sequence of float or array
        One a problem.
    method : str
        ``score``: Wilson's interval (1927) for zeros and ones; for other values between 0 and 1 the
        same with the number of independent zeros and ones that the values are worth
        (``statistics.limits``), which stays wide where nearly all values are alike. ``student``:
        Student's t on the mean, cut at 0 and 1 where all values lie between them; the only one for
        values outside 0 to 1.
    level : float
        Nominal coverage.

    Returns
    -------
    Estimate
        The mean; without an interval for fewer than six problems.

    Raises
    ------
    ValueError
        For no values, or a method of another name.
    """
    from scipy import stats

    if method not in ("score", "student"):
        raise ValueError(f"a mean has the methods score and student, not {method!r}")
    data = np.asarray(values, dtype=float)
    if not data.size:
        raise ValueError("no values: an interval needs at least one problem")
    n, mean = int(data.size), float(data.mean())
    if n < FEWEST_PROBLEMS:
        return no_interval(mean, n, level)
    inside = bool(data.min() >= 0 and data.max() <= 1)
    if method == "score" and np.isin(data, (0.0, 1.0)).all():
        found = stats.binomtest(int(data.sum()), n).proportion_ci(level, method="wilson")
        return Estimate(mean, float(found.low), float(found.high), n, "Wilson", level)
    if method == "score" and inside:
        from pairjudge_lab.statistics.limits import share_limits

        _, *ends = share_limits(data, np.ones(n), squares=np.square(data), level=level)
        return Estimate(mean, float(ends[0]), float(ends[1]), n, "score", level)
    reach = float(stats.t.ppf(0.5 + level / 2, n - 1) * stats.sem(data))
    low, high = mean - reach, mean + reach
    if inside:
        low, high = max(0.0, low), min(1.0, high)
    return Estimate(mean, low, high, n, "Student", level)


def difference_interval(
    values: Sequence[float] | np.ndarray,
    rivals: Sequence[float] | np.ndarray,
    *,
    level: float = 0.95,
) -> Estimate:
    """The mean paired difference, one pair a problem; see ``paired_difference``."""
    return paired_difference(values, rivals, level=level)[0]


def paired_difference(
    values: Sequence[float] | np.ndarray,
    rivals: Sequence[float] | np.ndarray,
    *,
    level: float = 0.95,
) -> tuple[Estimate, float]:
    """The mean paired difference, one pair a problem, and the p value of a difference of 0.

    The interval is the inversion of the test, so that it holds 0 exactly where p is above
    1 - level. Differences that are all -1, 0 or 1 have Agresti and Min's interval (2005), which
    adds half an observation to each of the four cells. For others it is Tango's score interval
    (1998), with the number of independent comparisons that they are worth
    (``statistics.limits.difference_limits``).

    Returns
    -------
    tuple
        The plain mean with its interval, and p. For fewer than six problems there is neither an
        interval nor a p value (NaN).

    Raises
    ------
    ValueError
        For no pairs, lists of different length, or values outside 0 to 1.
    """
    from scipy import stats

    one, two = np.asarray(values, dtype=float), np.asarray(rivals, dtype=float)
    if one.shape != two.shape or not one.size:
        raise ValueError(f"one value and one rival a problem; got {one.size} and {two.size}")
    if min(one.min(), two.min()) < 0 or max(one.max(), two.max()) > 1:
        raise ValueError("values are chances between 0 and 1")
    # What rounding leaves of equal values is no difference.
    data = np.where(np.abs(one - two) < 1e-12, 0.0, one - two)
    size, mean = int(data.size), float(data.mean())
    if size < FEWEST_PROBLEMS:
        return no_interval(mean, size, level), nan
    if np.isin(data, (-1.0, 0.0, 1.0)).all():
        n = size + 2
        middle = data.sum() / n
        error = np.sqrt(((np.square(data).sum() + 1) / n - middle**2) / n)
        reach = stats.norm.ppf(0.5 + level / 2) * error
        low, high = max(-1.0, float(middle - reach)), min(1.0, float(middle + reach))
        p = float(2 * stats.norm.sf(abs(middle) / error))
        return Estimate(mean, low, high, size, "Agresti-Min", level), p
    from pairjudge_lab.statistics.limits import difference_limits, difference_p

    plus, minus, each = np.maximum(data, 0), np.maximum(-data, 0), np.ones(size)
    square = np.square(data)
    _, *limits = difference_limits(plus, minus, each, squares=square, level=level)
    # No test of so few signs can give a smaller value, however alike the differences are.
    p = max(float(difference_p(plus, minus, each, squares=square)), 2.0 ** (1 - size))
    return Estimate(mean, float(limits[0]), float(limits[1]), size, "score", level), p
