"""A judge beside human annotators: may it stand in for one of them?

The alternative annotator test of Calderon, Reichart and Dror (2025, arXiv 2501.10970), and the
agreement of each annotator, and of the judge, with the remaining ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.annotator_labels import agreement, aligned, clustered
from pairjudge_lab.statistics.left_out import LeftOut, leave_one_annotator_out

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AlternativeAnnotator",
    "Beside",
    "LeftOut",
    "Score",
    "alternative_annotator_test",
    "leave_one_annotator_out",
]

Score = Callable[[Any, Sequence[Any]], float]
"""How well a label fits the labels of others, higher for better."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The judge and one annotator, against the remaining annotators.

    Attributes
    ----------
    annotator : str
        Who was left out.
    items : int
        How many the annotator, someone else and the judge labelled; of ``clusters``.
    judge_as_good : float
        Share of items where the judge fits the others at least as well.
    annotator_as_good : float
        Share where the annotator does.
    p : float
        Of the null hypothesis that annotator_as_good - judge_as_good is epsilon or more.
    judge_wins : bool
        Whether that is rejected, together with the other annotators' tests.
    """

    annotator: str
    items: int
    clusters: int
    judge_as_good: float
    annotator_as_good: float
    p: float
    judge_wins: bool


@dataclass(frozen=True, slots=True)
class AlternativeAnnotator(Result):
    """Whether a judge may stand in for an annotator.

    Attributes
    ----------
    rows : tuple of Beside
        One an annotator that was compared.
    winning_rate : float
        The share of annotators that the judge wins against; the test is passed from one half on.
    advantage : float
        The mean of ``judge_as_good``, for comparing judges (the average advantage probability).
    epsilon : float
        What an annotator has to be better by to be worth the cost.
    unread : int
        Items on which the judge's label could not be read.
    alone : int
        Items that fewer than two annotators labelled, left out.
    few : tuple of tuple
        Annotators with too few items to be compared, and with how many.
    """

    picture: ClassVar[tuple[str, str]] = ("annotators", "plot_advantage")

    rows: tuple[Beside, ...]
    winning_rate: float
    advantage: float
    epsilon: float
    unread: int
    alone: int
    few: tuple[tuple[str, int], ...]

    @property
    def passed(self) -> bool:
        """Whether the judge wins against half of the annotators or more."""
        return self.winning_rate >= 0.5

    def to_frame(self) -> pd.DataFrame:
        """One line an annotator."""
        import pandas as pd

        return pd.DataFrame([{n: getattr(row, n) for n in Beside.__slots__} for row in self.rows])

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.3f}")
        few = "".join(f"; {name} has only {count} items" for name, count in self.few)
        return (
            f"{body}\nwinning rate {self.winning_rate:.2f} "
            f"({'passed' if self.passed else 'not passed'} at epsilon {self.epsilon:g}), average "
            f"advantage probability {self.advantage:.3f}\n{self.unread} items unread, "
            f"{self.alone} with fewer than two annotators{few}"
        )


def alternative_annotator_test(
    labels: pd.DataFrame,
    judge: pd.Series,
    *,
    epsilon: float,
    score: str | Score = "agreement",
    cluster: pd.Series | None = None,
    unread: str = "left out",
    fewest: int = 30,
    q: float = 0.05,
) -> AlternativeAnnotator:
    """The alternative annotator test.

    One annotator at a time is left out. On each item it is asked whether the judge, and whether
    that annotator, fits the remaining annotators' labels at least as well as the other does. A
    one-sided t test asks whether the annotator is ahead by less than ``epsilon``; the tests of all
    annotators are taken together by Benjamini and Yekutieli (2001). Where the differences are all
    alike, so that there is no t, p is the largest chance under the null hypothesis that no item of
    n favours the annotator, (1 - epsilon)^n.

    Parameters
    ----------
    labels : DataFrame
        A row an item, a column an annotator, missing where somebody has not labelled it.
    judge : Series
        The judge's label of each item, by the same index, missing where it was not read.
    epsilon : float
        The authors advise 0.2 where annotators are experts, 0.15 where they are trained, 0.1 for
        crowd workers.
    score : str or Score
        ``agreement``, the share of the others with the same label; ``rmse``, minus the root of the
        mean squared distance, of numbers; or a function of a label and a list of others.
    cluster : Series or None
        What hangs together, such as the problem, by the same index; the t test then goes over
        clusters. Without it every item stands alone, as in the paper.
    unread : str
        ``left out``, or ``loses``: an item that the judge could not be read on counts for the
        annotator.
    fewest : int
        An annotator with fewer items is not compared, but named.
    q : float
        The false discovery rate.

    Raises
    ------
    UserError
        For fewer than two annotators, an epsilon outside 0 to 1, other words, or when no annotator
        has enough items.
    """
    from scipy import stats

    rule = _score(score)
    if unread not in ("left out", "loses"):
        raise UserError(f"an unread item is 'left out' or 'loses', not {unread!r}")
    if not 0 <= epsilon < 1:
        raise UserError(f"epsilon is a difference of shares from 0 to below 1, got {epsilon}")
    table, said, groups = aligned(labels, judge, cluster)
    known, read = table.notna().to_numpy(), said.notna().to_numpy()
    several = known.sum(axis=1) >= 2
    values, judged = table.to_numpy(dtype=object), said.to_numpy(dtype=object)
    found: list[tuple[str, int, int, float, float, float]] = []
    few = []
    for column, name in enumerate(map(str, table.columns)):
        mine = np.flatnonzero(several & known[:, column] & (read | (unread == "loses")))
        if len(mine) < max(fewest, 2):
            few.append((name, len(mine)))
            continue
        human, machine = np.ones(len(mine)), np.zeros(len(mine))
        for place, row in enumerate(mine):
            if not read[row]:
                continue
            others = known[row].copy()
            others[column] = False
            rest = list(values[row, others])
            own, its = rule(values[row, column], rest), rule(judged[row], rest)
            human[place], machine[place] = own >= its, its >= own
        owner = np.unique(groups[mine], return_inverse=True)[1]
        p = _p_value(human - machine, owner, epsilon, stats)
        row_of = (name, len(mine), int(owner.max()) + 1, machine.mean(), human.mean(), p)
        found.append(row_of)
    if not found:
        raise UserError(
            f"no annotator has {fewest} items that another one labelled and the judge was read on; "
            "label more, or lower fewest="
        )
    wins = stats.false_discovery_control([row[5] for row in found], method="by") <= q
    rows = tuple(Beside(*row, bool(won)) for row, won in zip(found, wins, strict=True))
    return AlternativeAnnotator(
        rows=rows,
        winning_rate=float(np.mean(wins)),
        advantage=float(np.mean([row.judge_as_good for row in rows])),
        epsilon=epsilon,
        unread=int((several & ~read).sum()),
        alone=int((~several).sum()),
        few=tuple(few),
    )


def _p_value(differences: np.ndarray, owner: np.ndarray, epsilon: float, stats: Any) -> float:
    """Of a mean difference of ``epsilon`` or more, by a t test over clusters of items."""
    mean, error, clusters = clustered(differences, owner)
    if error > 1e-12:
        return float(stats.t.cdf((mean - epsilon) / error, clusters - 1))
    return float((1 - epsilon) ** clusters) if mean <= 0 else 1.0


def _rmse(label: Any, others: Sequence[Any]) -> float:
    return -float(np.sqrt(np.mean([(label - other) ** 2 for other in others])))


def _score(score: str | Score) -> Score:
    if callable(score):
        return score
    known: dict[str, Score] = {"agreement": agreement, "rmse": _rmse}
    if score not in known:
        raise UserError(f"a score is agreement, rmse or a function, not {score!r}")
    return known[score]
