"""Confidence limits of shares and differences that hold for few problems and for rare outcomes.

All functions take totals with the problems on the last axis and any axes before it, and return the
estimate, the lower and the upper limit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pairjudge_lab.statistics.clusters import SIGNS, Spread, effective, moderated

Limits = tuple[np.ndarray, np.ndarray, np.ndarray]

# The estimated skewness is too small in small samples; chosen with the constants of ``clusters``.
_SKEWNESS_WEIGHT = 1.2
_LARGEST_SKEWNESS = 0.8
_SHORTEST = 0.95
_HALVINGS = 48


def share_limits(
    hits: np.ndarray, sizes: np.ndarray, *, squares: np.ndarray | None = None, level: float = 0.95
) -> Limits:
    """A share sum(hits) / sum(sizes).

    Wilson's limits, with the number of independent units that the problems are worth in place of
    the number of units (a mixture of such numbers, see ``clusters.moderated``), what skewness is
    left corrected after Hall (1992), and the exact limit where the rarer outcome hardly occurs.

    Parameters
    ----------
    hits : array
        (..., problems) the total of each problem, between 0 and its size.
    sizes : array
        (..., problems) how many units each problem has.
    squares : array or None
        (..., problems) the total of squared units, where units are not all 0 or 1.
    """
    a, b = np.asarray(hits, dtype=float), np.asarray(sizes, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = a.sum(axis=-1) / b.sum(axis=-1)
        rare = np.minimum(effective(a), effective(b - a))
        total, unit = b.sum(axis=-1), share * (1 - share)
        attained = _attained(a if squares is None else squares, total, share, unit)
        spread = moderated(
            a - share[..., None] * b, b, unit, rare, attained=attained, scale=4 * unit
        )
        return share, *_of_a_share(share, total, spread, level)


def difference_limits(
    plus: np.ndarray,
    minus: np.ndarray,
    sizes: np.ndarray,
    *,
    squares: np.ndarray | None = None,
    level: float = 0.95,
) -> Limits:
    """A difference of two shares of the same units, (sum(plus) - sum(minus)) / sum(sizes).

    Tango's score limits (1998) with the number of independent units that the problems are worth, a
    mixture of such numbers (see ``clusters.moderated``). A unit counts for plus, for minus, or for
    neither.

    Parameters
    ----------
    plus, minus : array
        (..., problems) totals of the positive and of the negative parts of the units.
    sizes : array
        (..., problems) how many units each problem has.
    squares : array or None
        (..., problems) the total of squared units, where units are not all -1, 0 or 1.
    """
    up, down, worth, spread = _of_a_difference(plus, minus, sizes, squares)
    gap, t = up - down, spread.quantile(level)

    def outside(value: np.ndarray) -> np.ndarray:
        variance = variance_at(value, up, down) / worth
        return np.asarray(np.square(gap - value) > np.square(t) * variance)

    low, high = (bisect(outside, gap, np.full(gap.shape, end)) for end in (-1.0, 1.0))
    return gap, low, high


def difference_p(
    plus: np.ndarray, minus: np.ndarray, sizes: np.ndarray, *, squares: np.ndarray | None = None
) -> np.ndarray:
    """The two-sided p value of a difference of 0: the test that ``difference_limits`` inverts."""
    above = one_sided_p(plus, minus, sizes, 0.0, squares=squares)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(above, 1 - above)))


def one_sided_p(
    plus: np.ndarray,
    minus: np.ndarray,
    sizes: np.ndarray,
    null: float,
    *,
    squares: np.ndarray | None = None,
) -> np.ndarray:
    """The p value of a difference of at most ``null``, against a larger one."""
    up, down, worth, spread = _of_a_difference(plus, minus, sizes, squares)
    variance = variance_at(np.full(up.shape, null), up, down) / worth
    return spread.tail((up - down - null) / np.sqrt(np.maximum(variance, 1e-300)))


def design_effect(
    plus: np.ndarray, minus: np.ndarray, sizes: np.ndarray, *, squares: np.ndarray | None = None
) -> np.ndarray:
    """The variance of a difference over the one that independent units would give."""
    one, two, b = (np.asarray(x, dtype=float) for x in (plus, minus, sizes))
    up, down, worth, _ = _of_a_difference(one, two, b, squares)
    second = one + two if squares is None else np.asarray(squares, dtype=float)
    largest = up + down - np.square(up - down)
    attained = np.maximum(_attained(second, b.sum(axis=-1), up - down, largest), 1e-12)
    return np.asarray(np.where(largest > 0, b.sum(axis=-1) / worth / attained, 1.0))


def kappa_limits(cells: np.ndarray, *, level: float = 0.95) -> Limits:
    """Cohen's kappa: the limits of the agreement that it is made of, on kappa's scale.

    Parameters
    ----------
    cells : array
        (..., problems, k, k) square tables of each problem.
    """
    from pairjudge_lab.statistics.agreement import cohen_kappa

    counts = np.asarray(cells, dtype=float)
    whole, b = counts.sum(axis=-3), counts.sum(axis=(-1, -2))
    total, agree = b.sum(axis=-1), np.trace(counts, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa, share = cohen_kappa(whole), agree.sum(axis=-1) / total
        rows, columns = (whole.sum(axis=k) / total[..., None] for k in (-1, -2))
        expected = (rows * columns).sum(axis=-1)
        # What one unit in each cell moves, on the scale of the agreement.
        margins = columns[..., :, None] + rows[..., None, :] - 2 * expected[..., None, None]
        pull = np.eye(counts.shape[-1]) - share[..., None, None]
        pull = np.nan_to_num(pull - (1 - kappa)[..., None, None] * margins)
        unit = (whole * np.square(pull)).sum(axis=(-1, -2)) / total
        residuals = (counts * pull[..., None, :, :]).sum(axis=(-1, -2))
        rare = np.minimum(effective(agree), effective(b - agree))
        spread = moderated(residuals, b, unit, rare, scale=4 * share * (1 - share))
        own = share * (1 - share)
        against = np.where(own > 0, np.maximum(unit / np.maximum(own, 1e-12), 0.1), 1.0)
        spread = Spread(spread.effects * against[..., None], spread.weights, spread.skewness)
        low, high = (
            (limit - expected) / (1 - expected)
            for limit in _of_a_share(share, total, spread, level)
        )
        return kappa, np.maximum(-1.0, low), high


def wilson(share: np.ndarray, worth: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's limits (1927) of a share of ``worth`` independent units, with the quantile ``t``."""
    c = np.square(t) / worth
    middle = (share + c / 2) / (1 + c)
    reach = np.sqrt(np.maximum(c * share * (1 - share) + np.square(c) / 4, 0)) / (1 + c)
    low = np.where(share <= 0, 0.0, np.maximum(0.0, middle - reach))
    return low, np.where(share >= 1, 1.0, np.minimum(1.0, middle + reach))


def _of_a_share(
    share: np.ndarray, total: np.ndarray, spread: Spread, level: float
) -> tuple[np.ndarray, np.ndarray]:
    worth, t = total / spread.design_effect, spread.quantile(level)
    # Wilson's limits hold the skewness of so many independent units; only the rest is corrected.
    own = (1 - 2 * share) / np.sqrt(np.maximum(share * (1 - share), 1e-12) * worth)
    skewness = _SKEWNESS_WEIGHT * spread.skewness
    rest = np.clip(skewness - own, -_LARGEST_SKEWNESS, _LARGEST_SKEWNESS)
    rest = np.where((skewness * rest > 0) & (share > 0) & (share < 1), rest, 0.0)
    below = np.maximum(_SHORTEST * t, _hall(t, rest))
    above = np.maximum(_SHORTEST * t, -_hall(-t, rest))
    low, high = wilson(share, worth, below)[0], wilson(share, worth, above)[1]
    # Wilson's limits are too short on the side of a rare outcome that occurs hardly ever.
    low = np.minimum(low, rarest(share * worth, worth, level))
    return low, np.maximum(high, 1 - rarest((1 - share) * worth, worth, level))


def rarest(events: np.ndarray, worth: np.ndarray, level: float) -> np.ndarray:
    """The exact lower limit of a share of which hardly any events were seen.

    All of the error is on this side, for the other limit never misses (Brown, Cai and DasGupta 2001
    do so up to three events). Beyond three it grows, so that score limits take over at about four.
    """
    from scipy import special

    error = (1 - level) * np.clip(events / 3, 1.0, 0.5 / (1 - level))
    a, b = np.maximum(events, 1e-9), np.maximum(worth - events, 0) + 1
    return np.asarray(np.where(events > 0, special.betaincinv(a, b, error), 0.0))


def _hall(t: np.ndarray, skewness: np.ndarray) -> np.ndarray:
    """The quantile of a studentised mean with this skewness: the inverse of Hall's cubic."""
    a = skewness / 3
    flat = np.abs(a) < 1e-6
    curved = (np.cbrt(1 + 3 * a * (t - skewness / 6)) - 1) / np.where(flat, 1.0, a)
    return np.asarray(np.where(flat, t, curved))


def _of_a_difference(
    plus: np.ndarray, minus: np.ndarray, sizes: np.ndarray, squares: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Spread]:
    """The two shares, the units that the problems are worth, and the spread."""
    one, two, b = (np.asarray(x, dtype=float) for x in (plus, minus, sizes))
    total = b.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        up, down = one.sum(axis=-1) / total, two.sum(axis=-1) / total
        gap = up - down
        residuals = one - two - gap[..., None] * b
        unit = up + down - np.square(gap)
        attained = _attained(one + two if squares is None else squares, total, gap, unit)
        # Given how many units of each problem are not 0, only their signs are correlated.
        bear = one + two
        typical = np.square(b).sum(axis=-1) / total
        signs = np.nan_to_num(np.square(bear).sum(axis=-1) / bear.sum(axis=-1), nan=1.0)
        lean = np.nan_to_num(np.square(gap / (up + down)))
        largest = np.clip(lean * typical + (1 - lean) * np.maximum(signs, 1.0), 1.0, typical)
        spread = moderated(
            residuals,
            b,
            unit,
            effective(bear),
            attained=attained,
            largest=largest,
            prior=SIGNS,
            scale=2 * (up + down),
        )
        return up, down, total / spread.design_effect, spread


def _attained(
    squares: np.ndarray, total: np.ndarray, mean: np.ndarray, unit: np.ndarray
) -> np.ndarray:
    """The variance of the units over the largest that their mean allows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((np.asarray(squares).sum(axis=-1) / total - np.square(mean)) / unit)


def variance_at(gap: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The variance of a unit where the difference is ``gap``, with the rest at its likeliest."""
    b = -(up + down) + (2 - up + down) * gap
    root = np.sqrt(np.maximum(np.square(b) + 8 * down * gap * (1 - gap), 0))
    lesser = (root - b) / 4
    return np.asarray(np.maximum(2 * lesser + gap * (1 - gap), 0))


def bisect(
    outside: Callable[[np.ndarray], np.ndarray], inside: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """The last value between ``inside`` and ``end`` that is not outside."""
    near, far = inside, end
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        out = outside(middle)
        near, far = np.where(out, near, middle), np.where(out, middle, far)
    return near
