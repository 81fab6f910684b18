"""How many pairs a study of position bias needs, and what an existing one could have seen."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, ClassVar

from pairjudge_lab.results import Result

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from pairjudge_lab.statistics.pairs import Pairs


@dataclass(frozen=True, slots=True)
class Power(Result):
    """A design for seeing a position effect.

    Attributes
    ----------
    effect : float
        P(first favoured) - P(second favoured), as a share (0.05 is 5 points).
    changed : float
        The share of pairs whose winner changes with the order, bias and noise together; with ties
        ``PositionBias.change``, in which half changes count less.
    pairs : int
        Unordered pairs, each judged in both orders.
    power : float
        The chance to see the effect at ``level``.
    design_effect : float
        How many times more pairs are needed than if all were independent: 1 + (pairs a problem - 1)
        * correlation within problems, or measured in a study, as ``PositionBias.design_effect``.
    """

    picture: ClassVar[tuple[str, str]] = ("power", "plot_power")

    effect: float
    changed: float
    pairs: int
    power: float
    level: float
    design_effect: float

    def to_frame(self) -> pd.DataFrame:
        """One line: the design and its power."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def __str__(self) -> str:
        return (
            f"{self.pairs} pairs, each in both orders, see a position effect of "
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
    design_effect: float | None = None,
) -> Power:
    """Pairs needed to see a position effect by McNemar's test (Connor 1987).

    Each pair contributes +1 (primacy), -1 (recency) or 0, with mean ``effect`` and second moment
    ``changed``.

    Raises
    ------
    ValueError
        For an effect of 0, or larger than the share of pairs that change.
    """
    from scipy import stats

    _check(effect, changed)
    deff = _design_effect(pairs_per_problem, correlation, design_effect)
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
    design_effect: float | None = None,
) -> Power:
    """The chance that a study of so many pairs sees a position effect."""
    from scipy import stats

    _check(effect, changed)
    deff = _design_effect(pairs_per_problem, correlation, design_effect)
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
    design_effect: float | None = None,
) -> Power:
    """The smallest position effect that a study of so many pairs would see with this power.

    Raises
    ------
    ValueError
        When the study could not even see every changed pair going one way.
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
            design_effect=design_effect,
        )
        return found.power - power

    if short(changed) < 0:
        raise ValueError(
            f"{pairs} pairs, {changed:.0%} of them changing, see no position effect with power "
            f"{power}"
        )
    effect = float(optimize.brentq(short, 1e-6, changed))
    deff = _design_effect(pairs_per_problem, correlation, design_effect)
    return Power(effect, changed, pairs, power, level, deff)


def simulated_power(
    pairs: Pairs,
    effect: float,
    rng: np.random.Generator,
    *,
    problems: int | None = None,
    studies: int = 1000,
    level: float = 0.05,
) -> float:
    """The chance that a study like this one sees a position effect, by simulation.

    Problems of the study are drawn with replacement, with all their pairs, their position effect
    moved so that it is ``effect`` on average, and the report's own test is made of each draw. So
    clusters, their sizes and ties are those of the study, and no formula's.

    Parameters
    ----------
    pairs : Pairs
        The study, of ``pairs.pair_up``.
    effect : float
        As a share.
    rng : Generator
        What problems are drawn with.
    problems : int or None
        How many a simulated study has; as many as this one without it.
    studies : int
        How many are simulated. The standard error is at most 0.5 / sqrt(studies).

    Raises
    ------
    UserError
        For fewer than six problems with pairs read in both orders.
    """
    import numpy as np

    from pairjudge_lab.records import UserError
    from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS
    from pairjudge_lab.statistics.limits import difference_p
    from pairjudge_lab.statistics.position_totals import position_totals

    totals = position_totals(pairs)
    size = totals["read"]
    there = size > 0
    if min(there.sum(), problems or FEWEST_PROBLEMS) < FEWEST_PROBLEMS:
        raise UserError(
            f"power is simulated from {FEWEST_PROBLEMS} problems or more; the study has "
            f"{int(there.sum())} with pairs read in both orders"
        )
    size, squares = size[there], totals["lean_squares"][there]
    lean = totals["lean_first"][there] - totals["lean_second"][there]
    moved = lean - lean.sum() / size.sum() * size + effect * size
    drawn = rng.integers(0, len(size), (studies, problems or len(size)))
    gap = moved[drawn]
    # A problem whose effect was moved holds at least as much change as that effect itself.
    change = np.maximum(squares[drawn], np.square(gap) / size[drawn])
    p = difference_p(np.maximum(gap, 0), np.maximum(-gap, 0), size[drawn], squares=change)
    return float((p < level).mean())


def _design_effect(pairs_per_problem: float, correlation: float, measured: float | None) -> float:
    return 1 + max(0.0, pairs_per_problem - 1) * correlation if measured is None else measured


def _check(effect: float, changed: float) -> None:
    if not 0 < abs(effect) <= changed <= 1:
        raise ValueError(
            "the effect is not 0 and at most the share of changed pairs, which is at most 1; got "
            f"effect {effect} and changed {changed}"
        )
