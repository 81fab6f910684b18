"""Intervals over problems: the unit that is sampled is the problem, never the candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval.

    ``n`` is the number of problems; ``method`` says how the interval was made; ``level`` is its
    nominal coverage. Low and high are NaN where n is too small for any.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: str
    level: float = 0.95

    def __str__(self) -> str:
        return (
            f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n}, {self.method})"
        )


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


def mean_interval(values: Sequence[float], *, level: float = 0.95) -> Estimate:
    """The mean of one value a problem, with an interval.

    Zeros and ones give Wilson's interval (1927); other values Student's t on the mean, cut at 0
    and 1 when all values lie between them.

    Raises:
        ValueError: for no values.
    """
    from scipy import stats

    data = np.asarray(values, dtype=float)
    if not data.size:
        raise ValueError("no values: an interval needs at least one problem")
    n, mean = int(data.size), float(data.mean())
    if np.isin(data, (0.0, 1.0)).all():
        found = stats.binomtest(int(data.sum()), n).proportion_ci(level, method="wilson")
        return Estimate(mean, float(found.low), float(found.high), n, "Wilson", level)
    low, high = _student(data, level)
    if data.min() >= 0 and data.max() <= 1:
        low, high = float(np.maximum(0.0, low)), float(np.minimum(1.0, high))
    return Estimate(mean, low, high, n, "Student", level)


def difference_interval(
    values: Sequence[float] | np.ndarray,
    rivals: Sequence[float] | np.ndarray,
    *,
    level: float = 0.95,
) -> Estimate:
    """The mean paired difference, one pair a problem, with Agresti and Min's interval (2005).

    Their interval for matched proportions adds half an observation to each of the four cells; here
    that reads: one difference of 0 and half of one each at -1 and +1, which also serves values
    between 0 and 1, and leaves a width where all differences are equal. The estimate is the plain
    mean.

    Raises:
        ValueError: for no pairs, lists of different length, or values outside 0 to 1.
    """
    from scipy import stats

    one, two = np.asarray(values, dtype=float), np.asarray(rivals, dtype=float)
    if one.shape != two.shape or not one.size:
        raise ValueError(f"one value and one rival a problem; got {one.size} and {two.size}")
    if min(one.min(), two.min()) < 0 or max(one.max(), two.max()) > 1:
        raise ValueError("values are chances between 0 and 1")
    data = one - two
    n = data.size + 2
    middle = data.sum() / n
    variance = (np.square(data).sum() + 1) / n - middle**2
    reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(variance / n)
    low, high = max(-1.0, float(middle - reach)), min(1.0, float(middle + reach))
    return Estimate(float(data.mean()), low, high, int(data.size), "Agresti-Min", level)


def _student(data: np.ndarray, level: float) -> tuple[float, float]:
    from scipy import stats

    if data.size < 2:
        return float("nan"), float("nan")
    error = float(stats.sem(data))
    if error == 0.0:
        return float(data.mean()), float(data.mean())
    low, high = stats.t.interval(level, data.size - 1, loc=data.mean(), scale=error)
    return float(low), float(high)
