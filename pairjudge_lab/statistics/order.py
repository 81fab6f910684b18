"""The order effect on the logit scale, conditional on the pair, with ties."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pairjudge_lab.statistics.clusters import ORDER, effective, moderated
from pairjudge_lab.statistics.limits import Limits, bisect, rarest

_FAR = 30.0


def order_limits(
    first: np.ndarray,
    second: np.ndarray,
    half_first: np.ndarray,
    half_second: np.ndarray,
    *,
    level: float = 0.95,
) -> Limits:
    """gamma of a judge that prefers the response shown first with logit theta + gamma.

    In Davidson's model with an order effect the three verdicts on a pair weigh exp((theta +
    gamma) / 2), exp(-(theta + gamma) / 2) and nu. Given the pair's strengths and the number of its
    ties, theta and nu drop out: a pair whose verdict follows the position both times goes to the
    first with logit 2 gamma, and one with a tie in one of the orders with logit gamma. That is the
    likelihood maximised here. Pairs with the same winner twice, or two ties, say nothing of gamma.

    Limits invert the score test, its variance multiplied by the design effect of the problems; on
    the side where hardly any pair went to a position they are the exact ones, where those are
    wider. Where all evidence points one way the estimate and one limit are infinite.

    Parameters
    ----------
    first, second : array
        (..., problems) pairs that went to the first, the second position twice.
    half_first, half_second : array
        (..., problems) pairs that did so in one order and tied in the other.
    """
    p2, r2, p1, r1 = (np.asarray(x, dtype=float) for x in (first, second, half_first, half_second))
    n2, n1 = p2 + r2, p1 + r1
    all2, all1 = n2.sum(axis=-1), n1.sum(axis=-1)
    went = 2 * p2.sum(axis=-1) + p1.sum(axis=-1)

    def slope(g: np.ndarray) -> np.ndarray:
        return np.asarray(went - 2 * all2 * _sigmoid(2 * g) - all1 * _sigmoid(g))

    def information(g: np.ndarray) -> np.ndarray:
        twice, once = _sigmoid(2 * g), _sigmoid(g)
        return np.asarray(4 * all2 * twice * (1 - twice) + all1 * once * (1 - once))

    far = np.full(np.shape(went), _FAR)
    gamma = bisect(lambda g: slope(g) < 0, -far, far)
    at = gamma[..., None]
    residuals = 2 * (p2 - n2 * _sigmoid(2 * at)) + p1 - n1 * _sigmoid(at)
    with np.errstate(invalid="ignore", divide="ignore"):
        rare = np.minimum(effective(p2 + p1), effective(r2 + r1))
        unit = np.where(rare > 0, information(gamma) / (all2 + all1), 0.0)
        spread = moderated(residuals, n2 + n1, unit, rare, prior=ORDER)
        widest = np.square(spread.quantile(level)) * spread.design_effect
        start = np.clip(gamma, 1 - _FAR, _FAR - 1)
        effect = spread.design_effect

        def outside(sign: float, seen: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
            of = all2 + all1
            least = of * rarest(seen / effect, of / effect, level)

            def beyond(g: np.ndarray) -> np.ndarray:
                expected = all2 * _sigmoid(-2 * sign * g) + all1 * _sigmoid(-sign * g)
                too_far = np.square(slope(g)) > widest * information(g)
                return np.asarray(too_far & (expected < least))

            return beyond

        low = bisect(outside(-1.0, (p2 + p1).sum(axis=-1)), start, -far)
        high = bisect(outside(1.0, (r2 + r1).sum(axis=-1)), start, far)
    return _open(gamma), _open(low), _open(high)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def _open(values: np.ndarray) -> np.ndarray:
    """Infinity for what lies beyond every finite value."""
    return np.asarray(np.where(np.abs(values) > _FAR - 2, np.copysign(np.inf, values), values))
