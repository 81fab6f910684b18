"""Each annotator, and a judge, against the remaining annotators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.annotator_labels import agreement, aligned, clustered
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS, Estimate, no_interval

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class LeftOut(Result):
    """Agreement with the remaining annotators, one left out.

    Attributes
    ----------
    annotator : str
        Who was left out.
    items : int
        How many are compared.
    agreement : Estimate
        Of the annotator with the others: the share of them with the same label, on average over
        items. ``judge``: the same of the judge, on the same items.
    difference : Estimate
        Judge minus annotator.
    alpha : float
        Krippendorff's, of all annotators; ``alpha_without`` this one, and ``alpha_replaced`` with
        the judge in this one's place.
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

    Parameters
    ----------
    labels, judge, cluster
        As for ``alternative_annotator_test``. Items that the judge was not read on are left out of
        both sides.
    level : float
        Of the intervals, Student's over clusters.

    Raises
    ------
    UserError
        As there; ``leave_one_annotator_out`` needs one common item an annotator.
    """
    table, said, groups = aligned(labels, judge, cluster)
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
            np.array([agreement(by[row], list(values[row, others[row]])) for row in mine])
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


def _mean(values: np.ndarray, owner: np.ndarray, level: float) -> Estimate:
    from scipy import stats

    mean, error, clusters = clustered(values, owner)
    if clusters < FEWEST_PROBLEMS:
        return no_interval(mean, clusters, level)
    reach = float(stats.t.ppf(0.5 + level / 2, clusters - 1)) * error
    return Estimate(mean, mean - reach, mean + reach, clusters, "Student", level)


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
