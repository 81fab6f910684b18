"""Judges compared with each other on the problems that they share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS, Estimate
from pairjudge_lab.statistics.names import codes_by_name, plain_name
from pairjudge_lab.statistics.pairs import pair_up
from pairjudge_lab.statistics.position_totals import position_totals
from pairjudge_lab.statistics.totals import Totals
from pairjudge_lab.statistics.unread import counts_against
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd

FIGURES = {
    "consistency": ("consistent", None, "read", "pairs"),
    "position effect": ("lean_first", "lean_second", "read", "read"),
    "accuracy": ("right", None, "gold_read", "gold"),
}
"""Figures by name: what is counted for it, what against it, and of what, where verdicts that could
not be read are left out and where they count as wrong."""

DRAWS = 9999


@dataclass(frozen=True, slots=True)
class JudgeDifference:
    """One figure of two judges, first minus second.

    Attributes
    ----------
    figure : str
        Its name.
    first, second : str
        The judges.
    difference : Estimate
        With an interval that holds for all comparisons of the table at once.
    p : float
        Of no difference, on its own; ``p_adjusted`` against the largest of all comparisons.
    """

    figure: str
    first: str
    second: str
    difference: Estimate
    p: float
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class JudgeComparison(Result):
    """Every pair of judges, figure by figure.

    Attributes
    ----------
    rows : tuple of JudgeDifference
        The differences.
    problems : int
        How many problems all judges share; ``left_out`` how many some judge lacks.
    critical : float
        The t value that the largest of all comparisons stays below in 95 of 100 studies.
    kinds : tuple of (str, str)
        Each judge and the kind of its verdicts, where not all are of one kind.
    """

    rows: tuple[JudgeDifference, ...]
    problems: int
    left_out: int
    critical: float
    kinds: tuple[tuple[str, str], ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One line a comparison."""
        import pandas as pd

        return pd.DataFrame(
            {
                "figure": row.figure,
                "first": row.first,
                "second": row.second,
                "difference": row.difference.estimate,
                "low": row.difference.low,
                "high": row.difference.high,
                "p": row.p,
                "p_adjusted": row.p_adjusted,
            }
            for row in self.rows
        )

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.3f}")
        return (
            f"{body}\n{self.problems} problems that all judges share ({self.left_out} left out). "
            f"95 % intervals for all {len(self.rows)} comparisons at once (max-t, critical value "
            f"{self.critical:.2f}), problems as clusters.{self._note()}"
        )

    def _note(self) -> str:
        if not self.kinds:
            return ""
        told = ", ".join(f"{name} gives {kind}" for name, kind in self.kinds)
        return (
            f"\nNot of one kind: {told}. A tie of labels says that both responses are right, or "
            "both wrong; one of preferences, that neither is better."
        )


def compare_judges(
    table: pd.DataFrame,
    *,
    by: str = "judge",
    level: float = 0.95,
    unread: str = "left out",
    seed: int = 0,
) -> JudgeComparison:
    """Compare the judges of a verdict table on the problems that all of them have judged.

    Each judge's figures are linearised by problem, so that differences keep what the judges have
    in common: problems that are hard for all. The signs of the problems are then drawn at random,
    the same for every comparison, and the largest studentised difference of each draw gives the
    critical value and the adjusted p values (Westfall and Young 1993, single step).

    Parameters
    ----------
    table : DataFrame
        A verdict table with two judges or more.
    by : str
        The column that tells them apart.
    level : float
        Coverage of all intervals together.
    unread : str
        ``left out``, or ``wrong``: what could not be read counts against the judge in consistency
        and accuracy; see ``position.PositionBias``.
    seed : int
        Of the signs.

    Raises
    ------
    UserError
        For fewer than two judges, or fewer than six problems that all share.

    Examples
    --------
    >>> import pandas as pd
    >>> from pairjudge_lab import compare_judges, judge_pairs, load_judge, load_pools
    >>> pools = [pool.first(4) for pool in load_pools("embedded", limit=10)]
    >>> specs = ["simulated:accuracy=0.9", "simulated:accuracy=0.7"]
    >>> tables = [judge_pairs(load_judge(s), pools).to_pandas().assign(judge=s) for s in specs]
    >>> compare_judges(pd.concat(tables, ignore_index=True)).problems
    10
    """
    from scipy import stats

    against = counts_against(unread)
    groups, names = _shared(table, by)
    problems = len(groups[0])
    estimates, influences = {}, {}
    for figure, (plus, minus, left, every) in FIGURES.items():
        of = every if against else left
        if all(totals[of].sum() for totals in groups):
            for name, totals in zip(names, groups, strict=True):
                estimates[figure, name], influences[figure, name] = _linear(totals, plus, minus, of)
    asked = [
        (figure, one, other)
        for figure in dict.fromkeys(figure for figure, _ in estimates)
        for one, other in combinations(names, 2)
    ]
    gaps = np.array([estimates[f, one] - estimates[f, other] for f, one, other in asked])
    pulls = np.stack([influences[f, one] - influences[f, other] for f, one, other in asked])
    errors = np.sqrt(np.square(pulls).sum(axis=1))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(DRAWS, problems))
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = signs @ pulls.T
        # Each draw has a spread of its own, as each study has.
        drawn = np.abs(moved) / np.sqrt(np.square(errors) - np.square(moved) / problems)
        seen = np.asarray(np.where(errors > 0, np.abs(gaps) / errors, 0.0))
    largest = np.nan_to_num(drawn).max(axis=1)
    single = float(stats.t.ppf(0.5 + level / 2, problems - 1))
    critical = max(single, float(np.quantile(largest, level)))
    alone = 2 * stats.t.sf(seen, problems - 1)
    together = (1 + (largest[:, None] >= seen - 1e-12).sum(axis=0)) / (DRAWS + 1)
    method = "max-t over all comparisons, clustered by problem"
    rows = []
    for k, (figure, one, other) in enumerate(asked):
        # Judges that never differ leave no spread; a difference in one of n problems would.
        reach = critical * max(float(errors[k]), 1 / problems**1.5)
        low, high = max(-1.0, gaps[k] - reach), min(1.0, gaps[k] + reach)
        found = Estimate(float(gaps[k]), float(low), float(high), problems, method, level)
        adjusted = max(float(together[k]), float(alone[k]))
        rows.append(JudgeDifference(figure, one, other, found, float(alone[k]), adjusted))
    ids = codes_by_name(table["problem_id"], "problem_id")[1]
    told = table[by].map(plain_name)
    kinds = tuple((name, str(table_kind(table[told == name]) or "nothing")) for name in names)
    mixed = len({kind for _, kind in kinds}) > 1
    return JudgeComparison(
        tuple(rows), problems, len(ids) - problems, critical, kinds if mixed else ()
    )


def _shared(table: pd.DataFrame, by: str) -> tuple[list[Totals], list[str]]:
    """Totals of each judge over the problems that all judges have, in the same order."""
    if by not in table:
        raise UserError(f"no column {by!r}; there are: {', '.join(map(str, table.columns))}")
    judge, names = codes_by_name(table[by], by)
    problem, ids = codes_by_name(table["problem_id"], "problem_id")
    if len(names) < 2:
        raise UserError(f"judges are compared with each other, and there is only {names[0]!r}")
    there = np.zeros((len(names), len(ids)), dtype=bool)
    there[judge, problem] = True
    common = np.asarray(there.all(axis=0))
    if common.sum() < FEWEST_PROBLEMS:
        raise UserError(
            f"all judges share {int(common.sum())} problems; a comparison needs "
            f"{FEWEST_PROBLEMS} or more. Compare judges of the same study"
        )
    kept = common[problem]
    # Sorted by problem, so that every judge's problems are numbered alike.
    order = np.argsort(problem[kept], kind="stable")
    groups = pair_up(table[kept].iloc[order], by)
    by_name = {pairs.name: position_totals(pairs) for pairs in groups}
    return [by_name[name] for name in names], names


def _linear(totals: Totals, plus: str, minus: str | None, of: str) -> tuple[float, np.ndarray]:
    """A figure and what each problem moves it, inflated for the problem's own part in it (CR2)."""
    top = totals[plus] - (totals[minus] if minus else 0.0)
    size = totals[of]
    whole = size.sum()
    value = float(top.sum() / whole)
    part = np.minimum(size / whole, 1 - 1e-9)
    return value, (top - value * size) / whole / np.sqrt(1 - part)
