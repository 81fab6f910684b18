"""The uncertainty of a figure over few problems: its variance, degrees of freedom and skewness.

Everything works on totals with the problems on the last axis and any number of axes before it, so
that several figures, or thousands of simulated studies, are computed at once. For a figure
theta = sum(a) / sum(b), with totals a and b of each problem, the residuals are a - theta b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The moderation of the variance; see ``moderated``. Chosen once, on the designs of
# benchmarks/coverage.py, and the same for every figure.
_PRIOR_WEIGHT = 1.0
_PRIOR_CORRELATION = 0.3
_WORKING_CORRELATION = 0.05
_LARGEST_PRIOR = 1.5
_FADES = 1.5
_SPARE_DF = 3.0
_INNER_VALUES = 10.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How a figure spreads over studies.

    Attributes:
        design_effect: (...) its variance, over the variance that independent units would give.
        df: (...) degrees of freedom for Student's t.
        skewness: (...) of the figure, from the third moment of the residuals.
    """

    design_effect: np.ndarray
    df: np.ndarray
    skewness: np.ndarray


def moderated(
    residuals: np.ndarray,
    sizes: np.ndarray,
    unit: np.ndarray,
    rare: np.ndarray,
    attained: np.ndarray | float = 1.0,
) -> Spread:
    """The spread of a figure, from its problems and a weak prior.

    The variance between problems is the bias-reduced estimate CR2, and its degrees of freedom are
    Satterthwaite's, both under a working correlation within problems (Bell and McCaffrey 2002).
    Where few problems hold the rarer outcome that estimate is often far too small. It is therefore
    averaged with a prior design effect, weighted by degrees of freedom as in the moderated t test
    (Smyth 2004). The weight of the prior fades as evidence grows; it is large where every problem
    holds one unit, and units take extreme values only, such as zeros and ones: then the variance
    follows from the figure itself.

    Args:
        residuals: (..., problems) a - theta b.
        sizes: (..., problems) units in each problem, 0 where it has none.
        unit: (...) the largest variance of one unit, such as theta (1 - theta) for a share.
        rare: (...) in how many problems, effectively, the rarer outcome occurs.
        attained: (...) the variance of the units over its largest value, 1 for zeros and ones.
    """
    size = np.asarray(sizes, dtype=float)
    total = size.sum(axis=-1)
    typical = np.square(size).sum(axis=-1) / total
    square = np.square(residuals).sum(axis=-1)
    safe = np.maximum(unit, 1e-12)
    extra = safe * total * (typical - 1)
    correlation = np.where(extra > 1e-9, (square - safe * total) / np.maximum(extra, 1e-9), 0.0)
    working = rare * np.clip(correlation, 0, 1) + _PRIOR_WEIGHT * _WORKING_CORRELATION
    variance, df = _bias_reduced(residuals, size, working / (rare + _PRIOR_WEIGHT))
    seen = np.where(unit > 0, variance * total / safe, 0.0)
    evidence = np.minimum(df, rare)
    prior = np.minimum(1 + _PRIOR_CORRELATION * (typical - 1), _LARGEST_PRIOR)
    weight = _PRIOR_WEIGHT / (1 + np.square(evidence / _FADES))
    short = np.clip(np.nan_to_num(1 - np.asarray(attained)), 0, 1)
    unsure = typical - 1 + _INNER_VALUES * short
    weight = weight + _PRIOR_WEIGHT / np.maximum(unsure, 1e-4)
    effect = (evidence * seen + weight * prior) / (evidence + weight)
    skewness = (residuals**3).sum(axis=-1) / np.maximum(square, 1e-12) ** 1.5
    return Spread(effect, np.minimum(df, rare + _SPARE_DF) + weight, skewness)


def effective(totals: np.ndarray) -> np.ndarray:
    """How many problems hold most of a total: (sum x)^2 / sum x^2, and 0 where all are 0."""
    square = np.square(totals).sum(axis=-1)
    return np.asarray(np.square(totals.sum(axis=-1)) / np.maximum(square, 1e-300))


def _bias_reduced(
    residuals: np.ndarray, sizes: np.ndarray, correlation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The CR2 variance of sum(a) / sum(b), unbiased under the working model, and its degrees of
    freedom, in sums over problems only, so that thousands of problems cost little."""
    total = sizes.sum(axis=-1, keepdims=True)
    w = sizes / total
    # A problem that holds all units leaves nothing to compare it with.
    c = np.where(total > sizes, 1 / np.maximum(total * (total - sizes), 1e-12), 0.0)
    rho = np.asarray(correlation)[..., None]
    v = sizes * (1 - rho) + rho * np.square(sizes)
    whole = v.sum(axis=-1, keepdims=True)
    # The covariance of the residuals is diag(v) + u with u_ij = -w_i v_j - v_i w_j + whole w_i w_j.
    own = -2 * w * v + whole * w * w
    trace = (c * (v + own)).sum(axis=-1)
    ww, vv, wv = (c * w * w).sum(axis=-1), (c * v * v).sum(axis=-1), (c * w * v).sum(axis=-1)
    sum_v = whole[..., 0]
    frobenius = (
        2 * ww * vv
        + np.square(sum_v * ww)
        + 2 * np.square(wv)
        - 4 * sum_v * ww * wv
        + (np.square(c) * (np.square(v + own) - np.square(own))).sum(axis=-1)
    )
    scale = sum_v / np.square(total[..., 0]) / trace
    estimate = (c * np.square(residuals)).sum(axis=-1) * scale
    return estimate, np.maximum(np.square(trace) / frobenius, 1.0)
