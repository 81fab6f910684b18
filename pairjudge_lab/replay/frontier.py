"""Tournaments at equal cost: accuracy against calls, tokens or money, and what each is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pairjudge_lab.records import Tournament, UserError
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.replay.selecting import check_plan, each_problem, values
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import Estimate, mean_interval, paired_difference
from pairjudge_lab.tournaments import tournament

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = "knockout"
"""What every tournament is compared with, and always one of those played."""

COSTS = ("calls", "tokens", "money")


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """A tournament under one budget.

    Attributes
    ----------
    budget : int or None
        The most calls a problem; None for no budget.
    accuracy : Estimate
        Over problems, each with the mean of its subsets and draws.
    per_problem : array
        (problems,) those means.
    costs : mapping
        By name of ``COSTS``, the mean spent a problem: fewer calls than the budget where the
        tournament ended before. Tokens and money are calls times the mean of the problem's recorded
        verdicts, and are not there where that is not known.
    """

    selector: str
    budget: int | None
    accuracy: Estimate
    per_problem: np.ndarray
    costs: dict[str, float]


@dataclass(frozen=True, slots=True)
class EqualCost:
    """A tournament under one budget minus the knockout at the same mean cost."""

    selector: str
    budget: int | None
    cost: str
    spent: float
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Frontier(Result):
    """Every tournament under every budget, on the same subsets of the same problems."""

    picture: ClassVar[tuple[str, str]] = ("frontier", "plot_frontier")

    points: tuple[FrontierPoint, ...]
    n: int
    problems: tuple[str, ...]
    seed: int

    def of(self, selector: str) -> list[FrontierPoint]:
        """One tournament's points, from the cheapest on."""
        mine = [point for point in self.points if point.selector == selector]
        return sorted(mine, key=lambda point: point.costs["calls"])

    @property
    def selectors(self) -> list[str]:
        return list(dict.fromkeys(point.selector for point in self.points))

    def compare(self, cost: str = "calls", *, level: float = 0.95) -> list[EqualCost]:
        """Each tournament minus the knockout at equal mean cost, problem by problem.

        Between two budgets the knockout's accuracy is interpolated, problem by problem; beyond the
        most that it can spend it stays as it is. Intervals are simultaneous: those of
        ``paired_difference`` at a level that Bonferroni's inequality spreads over all comparisons.

        Raises
        ------
        UserError
            For a cost that is not known.
        """
        if cost not in self.points[0].costs:
            raise UserError(
                f"the cost {cost!r} is not known of these verdicts; there are: "
                f"{', '.join(self.points[0].costs)}"
            )
        reference = sorted(self.of(REFERENCE), key=lambda point: point.costs[cost])
        spent = np.array([point.costs[cost] for point in reference])
        table = np.array([point.per_problem for point in reference])
        rows = [
            point
            for point in self.points
            if point.selector != REFERENCE and point.costs[cost] >= spent[0]
        ]
        apart = 1 - (1 - level) / max(1, len(rows))
        found = []
        for point in rows:
            at = np.interp(point.costs[cost], spent, np.arange(len(spent)))
            low, share = int(at), at - int(at)
            high = min(low + 1, len(spent) - 1)
            same = (1 - share) * table[low] + share * table[high]
            difference, _ = paired_difference(point.per_problem, same, level=apart)
            found.append(
                EqualCost(point.selector, point.budget, cost, point.costs[cost], difference)
            )
        return found

    def to_frame(self) -> pd.DataFrame:
        """One line a tournament and budget: accuracy with its interval, and what was spent."""
        import pandas as pd

        return pd.DataFrame(
            {
                "selector": p.selector,
                "budget": p.budget,
                "accuracy": p.accuracy.estimate,
                "low": p.accuracy.low,
                "high": p.accuracy.high,
                **p.costs,
                "problems": len(self.problems),
            }
            for p in self.points
        )

    def differences(self, cost: str = "calls") -> pd.DataFrame:
        """``compare`` as one line a comparison."""
        import pandas as pd

        return pd.DataFrame(
            {
                "selector": c.selector,
                "budget": c.budget,
                "cost": c.cost,
                "spent": c.spent,
                "difference": c.difference.estimate,
                "low": c.difference.low,
                "high": c.difference.high,
            }
            for c in self.compare(cost)
        )


def frontier(
    recordings: Sequence[Recording],
    tournaments: Sequence[str] | Mapping[str, Tournament],
    n: int,
    budgets: Sequence[int],
    *,
    subsets: int = 200,
    seed: int = 0,
    prices: Mapping[str, Mapping[str, float]] | None = None,
) -> Frontier:
    """Play every tournament under every budget, and without one.

    Parameters
    ----------
    recordings : sequence of Recording
        Of problems whose truth is known and that have n candidates; others are not played.
    tournaments : sequence of str or mapping
        Names, or tournaments under names of your own; the knockout is added where it is not among
        them.
    n : int
        Candidates.
    budgets : sequence of int
        Calls a problem.
    subsets : int
        How many subsets (and draws) a problem.
    prices : mapping or None
        By problem id, the mean ``tokens`` and ``money`` of a verdict.

    Raises
    ------
    UserError
        When no problem is left, or see ``replay``.
    """
    kinds: dict[str, Tournament] = (
        dict(tournaments)
        if isinstance(tournaments, Mapping)
        else {name: tournament(name) for name in tournaments}
    )
    kinds = {REFERENCE: tournament(REFERENCE), **kinds}
    usable = [
        r
        for r in recordings
        if len(r) >= n and all(c.correct is not None for c in r.pool.candidates)
    ]
    if not usable:
        raise UserError(f"no problem has {n} candidates whose truth is known; choose a smaller N")
    points = []
    for name, kind in kinds.items():
        check_plan(name, kind, usable[0])
        for budget in (*sorted(set(budgets)), None):
            rules: Any = getattr(kind, "rules", None)
            if rules is None:
                raise UserError(f"the tournament {name!r} has no rules, so it takes no budget")
            plan: Any = replace(kind, rules=replace(rules, budget=budget))  # type: ignore[type-var]
            some = partial(values, name, plan, n=n, count=subsets, seed=seed)
            found = each_problem(some, usable)
            means = np.array([float(hits.mean()) for hits, _ in found])
            calls = np.array([spent for _, spent in found])
            costs = {"calls": float(calls.mean())}
            if prices is not None:
                own = [prices[r.pool.problem.id] for r in usable]
                for cost in ("tokens", "money"):
                    if all(cost in price for price in own):
                        each = [price[cost] for price in own]
                        costs[cost] = float(np.mean(calls * np.array(each)))
            points.append(FrontierPoint(name, budget, mean_interval(means), means, costs))
    ids = tuple(r.pool.problem.id for r in usable)
    return Frontier(tuple(points), n, ids, seed)
