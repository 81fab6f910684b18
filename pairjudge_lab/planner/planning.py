"""The frontier of a pilot, the best within a budget, and how sure both are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pairjudge_lab.planner.buying import Purchase, what_to_buy
from pairjudge_lab.planner.measuring import Configuration, Measured
from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import (
    FEWEST_PROBLEMS,
    Estimate,
    mean_interval,
    paired_difference,
)

if TYPE_CHECKING:
    import pandas as pd

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Option:
    """One configuration in a plan.

    Attributes
    ----------
    configuration : Configuration
    accuracy : Estimate
        Over problems.
    cost : float
        The mean a problem, in what the budget counts.
    affordable : bool
        Whether that is within the budget.
    frontier : bool
        Whether nothing that costs as little selects better.
    on_frontier : float
        The share of bootstrap draws of the problems in which that is so.
    best : float
        The share of draws in which it is the best within the budget.
    difference : Estimate or None
        From the chosen one, problem by problem, with an interval that holds together with those of
        all affordable ones; None for what is not affordable.
    """

    configuration: Configuration
    accuracy: Estimate
    cost: float
    affordable: bool
    frontier: bool
    on_frontier: float
    best: float
    difference: Estimate | None


@dataclass(frozen=True, slots=True)
class Plan(Result):
    """What a pilot says about what to play and what to buy.

    Attributes
    ----------
    budget : float
        A problem, on average.
    cost : str
        ``calls``, ``tokens`` or ``money``.
    problems : int
        Of the pilot.
    options : tuple of Option
        By cost.
    chosen : Option
        The most accurate within the budget.
    expected : float
        Its accuracy with what choosing the best of many on the same problems flatters it by taken
        off: the mean, over bootstrap draws, of what the best of the draw loses on the whole pilot.
    cheapest : Option
        The cheapest within the budget that is shown to lose at most ``margin`` to the chosen one:
        the lower limit of its difference is above that. Often the chosen one itself.
    margin : float
    band : ndarray of float, shape (3, options)
        At each option's cost, the accuracy of the best that costs as little: the pilot's own, and
        the 2.5th and 97.5th percentile over bootstrap draws.
    to_buy : tuple of Purchase
        From the most promising on.
    """

    picture: ClassVar[tuple[str, str]] = ("plan", "plot_plan")

    budget: float
    cost: str
    problems: int
    options: tuple[Option, ...]
    chosen: Option
    expected: float
    cheapest: Option
    margin: float
    band: np.ndarray
    to_buy: tuple[Purchase, ...]

    def to_frame(self) -> pd.DataFrame:
        """One line a configuration, by cost."""
        import pandas as pd

        return pd.DataFrame(
            {
                **asdict(o.configuration),
                "cost": o.cost,
                "accuracy": o.accuracy.estimate,
                "low": o.accuracy.low,
                "high": o.accuracy.high,
                "affordable": o.affordable,
                "frontier": o.frontier,
                "on_frontier": o.on_frontier,
                "best": o.best,
                "difference": np.nan if o.difference is None else o.difference.estimate,
                "difference_low": np.nan if o.difference is None else o.difference.low,
                "difference_high": np.nan if o.difference is None else o.difference.high,
            }
            for o in self.options
        )

    def purchases(self) -> pd.DataFrame:
        """One line a purchase."""
        import pandas as pd

        return pd.DataFrame([one.row() for one in self.to_buy])

    def __str__(self) -> str:
        mine, unit = self.chosen, {"money": "dollars"}.get(self.cost, self.cost)
        lines = [
            f"Play {mine.configuration}: {_amount(mine.cost)} {unit} a problem, within the budget "
            f"of {_amount(self.budget)}.",
            f"On the pilot's {self.problems} problems it selects right "
            f"{100 * mine.accuracy.estimate:.1f} % of the time ({100 * mine.accuracy.low:.1f} to "
            f"{100 * mine.accuracy.high:.1f});"
            f" expect about {100 * self.expected:.1f} %, since it was chosen as the best of "
            f"{sum(o.affordable for o in self.options)}.",
            f"It is the best within the budget in {100 * mine.best:.0f} % of the draws of the "
            "problems.",
        ]
        if self.cheapest.configuration != mine.configuration:
            lines.append(
                f"Shown to lose at most {100 * self.margin:g} points to it, and cheapest: "
                f"{self.cheapest.configuration}, {_amount(self.cheapest.cost)} {unit} a problem, "
                f"{100 * self.cheapest.accuracy.estimate:.1f} %."
            )
        return "\n".join([*lines, "What to buy next:", *(f"- {one.words}" for one in self.to_buy)])


def make_plan(
    measured: Measured,
    budget: float,
    rng: np.random.Generator,
    *,
    cost: str = "calls",
    margin: float = 0.02,
    draws: int = 2000,
    level: float = 0.95,
) -> Plan:
    """Choose within a budget, with the uncertainty that the pilot's problems leave.

    Parameters
    ----------
    measured : Measured
        Of ``measure``.
    budget : float
        The most that a problem may cost on average.
    rng : Generator
        Of the bootstrap, which draws whole problems with replacement.
    cost : str
        What the budget counts: ``calls``, ``tokens`` or ``money``.
    margin : float
        What a cheaper configuration may lose in accuracy.
    draws : int
        Of the bootstrap.
    level : float
        Of the intervals.

    Raises
    ------
    UserError
        For fewer than six problems, a cost that is not known, or a budget that allows nothing.
    """
    count = len(measured.problems)
    if count < FEWEST_PROBLEMS:
        raise UserError(
            f"a pilot needs {FEWEST_PROBLEMS} problems or more, better a few dozen; got {count}"
        )
    if cost not in measured.costs:
        raise UserError(
            f"the cost {cost!r} is not known of these verdicts; there are: "
            f"{', '.join(measured.costs)}"
        )
    right, spent = measured.accuracy, measured.costs[cost]
    accuracy, price = right.mean(axis=1), spent.mean(axis=1)
    affordable = price <= budget + _SAME
    if not affordable.any():
        raise UserError(
            f"the budget of {_amount(budget)} {cost} a problem allows nothing: the cheapest is "
            f"{measured.configurations[int(price.argmin())]} at {_amount(float(price.min()))}"
        )
    chosen = _best(accuracy, price, affordable)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=draws) / count
    drawn, drawn_price = weights @ right.T, weights @ spent.T
    on_frontier, best = np.zeros(len(accuracy)), np.zeros(len(accuracy))
    curves = np.zeros((draws, len(price)))
    flattery = 0.0
    order = np.argsort(price, kind="stable")
    for i, (a, p) in enumerate(zip(drawn, drawn_price, strict=True)):
        on_frontier += frontier_of(a, p)
        # What is affordable is so on average; a draw of the problems does not change it.
        winner = _best(a, price, affordable)
        best[winner] += 1
        flattery += a[winner] - accuracy[winner]
        curves[i] = np.maximum.accumulate(a[order])
    apart = 1 - (1 - level) / max(1, int(affordable.sum()) - 1)
    own = frontier_of(accuracy, price)
    options = [
        Option(
            measured.configurations[c],
            mean_interval(right[c], level=level),
            float(price[c]),
            bool(affordable[c]),
            bool(own[c]),
            float(on_frontier[c] / draws),
            float(best[c] / draws),
            paired_difference(right[c], right[chosen], level=apart)[0] if affordable[c] else None,
        )
        for c in order
    ]
    mine = options[int(np.flatnonzero(order == chosen)[0])]
    alike = [o for o in options if o.difference is not None and o.difference.low >= -margin]
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return Plan(
        float(budget),
        cost,
        count,
        tuple(options),
        mine,
        float(accuracy[chosen] - flattery / draws),
        min([mine, *alike], key=lambda o: o.cost),
        margin,
        np.array([np.maximum.accumulate(accuracy[order]), low, high]),
        what_to_buy(measured, chosen, cost, budget, level=level),
    )


def frontier_of(accuracy: np.ndarray, price: np.ndarray) -> np.ndarray:
    """(configurations,) whether nothing that costs as little is as accurate or better.

    Of two that are alike in both, the first is on the frontier.
    """
    order = np.lexsort((np.arange(len(price)), -accuracy, price))
    sorted_accuracy = accuracy[order]
    before = np.r_[-np.inf, np.maximum.accumulate(sorted_accuracy)[:-1]]
    found = np.zeros(len(price), dtype=bool)
    found[order] = sorted_accuracy > before + _SAME
    return found


def _best(accuracy: np.ndarray, price: np.ndarray, affordable: np.ndarray) -> int:
    """The most accurate affordable one; of several, the cheapest."""
    places = np.flatnonzero(affordable)
    top = accuracy[places].max() - _SAME
    return int(min((c for c in places if accuracy[c] >= top), key=lambda c: (price[c], c)))


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
