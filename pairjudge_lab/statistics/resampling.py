"""Resampling over problems: the verdicts of one problem hang together, so problems are what is
drawn.

Everything here works on totals: a matrix with a line a problem and a column for each thing
counted. A bootstrap resample is then a vector of how often each problem was drawn, times that
matrix, and no verdict is ever copied.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pairjudge_lab.statistics.intervals import Estimate, difference_interval

Statistic = Callable[[np.ndarray], np.ndarray]
"""From totals (..., columns) to one figure for each."""

RESAMPLES = 2000


class Resampled:
    """Totals drawn with replacement over problems.

    Args:
        totals: (problems, columns), the counts of each problem.
        resamples: how many times the problems are drawn.
        rng: what they are drawn with.
    """

    def __init__(
        self, totals: np.ndarray, rng: np.random.Generator, resamples: int = RESAMPLES
    ) -> None:
        self.totals = np.asarray(totals, dtype=float)
        self.whole = self.totals.sum(axis=0)
        problems = len(self.totals)
        self.drawn = np.empty((resamples, self.totals.shape[1]))
        even = np.full(problems, 1 / max(problems, 1))
        step = max(1, 20_000_000 // max(problems, 1))
        for begin in range(0, resamples if problems else 0, step):
            some = slice(begin, min(begin + step, resamples))
            counts = rng.multinomial(problems, even, size=some.stop - some.start)
            self.drawn[some] = counts @ self.totals

    def estimate(
        self,
        statistic: Statistic,
        *,
        bounds: tuple[float, float] = (-np.inf, np.inf),
        level: float = 0.95,
    ) -> Estimate:
        """A figure with its interval.

        The interval holds the middle of the resampled figures, its tails widened for few problems
        as Student's t is wider than the normal (the expanded percentile interval, Hesterberg
        2015). A share that is 0 or 1 in the data never varies; it gets Wilson's interval with the
        problems as n, and a difference that never varies Agresti and Min's. NaN where there are
        fewer than two problems, or where the figure is not defined in more than one resample of
        twenty.
        """
        from scipy import stats

        problems = len(self.totals)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = float(statistic(self.whole))
            spread = statistic(self.drawn)
        defined = np.isfinite(spread)
        if problems < 2 or not np.isfinite(value) or defined.mean() < 0.95:
            return Estimate(value, float("nan"), float("nan"), problems, "none", level)
        if bounds == (0.0, 1.0) and value in bounds:
            found = stats.binomtest(round(value * problems), problems).proportion_ci(
                level, method="wilson"
            )
            return Estimate(value, float(found.low), float(found.high), problems, "Wilson", level)
        if bounds == (-1.0, 1.0) and np.ptp(spread[defined]) == 0:
            same = np.full(problems, value)
            return difference_interval(np.maximum(same, 0), np.maximum(-same, 0), level=level)
        wide = np.sqrt(problems / (problems - 1)) * stats.t.ppf(0.5 + level / 2, problems - 1)
        tail = float(stats.norm.cdf(-wide))
        low, high = np.quantile(spread[defined], [tail, 1 - tail])
        low, high = max(bounds[0], float(low)), min(bounds[1], float(high))
        return Estimate(value, low, high, problems, "bootstrap over problems", level)


def totals_by(problem: np.ndarray, columns: np.ndarray, problems: int) -> np.ndarray:
    """Sum columns by problem: (rows, k) and a problem number for each row to (problems, k)."""
    out = np.empty((problems, columns.shape[1]))
    for k in range(columns.shape[1]):
        out[:, k] = np.bincount(problem, weights=columns[:, k], minlength=problems)
    return out


def ratio(top: int, bottom: int) -> Statistic:
    """The statistic that divides one column of totals by another."""
    return lambda totals: totals[..., top] / totals[..., bottom]


def margin(plus: int, minus: int, bottom: int) -> Statistic:
    """The statistic that divides the difference of two columns by a third."""
    return lambda totals: (totals[..., plus] - totals[..., minus]) / totals[..., bottom]
