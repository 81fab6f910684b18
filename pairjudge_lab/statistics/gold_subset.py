"""The truth behind a judge: shares corrected for the judge's errors, from a small gold subset.

A judge's verdicts are known everywhere, the truth for a few problems only. Prediction-powered
inference takes the judge for what it is worth: the gold subset says how far off it is, and the
judge's verdicts on everything else make the interval shorter where they agree with the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS, Estimate, no_interval

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Powered(Result):
    """A mean from few gold values and many of the judge's.

    Attributes
    ----------
    estimate : Estimate
        Prediction-powered (PPI++, arXiv 2311.01453), with its interval.
    gold_only : Estimate
        From the gold values alone, with the same kind of interval.
    judge_only : float
        The judge's mean over everything, uncorrected: biased by the judge's errors.
    weight : float
        How much the judge's values count, from 0 (not at all) to 1.
    """

    estimate: Estimate
    gold_only: Estimate
    judge_only: float
    weight: float

    def to_frame(self) -> pd.DataFrame:
        """One line an estimate: with the judge's values, and from the gold values alone."""
        from pairjudge_lab.statistics.intervals import estimates_frame

        return estimates_frame({"gold and judge": self.estimate, "gold alone": self.gold_only})


def powered_mean(
    judged: np.ndarray,
    gold: np.ndarray,
    problem: np.ndarray | None = None,
    *,
    level: float = 0.95,
) -> Powered:
    """The mean of what is true, from the judge's values and gold where it is known.

    Problems with gold must be a random draw of all problems; then the estimate is unbiased whatever
    the judge does, for every weight. The weight is the one with the smallest variance.

    Parameters
    ----------
    judged : array
        (rows,) the judge's value of each row, such as 0 or 1.
    gold : array
        (rows,) the true value, NaN where it is not known.
    problem : array or None
        (rows,) the number of each row's problem, the unit of the intervals; without it every row is
        a problem.
    level : float
        Nominal coverage.

    Raises
    ------
    UserError
        For values that are missing or no numbers, or fewer than two problems with gold.
    """
    f, y = np.asarray(judged, dtype=float), np.asarray(gold, dtype=float)
    if f.shape != y.shape or not np.isfinite(f).all() or np.isinf(y).any():
        raise UserError(
            "the judge's values are numbers, one for each row, and gold is a number or missing; "
            f"got {f.size} and {y.size} values"
        )
    place = np.arange(f.size) if problem is None else np.unique(problem, return_inverse=True)[1]
    count = int(place.max(initial=-1)) + 1
    known = ~np.isnan(y)
    told = int((np.bincount(place, weights=known, minlength=count) > 0).sum())
    if told < 2:
        raise UserError(f"a gold subset needs two problems or more, got {told}")
    rest = int((~known).sum())

    def pull(values: np.ndarray, mine: np.ndarray) -> np.ndarray:
        """(problems,) what each moves the mean of some rows' values."""
        off = np.where(mine, values - values[mine].mean(), 0.0) / mine.sum()
        return np.bincount(place, weights=off, minlength=count)

    truth, same = pull(np.nan_to_num(y), known), pull(f, known)
    other = pull(f, ~known) if rest else np.zeros(count)
    gap = other - same
    square = float(gap @ gap)
    weight = float(np.clip(-(truth @ gap) / square, 0, 1)) if rest and square > 0 else 0.0
    mean = float(y[known].mean())
    value = mean
    if rest:
        value += weight * float(f[~known].mean() - f[known].mean())
    return Powered(
        estimate=_around(value, truth + weight * gap, told, "prediction-powered", level, y[known]),
        gold_only=_around(mean, truth, told, "gold alone", level, y[known]),
        judge_only=float(f.mean()),
        weight=weight,
    )


def corrected_rate(
    judged: np.ndarray,
    gold: np.ndarray,
    problem: np.ndarray | None = None,
    *,
    level: float = 0.95,
) -> Estimate:
    """The share of true rows from a judge's labels, after Rogan and Gladen (1978).

    (share called true + specificity - 1) / (sensitivity + specificity - 1), both from the gold
    rows. Unlike ``powered_mean`` it does not need the gold problems to have the same share of true
    rows as the others, only the same errors of the judge.

    Parameters
    ----------
    judged, gold, problem, level
        As for ``powered_mean``, of zeros and ones.

    Raises
    ------
    UserError
        For other values, for gold without both kinds of rows, or a judge that tells the two kinds
        apart no better than a coin.
    """
    f, y = np.asarray(judged, dtype=float), np.asarray(gold, dtype=float)
    known = ~np.isnan(y)
    if f.shape != y.shape or not np.isin(f, (0, 1)).all() or not np.isin(y[known], (0, 1)).all():
        raise UserError("labels and gold are 0 or 1, and gold is missing where it is not known")
    place = np.arange(f.size) if problem is None else np.unique(problem, return_inverse=True)[1]
    count = int(place.max(initial=-1)) + 1
    true, false = known & (y == 1), known & (y == 0)
    if not true.any() or not false.any():
        raise UserError("the gold subset needs right and wrong responses, both")
    sensitivity, called = float(f[true].mean()), float(f.mean())
    specificity = 1 - float(f[false].mean())
    told_apart = sensitivity + specificity - 1
    if told_apart <= 0:
        raise UserError(
            f"the judge calls {100 * sensitivity:.0f} % of the right responses right and "
            f"{100 * (1 - specificity):.0f} % of the wrong ones: its labels say nothing of the "
            "truth. Use the gold labels alone"
        )
    value = (called + specificity - 1) / told_apart
    rows = (
        (f - called) / f.size
        - np.where(true, f - sensitivity, 0.0) * value / true.sum()
        - np.where(false, f - (1 - specificity), 0.0) * (1 - value) / false.sum()
    ) / told_apart
    pulls = np.bincount(place, weights=rows, minlength=count)
    told = int((np.bincount(place, weights=known, minlength=count) > 0).sum())
    return _around(float(np.clip(value, 0, 1)), pulls, told, "Rogan-Gladen", level, y[known])


def _around(
    value: float, pulls: np.ndarray, told: int, method: str, level: float, values: np.ndarray
) -> Estimate:
    """Student's interval from what each problem moves the estimate, cut where the values are."""
    from scipy import stats

    if told < FEWEST_PROBLEMS:
        return no_interval(value, told, level)
    error = float(np.sqrt(np.square(pulls).sum() * told / (told - 1)))
    # Gold that is all alike does not show how much it varies; one other value in its place would.
    reach = float(stats.t.ppf(0.5 + level / 2, told - 1)) * max(error, 1 / (told + 2) ** 1.5)
    low, high = value - reach, value + reach
    if values.min() >= 0 and values.max() <= 1:
        low, high = max(0.0, low), min(1.0, high)
    return Estimate(value, low, high, told, f"{method}, clustered by problem", level)
