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
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS, Estimate, no_interval
from pairjudge_lab.statistics.names import codes_by_name

if TYPE_CHECKING:
    import pandas as pd

Score = Callable[[Any, Sequence[Any]], float]
"""How well a label fits the labels of others, higher for better."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The judge and one annotator, against the remaining annotators.

    Attributes:
        annotator: who was left out.
        items: how many the annotator, someone else and the judge labelled; of ``clusters``.
        judge_as_good: share of items where the judge fits the others at least as well.
        annotator_as_good: share where the annotator does.
        p: of the null hypothesis that annotator_as_good - judge_as_good is epsilon or more.
        judge_wins: whether that is rejected, together with the other annotators' tests.
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

    Attributes:
        rows: one an annotator that was compared.
        winning_rate: the share of annotators that the judge wins against; the test is passed from
            one half on.
        advantage: the mean of ``judge_as_good``, for comparing judges (the average advantage
            probability).
        epsilon: what an annotator has to be better by to be worth the cost.
        unread: items on which the judge's label could not be read.
        alone: items that fewer than two annotators labelled, left out.
        few: annotators with too few items to be compared, and with how many.
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

    Args:
        labels: a row an item, a column an annotator, missing where somebody has not labelled it.
        judge: the judge's label of each item, by the same index, missing where it was not read.
        epsilon: the authors advise 0.2 where annotators are experts, 0.15 where they are trained,
            0.1 for crowd workers.
        score: ``agreement``, the share of the others with the same label; ``rmse``, minus the root
            of the mean squared distance, of numbers; or a function of a label and a list of others.
        cluster: what hangs together, such as the problem, by the same index; the t test then goes
            over clusters. Without it every item stands alone, as in the paper.
        unread: ``left out``, or ``loses``: an item that the judge could not be read on counts for
            the annotator.
        fewest: an annotator with fewer items is not compared, but named.
        q: the false discovery rate.

    Raises:
        UserError: for fewer than two annotators, an epsilon outside 0 to 1, other words, or when no
            annotator has enough items.
    """
    from scipy import stats

    rule = _score(score)
    if unread not in ("left out", "loses"):
        raise UserError(f"an unread item is 'left out' or 'loses', not {unread!r}")
    if not 0 <= epsilon < 1:
        raise UserError(f"epsilon is a difference of shares from 0 to below 1, got {epsilon}")
    table, said, groups = _aligned(labels, judge, cluster)
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


@dataclass(frozen=True, slots=True)
class LeftOut(Result):
    """Agreement with the remaining annotators, one left out.

    Attributes:
        annotator: who was left out.
        items: how many are compared.
        agreement: of the annotator with the others: the share of them with the same label, on
            average over items. ``judge``: the same of the judge, on the same items.
        difference: judge minus annotator.
        alpha: Krippendorff's, of all annotators; ``alpha_without`` this one, and ``alpha_replaced``
            with the judge in this one's place.
    """

    annotator: str
    items: int
    agreement: Estimate
    judge: Estimate
    difference: Estimate
    alpha: float
    alpha_without: float
    alpha_replaced: float

    def to_frame(self) -> pd.DataFrame:
        """One line a figure: the annotator's agreement, the judge's, and the difference."""
        import pandas as pd

        figures = {"annotator": self.agreement, "judge": self.judge, "difference": self.difference}
        return pd.DataFrame(
            {
                "left out": self.annotator,
                "agreement of": name,
                "estimate": found.estimate,
                "low": found.low,
                "high": found.high,
            }
            for name, found in figures.items()
        )


def leave_one_annotator_out(
    labels: pd.DataFrame,
    judge: pd.Series,
    *,
    cluster: pd.Series | None = None,
    level: float = 0.95,
) -> tuple[LeftOut, ...]:
    """How well each annotator, and the judge, agrees with the remaining annotators.

    Args:
        labels, judge, cluster: as for ``alternative_annotator_test``. Items that the judge was not
            read on are left out of both sides.
        level: of the intervals, Student's over clusters.

    Raises:
        UserError: as there; ``leave_one_annotator_out`` needs one common item an annotator.
    """
    table, said, groups = _aligned(labels, judge, cluster)
    known, read = table.notna().to_numpy(), said.notna().to_numpy()
    values, judged = table.to_numpy(dtype=object), said.to_numpy(dtype=object)
    everyone = _alpha(values, known)
    out = []
    for column, name in enumerate(map(str, table.columns)):
        others = known.copy()
        others[:, column] = False
        mine = np.flatnonzero(known[:, column] & read & others.any(axis=1))
        if not len(mine):
            raise UserError(f"annotator {name!r} shares no item with another one and the judge")
        own, its = (
            np.array([_agreement(by[row], list(values[row, others[row]])) for row in mine])
            for by in (values[:, column], judged)
        )
        replaced, there = values.copy(), known.copy()
        replaced[:, column], there[:, column] = judged, known[:, column] & read
        owner = np.unique(groups[mine], return_inverse=True)[1]
        out.append(
            LeftOut(
                annotator=name,
                items=len(mine),
                agreement=_mean(own, owner, level),
                judge=_mean(its, owner, level),
                difference=_mean(its - own, owner, level),
                alpha=everyone,
                alpha_without=_alpha(values, others),
                alpha_replaced=_alpha(replaced, there),
            )
        )
    return tuple(out)


def _p_value(differences: np.ndarray, owner: np.ndarray, epsilon: float, stats: Any) -> float:
    """Of a mean difference of ``epsilon`` or more, by a t test over clusters of items."""
    mean, error, clusters = _clustered(differences, owner)
    if error > 1e-12:
        return float(stats.t.cdf((mean - epsilon) / error, clusters - 1))
    return float((1 - epsilon) ** clusters) if mean <= 0 else 1.0


def _clustered(values: np.ndarray, owner: np.ndarray) -> tuple[float, float, int]:
    """The mean, its standard error, and how many clusters there are."""
    mean, clusters = float(values.mean()), int(owner.max()) + 1
    if clusters < 2:
        return mean, 0.0, clusters
    residuals = np.bincount(owner, weights=values - mean, minlength=clusters)
    square = np.square(residuals).sum() * clusters / (clusters - 1)
    return mean, float(np.sqrt(square)) / len(values), clusters


def _mean(values: np.ndarray, owner: np.ndarray, level: float) -> Estimate:
    from scipy import stats

    mean, error, clusters = _clustered(values, owner)
    if clusters < FEWEST_PROBLEMS:
        return no_interval(mean, clusters, level)
    reach = float(stats.t.ppf(0.5 + level / 2, clusters - 1)) * error
    return Estimate(mean, mean - reach, mean + reach, clusters, "Student", level)


def _agreement(label: Any, others: Sequence[Any]) -> float:
    return float(np.mean([label == other for other in others]))


def _rmse(label: Any, others: Sequence[Any]) -> float:
    return -float(np.sqrt(np.mean([(label - other) ** 2 for other in others])))


def _score(score: str | Score) -> Score:
    if callable(score):
        return score
    known: dict[str, Score] = {"agreement": _agreement, "rmse": _rmse}
    if score not in known:
        raise UserError(f"a score is agreement, rmse or a function, not {score!r}")
    return known[score]


def _aligned(
    labels: pd.DataFrame, judge: pd.Series, cluster: pd.Series | None
) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Labels, the judge's by the same items, and a number for each item's cluster."""
    if labels.shape[1] < 2:
        raise UserError(f"leaving one annotator out needs two or more, got {labels.shape[1]}")
    for what, index in (("labels", labels.index), ("the judge's labels", judge.index)):
        if not index.is_unique:
            raise UserError(f"an item stands twice in {what}: {index[index.duplicated()][0]!r}")
    said = judge.reindex(labels.index)
    if cluster is None:
        return labels, said, np.arange(len(labels))
    codes, _ = codes_by_name(cluster.reindex(labels.index), "cluster")
    return labels, said, codes


def _alpha(values: np.ndarray, known: np.ndarray) -> float:
    """Krippendorff's alpha of nominal labels, NaN where it is not defined."""
    import krippendorff
    import pandas as pd

    codes = pd.factorize(pd.Index(values[known], dtype=object))[0]
    counts = np.zeros((len(values), int(codes.max(initial=-1)) + 1))
    np.add.at(counts, (np.nonzero(known)[0], codes), 1)
    counts = counts[counts.sum(axis=1) > 1]
    if len(counts) == 0 or (counts.sum(axis=0) > 0).sum() < 2:
        return float("nan")
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
