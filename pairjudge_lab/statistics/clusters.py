"""The uncertainty of a figure over few problems: its variance, how well that is known, skewness.

Everything works on totals with the problems on the last axis and any number of axes before it, so
that several figures, or thousands of simulated studies, are computed at once. For a figure
theta = sum(a) / sum(b), with totals a and b of each problem, the residuals are a - theta b.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_POINTS = 40
_REACH = 5.0
_BISECTIONS = 40


@dataclass(frozen=True, slots=True)
class Prior:
    """What is likely of a design effect D before the study is seen.

    Below 1 the density of log D is D^2. Above, it is (1 - flat) D^-2 + flat (1 - rho)^-near: most
    judges' problems differ little, and some differ very much.

    Attributes
    ----------
    flat : float
        The part that allows for large design effects.
    near : float
        Above 0 where a correlation near 1 is the likelier for it.
    rarer : bool
        Whether ``flat`` grows as the outcome becomes rare, with the inverse of its standard
        deviation: the rarer an outcome, the more of it comes from a few problems.
    """

    flat: float
    near: float = 0.0
    rarer: bool = False


# Chosen once, on the designs of benchmarks/coverage.py and others drawn at random.
SHARES = Prior(0.25, rarer=True)
SIGNS = Prior(0.6)
"""Of pairs whose verdict follows the position, and so of a position effect."""
ORDER = Prior(0.65, 0.4)
_FEW = 2.5
_LEAST_HEAVY = 0.25


@dataclass(frozen=True, slots=True)
class Spread:
    """How a figure spreads over studies: a mixture of normal distributions.

    Attributes
    ----------
    effects : array
        (..., points) design effects that the study leaves possible: the variance of the figure,
        over the variance that independent units would give.
    weights : array
        (..., points) how likely each is; they add up to 1.
    skewness : array
        (...) of the figure, from the third moment of the residuals.
    """

    effects: np.ndarray
    weights: np.ndarray
    skewness: np.ndarray

    @property
    def design_effect(self) -> np.ndarray:
        """(...) the mean of the possible design effects."""
        return np.asarray((self.weights * self.effects).sum(axis=-1))

    def tail(self, statistic: np.ndarray) -> np.ndarray:
        """(...) the chance of a larger value, in standard errors by the mean design effect."""
        from scipy import special

        ratio = np.sqrt(self.design_effect[..., None] / self.effects)
        z = np.asarray(statistic)[..., None] * ratio
        return np.asarray((self.weights * special.ndtr(-z)).sum(axis=-1))

    def quantile(self, level: float) -> np.ndarray:
        """(...) what ``level`` of the figures stay below on both sides, in the same unit."""
        from scipy import special

        low = np.zeros(self.skewness.shape)
        widest = np.sqrt(self.effects.max(axis=-1) / self.design_effect)
        high = (special.ndtri(0.5 + level / 2) + 1) * widest
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            beyond = self.tail(middle) > (1 - level) / 2
            low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
        return np.asarray(high)


def moderated(
    residuals: np.ndarray,
    sizes: np.ndarray,
    unit: np.ndarray,
    rare: np.ndarray,
    *,
    attained: np.ndarray | float = 1.0,
    largest: np.ndarray | None = None,
    prior: Prior = SHARES,
    scale: np.ndarray | float = 1.0,
) -> Spread:
    """The spread of a figure, from its problems and from what bounds its variance.

    Units of one problem are correlated by some rho between 0 and 1, so that the variance lies
    between that of independent units and that of one unit a problem. A few problems say little
    about where: the sum of their squared residuals, weighted as in CR2 (Bell and McCaffrey 2002),
    has Satterthwaite's degrees of freedom, fewer where only few problems hold the rarer outcome
    (whose fourth moment adds to its variance). Student's t would let the variance be any number,
    which makes intervals of few or unequal problems too long. Here the likelihood of that sum is
    multiplied with a prior between the bounds, and the figure is a mixture over what remains
    possible. With many problems that is CR2 and the normal distribution.

    Units that take other values than the extreme ones vary less than ``unit`` allows. With several
    units in each problem their variance is known from themselves; with one a problem it is the same
    question as before, between a variance near 0 and the largest.

    Parameters
    ----------
    residuals : array
        (..., problems) a - theta b.
    sizes : array
        (..., problems) units in each problem, 0 where it has none.
    unit : array
        (...) the largest variance of one unit, such as theta (1 - theta) for a share.
    rare : array
        (...) in how many problems, effectively, the rarer outcome occurs.
    attained : array or float
        (...) the variance of the units over its largest value, 1 for zeros and ones.
    largest : array or None
        (...) the largest design effect, where it is not that of one unit a problem.
    prior : Prior
        Of the design effect.
    scale : array or float
        (...) the variance of one unit over that of a share of a half: how rare the outcome is.
    """
    size = np.asarray(sizes, dtype=float)
    total = size.sum(axis=-1)
    typical = np.maximum(np.square(size).sum(axis=-1) / total, 1.0)
    safe = np.maximum(unit, 1e-12)
    values = np.clip(np.nan_to_num(np.asarray(attained), nan=1.0), 1e-6, 1.0)
    alone = 1 / typical
    least = values ** (1 + alone)
    most = (typical if largest is None else largest) * values ** (1 - alone)

    square = np.square(residuals).sum(axis=-1)
    sums = _Quadratic(residuals, size)
    extra = np.maximum(safe * total * (typical - 1), 1e-9)
    moment = np.where(typical > 1 + 1e-9, (square - values * safe * total) / extra, 0.0)
    working = rare * np.clip(moment, 0, 1) / (rare + 1)
    # The fourth moment of zeros and ones falls with 1 - 6 theta (1 - theta); it falls less where
    # problems differ.
    heavy = np.clip(1 - 1.5 * np.asarray(scale), _LEAST_HEAVY, 1.0)
    df = 1 / (1 / sums.freedom(working) + heavy / np.maximum(2 * rare, 1e-9))
    df = np.where(unit > 0, df, 0.0)

    # Points of log D, as far as the likelihood reaches and the bounds allow.
    lowest = least / np.square(typical)
    centre = sums.seen * (1 + working * (typical - 1)) / (safe * sums.mean(working))
    centre = np.clip(centre, lowest, most)
    width = np.minimum(_REACH * np.sqrt(2 / np.maximum(df, 1e-9)), 50)
    low = np.log(np.maximum(lowest, centre * np.exp(-width)))
    # With few degrees of freedom the likelihood falls slowly above its peak.
    width = np.minimum(width * (1 + 10 / np.maximum(df, 1e-9)), 50)
    high = np.log(np.minimum(most, centre * np.exp(width)))
    steps = (np.arange(_POINTS) + 0.5) / _POINTS
    logs = low[..., None] + (high - low)[..., None] * steps
    effects = np.exp(logs)

    inner = (typical - 1)[..., None]
    place = (effects - least[..., None]) / np.maximum(most - least, 1e-12)[..., None]
    rho = np.where(inner > 1e-9, np.clip(place, 0.0, 1.0), 0.0)
    expected = effects * sums.mean(rho) / (1 + rho * inner)
    found = -0.5 * df[..., None] * (np.log(expected) + (sums.seen / safe)[..., None] / expected)

    past = logs - np.log(least)[..., None]
    deviation = np.sqrt(np.clip(scale, 1e-12, 1.0)) if prior.rarer else 1.0
    flat = np.clip(prior.flat / deviation * np.ones_like(safe), 0, 1)[..., None]
    falls = (1 - flat) * np.exp(-2 * (1 - alone[..., None]) * np.maximum(past, 0))
    near = np.maximum(1 - rho, 0.01) ** -prior.near
    before = np.where(past > 0, np.log(flat * near + falls), 2 * past)
    # Values that are nearly all alike, with few that differ, vary more than they show.
    upwards = _FEW * alone * (values < 1) / np.maximum(rare, 1.0)
    log_weight = found + before + upwards[..., None] * logs
    weights = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    skewness = (np.asarray(residuals) ** 3).sum(axis=-1) / np.maximum(square, 1e-12) ** 1.5
    return Spread(effects, weights, skewness)


def effective(totals: np.ndarray) -> np.ndarray:
    """How many problems hold most of a total: (sum x)^2 / sum x^2, and 0 where all are 0."""
    square = np.square(totals).sum(axis=-1)
    return np.asarray(np.square(totals.sum(axis=-1)) / np.maximum(square, 1e-300))


class _Quadratic:
    """CR2's weighted sum of squared residuals, in sums over problems only, so that thousands of
    problems cost little.

    Attributes
    ----------
    seen
        (...) the sum.
    mean, freedom
        Functions of the correlation within problems: its expectation, in units of the variance of
        one unit, and Satterthwaite's degrees of freedom.
    """

    def __init__(self, residuals: np.ndarray, sizes: np.ndarray) -> None:
        total = sizes.sum(axis=-1, keepdims=True)
        w = sizes / total
        # A problem that holds all units leaves nothing to compare it with.
        c = np.where(total > sizes, 1 / np.maximum(total * (total - sizes), 1e-12), 0.0)
        self.seen = np.asarray((c * np.square(residuals)).sum(axis=-1))
        ww = (c * w * w).sum(axis=-1)

        def at(rho: float) -> tuple[np.ndarray, np.ndarray]:
            v = sizes * (1 - rho) + rho * np.square(sizes)
            whole = v.sum(axis=-1, keepdims=True)
            # The residuals' covariance is diag(v) + u, u_ij = -w_i v_j - v_i w_j + whole w_i w_j.
            own = -2 * w * v + whole * w * w
            vv, wv, sum_v = (c * v * v).sum(axis=-1), (c * w * v).sum(axis=-1), whole[..., 0]
            norm = (
                2 * ww * vv
                + np.square(sum_v * ww)
                + 2 * np.square(wv)
                - 4 * sum_v * ww * wv
                + (np.square(c) * (np.square(v + own) - np.square(own))).sum(axis=-1)
            )
            return (c * (v + own)).sum(axis=-1), norm

        # The mean is linear in the correlation, the squared norm quadratic.
        (none, norm), (_, half), (full, whole_norm) = at(0.0), at(0.5), at(1.0)
        bend = 2 * (whole_norm - 2 * half + norm)
        self.mean = _polynomial(none, full - none)
        self._norm = _polynomial(norm, whole_norm - norm - bend, bend)

    def freedom(self, rho: np.ndarray) -> np.ndarray:
        norm = np.maximum(self._norm(rho), 1e-300)
        return np.asarray(np.maximum(np.square(self.mean(rho)) / norm, 1.0))


def _polynomial(*terms: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """With coefficients of the shape (...), for values of the shape (...) or (..., points)."""

    def value(x: np.ndarray) -> np.ndarray:
        shape = terms[0].shape + (1,) * (np.ndim(x) - terms[0].ndim)
        powers = (term.reshape(shape) * x**k for k, term in enumerate(terms))
        return np.asarray(sum(powers))

    return value
