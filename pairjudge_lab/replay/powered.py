"""Prediction-powered Best-of-N: a whole curve, and differences of tournaments, from few gold
labels.

Whether a candidate is right is often known for few problems, while a proxy of it (a verifier's
label, a second judge's, agreement with the majority) is known for all. The proxy's curve has the
proxy's bias; the gold curve is short of problems. Selectors play the same brackets in both, so what
a gold problem says about its own proxy corrects the proxy on all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.replay.curves import Curve
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.gold_subset import Powered, powered_mean

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class PoweredCurve(Result):
    """Accuracy of selectors at every N, from the gold labels of few problems.

    Attributes
    ----------
    points : mapping
        By selector and N, the accuracy.
    gold, problems : int
        How many problems have gold labels, and how many there are.
    values : mapping
        By selector and N, (problems,) the proxy's value, and the gold one or NaN.
    """

    points: dict[tuple[str, int], Powered]
    gold: int
    problems: int
    values: dict[tuple[str, int], tuple[np.ndarray, np.ndarray]]

    def to_frame(self) -> pd.DataFrame:
        """One line a selector and N."""
        return _frame(self.points, ("selector", "n"))

    def differences(self, against: str) -> pd.DataFrame:
        """Each selector minus ``against`` at every N, prediction-powered problem by problem.

        Raises
        ------
        UserError
            When there is no such selector.
        """
        names = list(dict.fromkeys(name for name, _ in self.points))
        if against not in names:
            raise UserError(f"no selector {against!r} in the curve; it has {', '.join(names)}")
        found = {}
        for name, n in self.points:
            if name != against:
                one, other = self.values[name, n], self.values[against, n]
                found[name, n] = powered_mean(one[0] - other[0], one[1] - other[1])
        return _frame(found, ("first", "n"))


def powered_curve(gold: Curve, proxy: Curve) -> PoweredCurve:
    """Bring the curve of the few and the curve of all together.

    The gold problems must be a random draw of all problems.

    Parameters
    ----------
    gold : Curve
        ``curve`` of the problems whose truth is known, with the true labels.
    proxy : Curve
        ``curve`` of all problems, those among them, with the proxy's labels in place of the true
        ones, and the same selectors, sizes and seed, so that both play the same brackets.

    Raises
    ------
    UserError
        When a gold problem, a selector or an N is missing from the proxy's curve, or the seeds
        differ.
    """
    if gold.seed != proxy.seed:
        raise UserError(
            f"both curves need the same seed, so that they play the same brackets; got {gold.seed} "
            f"and {proxy.seed}"
        )
    place = {name: i for i, name in enumerate(proxy.problems)}
    absent = [name for name in gold.problems if name not in place]
    if absent:
        raise UserError(f"problem {absent[0]!r} has gold labels and is not in the proxy's curve")
    at = np.array([place[name] for name in gold.problems])
    cheap = {(point.selector, point.n): point.per_problem for point in proxy.points}
    points, values = {}, {}
    for point in gold.points:
        key = point.selector, point.n
        if key not in cheap:
            raise UserError(f"the proxy's curve lacks {point.selector} at N = {point.n}")
        truth = np.full(len(proxy.problems), np.nan)
        truth[at] = point.per_problem
        values[key] = cheap[key], truth
        points[key] = powered_mean(cheap[key], truth)
    return PoweredCurve(points, len(at), len(proxy.problems), values)


def _frame(found: dict[tuple[str, int], Powered], names: tuple[str, str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            names[0]: key[0],
            names[1]: key[1],
            "estimate": row.estimate.estimate,
            "low": row.estimate.low,
            "high": row.estimate.high,
            "gold only": row.gold_only.estimate,
            "gold low": row.gold_only.low,
            "gold high": row.gold_only.high,
            "proxy only": row.judge_only,
            "weight": row.weight,
        }
        for key, row in found.items()
    )
