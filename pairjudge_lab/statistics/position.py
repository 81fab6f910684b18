"""Position: does the order in which two responses are shown change the verdict?

The words follow arXiv 2406.07791. Of a pair judged in both orders, with A, B and C for a verdict
that favours the response shown first, second, or neither of the two: *consistent* is AB, BA and CC
(the same winner both times, or none); *primacy* AA, AC and CA; *recency* BB, BC and CB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.statistics.bias_table import BiasReport
from pairjudge_lab.statistics.contingency import (
    Test,
    bowker,
    clustered_mcnemar,
    mcnemar,
    mcnemar_exact,
    sign_flip,
    stuart_maxwell,
)
from pairjudge_lab.statistics.figures import RESAMPLES, Figures
from pairjudge_lab.statistics.intervals import Estimate, no_interval
from pairjudge_lab.statistics.pairs import Pairs
from pairjudge_lab.statistics.position_bias import PositionBias
from pairjudge_lab.statistics.position_totals import CELLS, position_totals
from pairjudge_lab.statistics.unread import counts_against, unread_bounds

if TYPE_CHECKING:
    import pandas as pd


def position_bias(
    pairs: Pairs,
    rng: np.random.Generator,
    *,
    method: str = "score",
    weight: str = "pairs",
    margin: float | None = None,
    unread: str = "left out",
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> PositionBias:
    """Everything about one group's position bias, with intervals over problems.

    Parameters
    ----------
    pairs : Pairs
        Of ``pair_up``.
    rng : Generator
        What the bootstrap draws with, where ``method`` asks for it.
    method, weight, resamples, level
        See ``figures.Figures``.
    margin : float or None
        A position effect below it counts as none; adds the test of equivalence.
    unread : str
        ``left out``, or ``wrong``: an unread verdict counts against the judge in ``consistency``
        and the accuracies.
    """
    against = counts_against(unread)
    totals = position_totals(pairs)
    figures = Figures(
        totals, method=method, weight=weight, rng=rng, resamples=resamples, level=level
    )
    whole = totals.whole
    winners = np.array([whole[cell] for cell in CELLS]).reshape(3, 3)
    read, everything = int(whole["read"]), int(whole["pairs"])
    p, r = int(whole["primacy"]), int(whole["recency"])
    lean = ("lean_first", "lean_second", "read")
    open_ = unread_bounds(pairs, totals, weight=weight, level=level) if everything else None
    both_none = (pairs.winners[0] == 2) & (pairs.winners[1] == 2) & (pairs.x_first != pairs.y_first)

    def known(hits: str, of: str) -> Estimate | None:
        return figures.share(hits, of) if whole["gold_pairs"] else None

    return PositionBias(
        group=pairs.name,
        verdicts=pairs.verdicts,
        pairs=len(pairs),
        problems=pairs.problems,
        consistent=int(whole["consistent"]),
        primacy=p,
        recency=r,
        unread=int(whole["unread"]),
        unpaired=pairs.unpaired,
        unread_verdicts=pairs.unread_verdicts,
        identical=pairs.identical,
        distinct=pairs.distinct,
        winners=winners,
        winners_and_unread=np.bincount(
            4 * pairs.winners[0] + pairs.winners[1], minlength=16
        ).reshape(4, 4),
        both_none=int(both_none.sum()),
        consistency=figures.share("consistent", "pairs" if against else "read"),
        consistency_all=figures.share("consistent", "pairs"),
        bounds=open_.bounds if open_ else {},
        bounds_intervals=open_.intervals if open_ else {},
        tipping=open_.tipping if open_ else nan,
        fairness=figures.difference("recency", "primacy", "read"),
        fairness_all=float((r - p) / everything) if everything else nan,
        conflict_rate=figures.share("changed", "read"),
        first_position=figures.share("first", "sided"),
        position_effect=figures.difference(*lean, squares="lean_squares"),
        order_effect=(
            figures.order("full_first", "full_second", "half_first", "half_second")
            if read
            else no_interval(nan, 0, level)
        ),
        kappa=figures.kappa(CELLS),
        design_effect=figures.design_effect(*lean, squares="lean_squares") if read else nan,
        change=float(whole["lean_squares"] / read) if read else nan,
        tests=_tests(figures, winners),
        equivalence=(
            nan
            if margin is None
            else figures.equivalence_p(*lean, squares="lean_squares", margin=margin)
        ),
        accuracy=known("right", "gold" if against else "gold_read"),
        accuracy_shown=known("right_x", "gold_pairs" if against else "gold_x"),
        accuracy_swapped=known("right_y", "gold_pairs" if against else "gold_y"),
        both_right=known("right_both", "gold_pairs" if against else "gold_both"),
        accuracy_all=known("right", "gold"),
    )


def _tests(figures: Figures, winners: np.ndarray) -> tuple[Test, ...]:
    totals = figures.totals
    gap = totals["primacy"] - totals["recency"]
    p, r = int(totals["primacy"].sum()), int(totals["recency"].sum())
    own = figures.difference_p("lean_first", "lean_second", "read", squares="lean_squares")
    flips = sign_flip(totals["lean_first"] - totals["lean_second"])
    inverted = () if isnan(own) else (Test("score, clustered by problem", nan, None, own),)
    return (
        *inverted,
        flips,
        clustered_mcnemar(gap),
        mcnemar_exact(p, r),
        mcnemar(p, r),
        bowker(winners),
        stuart_maxwell(winners),
    )


def bias_report(
    table: pd.DataFrame,
    *,
    by: str | None = "judge",
    texts: Mapping[tuple[str, str], str] | None = None,
    method: str = "score",
    weight: str = "pairs",
    margin: float | None = None,
    unread: str = "left out",
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> BiasReport:
    """Position bias of every judge of a verdict table.

    Parameters
    ----------
    table : DataFrame
        A verdict table.
    by : str or None
        The column whose values are the groups; None takes the whole table for one, and so does a
        table that has no column ``judge``.
    texts : mapping or None
        The text of each response, by problem id and response; see ``pairs.pair_up``.
    method, weight, resamples
        See ``figures.Figures``.
    margin : float or None
        A position effect within plus and minus this counts as none; the report then says for which
        judges that is shown.
    unread : str
        What becomes of verdicts that could not be read; see ``position_bias``.
    seed : int
        Of the bootstrap.

    Raises
    ------
    UserError
        For a table that ``pair_up`` cannot read, or a margin outside 0 to 1.

    Examples
    --------
    >>> from pairjudge_lab import bias_report, load_verdicts
    >>> report = bias_report(load_verdicts("embedded"))
    >>> report.rows[0].pairs
    24000
    """
    from statsmodels.stats.multitest import multipletests

    from pairjudge_lab.records import UserError
    from pairjudge_lab.statistics.pairs import pair_up

    if margin is not None and not 0 < margin < 1:
        raise UserError(f"the margin is a share between 0 and 1, such as 0.05, got {margin}")
    if by == "judge" and "judge" not in table:
        by = None
    rows = [
        position_bias(
            pairs,
            np.random.default_rng([seed, i]),
            method=method,
            weight=weight,
            margin=margin,
            unread=unread,
            resamples=resamples,
        )
        for i, pairs in enumerate(pair_up(table, by, texts=texts))
    ]
    # A judge of which nothing was read has no p, and is none of the comparisons.
    adjusted = np.array([row.p for row in rows])
    told = np.isfinite(adjusted)
    if told.any():
        adjusted[told] = multipletests(adjusted[told], method="fdr_bh")[1]
    rows = [replace(row, p_adjusted=float(p)) for row, p in zip(rows, adjusted, strict=True)]
    read = np.where(table["verdict"] == "invalid", "unread", "parsed")
    names, counts = np.unique(table.get("status", read), return_counts=True)
    statuses = {str(name): int(count) for name, count in zip(names, counts, strict=True)}
    return BiasReport(tuple(rows), resamples, seed, statuses, method, weight, margin, unread)
