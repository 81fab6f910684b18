"""How many pairs a study of position bias needs, and what an existing one could have seen."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt


@dataclass(frozen=True, slots=True)
class Power:
    """A design for seeing a slot effect.

    Attributes:
        effect: P(first slot favoured) - P(second slot favoured), as a share (0.05 is 5 points).
        changed: the share of pairs whose winner changes with the order, bias and noise together.
        pairs: unordered pairs, each judged in both orders.
        power: the chance to see the effect at ``level``.
        design_effect: how many times more pairs are needed than if all were independent:
            1 + (pairs a problem - 1) * correlation within problems.
    """

    effect: float
    changed: float
    pairs: int
    power: float
    level: float
    design_effect: float

    def __str__(self) -> str:
        return (
            f"{self.pairs} pairs, each in both orders, see a slot effect of "
            f"{100 * self.effect:.1f} points with probability {self.power:.2f} (two-sided test at "
            f"{self.level}, {100 * self.changed:.0f} % of the pairs changing with the order, "
            f"design "
            f"effect {self.design_effect:.2f})"
        )


def pairs_needed(
    effect: float,
    changed: float,
    *,
    power: float = 0.8,
    level: float = 0.05,
    pairs_per_problem: float = 1,
    correlation: float = 0.0,
) -> Power:
    """Pairs needed to see a slot effect by McNemar's test (Connor 1987).

    Each pair contributes +1 (primacy), -1 (recency) or 0, with mean ``effect`` and second moment
    ``changed``.

    Raises:
        ValueError: for an effect of 0, or larger than the share of pairs that change.
    """
    from scipy import stats

    _check(effect, changed)
    deff = _design_effect(pairs_per_problem, correlation)
    alpha, beta = stats.norm.ppf(1 - level / 2), stats.norm.ppf(power)
    n = (alpha * sqrt(changed) + beta * sqrt(changed - effect**2)) ** 2 / effect**2
    return Power(effect, changed, ceil(n * deff), power, level, deff)


def power_of(
    pairs: int,
    effect: float,
    changed: float,
    *,
    level: float = 0.05,
    pairs_per_problem: float = 1,
    correlation: float = 0.0,
) -> Power:
    """The chance that a study of so many pairs sees a slot effect."""
    from scipy import stats

    _check(effect, changed)
    deff = _design_effect(pairs_per_problem, correlation)
    alpha = stats.norm.ppf(1 - level / 2)
    spread = sqrt(max(changed - effect**2, 1e-12))
    reach = (abs(effect) * sqrt(pairs / deff) - alpha * sqrt(changed)) / spread
    return Power(effect, changed, pairs, float(stats.norm.cdf(reach)), level, deff)


def smallest_effect(
    pairs: int,
    changed: float,
    *,
    power: float = 0.8,
    level: float = 0.05,
    pairs_per_problem: float = 1,
    correlation: float = 0.0,
) -> Power:
    """The smallest slot effect that a study of so many pairs would see with this power.

    Raises:
        ValueError: when the study could not even see every changed pair going one way.
    """
    from scipy import optimize

    def short(effect: float) -> float:
        found = power_of(
            pairs,
            effect,
            changed,
            level=level,
            pairs_per_problem=pairs_per_problem,
            correlation=correlation,
        )
        return found.power - power

    if short(changed) < 0:
        raise ValueError(
            f"{pairs} pairs, {changed:.0%} of them changing, see no slot effect with power {power}"
        )
    effect = float(optimize.brentq(short, 1e-6, changed))
    deff = _design_effect(pairs_per_problem, correlation)
    return Power(effect, changed, pairs, power, level, deff)


def _design_effect(pairs_per_problem: float, correlation: float) -> float:
    return 1 + max(0.0, pairs_per_problem - 1) * correlation


def _check(effect: float, changed: float) -> None:
    if not 0 < abs(effect) <= changed <= 1:
        raise ValueError(
            "the effect is not 0 and at most the share of changed pairs, which is at most 1; got "
            f"effect {effect} and changed {changed}"
        )
