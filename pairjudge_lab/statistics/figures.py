"""Figures with their intervals, from totals of problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS, Estimate, no_interval
from pairjudge_lab.statistics.limits import (
    Limits,
    design_effect,
    difference_limits,
    difference_p,
    kappa_limits,
    one_sided_p,
    share_limits,
)
from pairjudge_lab.statistics.order import order_limits
from pairjudge_lab.statistics.totals import Totals

RESAMPLES = 2000
METHODS = ("score", "bootstrap")
WEIGHTS = ("pairs", "problems")


class Figures:
    """Estimates from one table of totals, all by the same method.

    Parameters
    ----------
    totals : Totals
        A row a problem.
    method : str
        ``score``: limits that hold for few problems and rare outcomes (``statistics.limits``).
        ``bootstrap``: problems resampled, the percentile interval widened for few problems
        (Hesterberg 2015); too short near 0 and 1, kept for comparison.
    weight : str
        ``pairs``: every pair counts the same, so that a problem with many pairs counts more: what a
        new pair of such a study would give. ``problems``: every problem counts the same: what a new
        problem would give.
    rng : Generator or None
        What resamples are drawn with; needed by the bootstrap alone.
    resamples : int
        How many.
    level : float
        Nominal coverage.

    Raises
    ------
    UserError
        For a method or a weight of another name.
    """

    def __init__(
        self,
        totals: Totals,
        *,
        method: str = "score",
        weight: str = "pairs",
        rng: np.random.Generator | None = None,
        resamples: int = RESAMPLES,
        level: float = 0.95,
    ) -> None:
        for what, value, allowed in (("method", method, METHODS), ("weight", weight, WEIGHTS)):
            if value not in allowed:
                raise UserError(f"{what} is {' or '.join(allowed)}, not {value!r}")
        self.totals, self.method, self.weight, self.level = totals, method, weight, level
        self._rng, self._resamples = rng or np.random.default_rng(0), resamples

    @cached_property
    def drawn(self) -> Totals:
        """Resampled sums of the totals."""
        return self.totals.resampled(self._rng, self._resamples)

    def share(self, hits: str, of: str, *, squares: str | None = None) -> Estimate:
        """sum(hits) / sum(of), between 0 and 1; ``squares`` for units other than 0 and 1."""
        a, b, extra = self._columns([hits, squares], of)

        def resampled(t: Totals) -> np.ndarray:
            return np.asarray(t[hits] / t[of])

        return self._estimate(
            b, lambda: share_limits(a, b, squares=extra, level=self.level), resampled, (0.0, 1.0)
        )

    def difference(self, plus: str, minus: str, of: str, *, squares: str | None = None) -> Estimate:
        """(sum(plus) - sum(minus)) / sum(of), between -1 and 1."""
        one, two, b, extra = self._difference(plus, minus, of, squares)

        def resampled(t: Totals) -> np.ndarray:
            return np.asarray((t[plus] - t[minus]) / t[of])

        return self._estimate(
            b,
            lambda: difference_limits(one, two, b, squares=extra, level=self.level),
            resampled,
            (-1.0, 1.0),
        )

    def difference_p(self, plus: str, minus: str, of: str, *, squares: str | None = None) -> float:
        """The p value of a difference of 0: the test that the score limits invert; NaN for fewer
        than six problems."""
        one, two, b, extra = self._difference(plus, minus, of, squares)
        if (b > 0).sum() < FEWEST_PROBLEMS:
            return float("nan")
        return float(difference_p(one, two, b, squares=extra))

    def equivalence_p(
        self, plus: str, minus: str, of: str, *, margin: float, squares: str | None = None
    ) -> float:
        """The p value of two one-sided tests that a difference is within plus and minus a margin
        (Schuirmann 1987); NaN for fewer than six problems."""
        one, two, b, extra = self._difference(plus, minus, of, squares)
        if (b > 0).sum() < FEWEST_PROBLEMS:
            return float("nan")
        above = one_sided_p(one, two, b, -margin, squares=extra)
        below = one_sided_p(two, one, b, -margin, squares=extra)
        return float(max(above, below))

    def design_effect(self, plus: str, minus: str, of: str, *, squares: str | None = None) -> float:
        """The variance of a difference over what independent units would give."""
        one, two, b, extra = self._difference(plus, minus, of, squares)
        return float(design_effect(one, two, b, squares=extra))

    def kappa(self, cells: Sequence[str]) -> Estimate:
        """Cohen's kappa of a square table whose cells, row by row, are these columns."""
        from pairjudge_lab.statistics.agreement import cohen_kappa

        side = round(len(cells) ** 0.5)
        places = [self.totals.names.index(name) for name in cells]

        def square(values: np.ndarray) -> np.ndarray:
            return values[..., places].reshape(*values.shape[:-1], side, side)

        table = square(self.totals.values)
        count = table.sum(axis=(-1, -2))
        if self.weight == "problems":
            table = table / np.where(count > 0, count, 1.0)[:, None, None]
        return self._estimate(
            count,
            lambda: kappa_limits(table, level=self.level),
            lambda t: cohen_kappa(square(t.values)),
            (-1.0, 1.0),
        )

    def order(self, first: str, second: str, half_first: str, half_second: str) -> Estimate:
        """The order effect on the logit scale; always by its score limits."""
        parts = [self.totals[name] for name in (first, second, half_first, half_second)]
        changed = sum(parts)
        if not np.any(changed):
            return no_interval(0.0, 0, self.level)
        found = order_limits(*parts, level=self.level)
        n = int((np.asarray(changed) > 0).sum())
        if n < FEWEST_PROBLEMS:
            return no_interval(float(found[0]), n, self.level)
        value, low, high = (float(x) for x in found)
        return Estimate(value, low, high, n, "conditional logit, score", self.level)

    def _difference(
        self, plus: str, minus: str, of: str, squares: str | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        if self.weight == "problems":
            size = self.totals[of]
            gap = (self.totals[plus] - self.totals[minus]) / np.where(size > 0, size, 1.0)
            return np.maximum(gap, 0), np.maximum(-gap, 0), (size > 0) * 1.0, np.square(gap)
        extra = None if squares is None else self.totals[squares]
        return self.totals[plus], self.totals[minus], self.totals[of], extra

    def _columns(
        self, names: Sequence[str | None], of: str
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        hits, squares = names
        assert hits is not None
        a, b = self.totals[hits], self.totals[of]
        if self.weight == "problems":
            value = a / np.where(b > 0, b, 1.0)
            return value, (b > 0) * 1.0, np.square(value)
        return a, b, None if squares is None else self.totals[squares]

    def _estimate(
        self,
        sizes: np.ndarray,
        limits: Callable[[], Limits],
        statistic: Callable[[Totals], np.ndarray],
        bounds: tuple[float, float],
    ) -> Estimate:
        """One figure by the method; ``sizes`` say in how many problems it is defined."""
        n = int((sizes > 0).sum())
        if not n:
            return no_interval(float("nan"), 0, self.level)
        value, low, high = (float(x) for x in limits())
        if n < FEWEST_PROBLEMS or not np.isfinite(value):
            return no_interval(value, n, self.level)
        if self.method == "score" or self.weight == "problems":
            return Estimate(value, low, high, n, "score, clustered by problem", self.level)
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = statistic(self.drawn)
        return percentile_interval(value, spread, n, bounds, self.level)


def percentile_interval(
    value: float, spread: np.ndarray, n: int, bounds: tuple[float, float], level: float
) -> Estimate:
    """The middle of resampled figures, its tails widened as Student's t is wider than the normal.

    NaN where the figure is not defined in more than one resample of twenty.
    """
    from scipy import stats

    defined = spread[np.isfinite(spread)]
    if len(defined) < 0.95 * len(spread):
        return no_interval(value, n, level)
    wide = np.sqrt(n / (n - 1)) * stats.t.ppf(0.5 + level / 2, n - 1)
    tail = float(stats.norm.cdf(-wide))
    low, high = np.quantile(defined, [tail, 1 - tail])
    low, high = max(bounds[0], float(low)), min(bounds[1], float(high))
    return Estimate(value, low, high, n, "bootstrap over problems", level)
