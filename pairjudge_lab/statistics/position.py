"""Position: does the order in which two responses are shown change the verdict?

The words follow arXiv 2406.07791. Of a pair judged in both orders, with A, B and C for a verdict
that favours the response shown first, second, or neither of the two: *consistent* is AB, BA and CC
(the same winner both times, or none); *primacy* AA, AC and CA; *recency* BB, BC and CB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.renamed import renamed_attribute
from pairjudge_lab.results import Result
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
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.json_rows import ends_row, estimate_row, json_number
from pairjudge_lab.statistics.pairs import Pairs
from pairjudge_lab.statistics.position_totals import CELLS, position_totals
from pairjudge_lab.statistics.unread import counts_against, unread_bounds

if TYPE_CHECKING:
    import pandas as pd


_ESTIMATES = (
    "consistency", "consistency_all", "order_effect", "position_effect", "fairness",
    "conflict_rate", "first_position", "accuracy", "accuracy_shown", "accuracy_swapped",
    "both_right", "accuracy_all",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PositionBias(Result):
    """What the order did to one judge.

    One rule for what was not read: ``consistency`` and the accuracies leave it out, or count it
    against the judge with ``unread="wrong"``; ``consistency_all`` and ``accuracy_all`` always count
    it so. What the order does (position effect, fairness, order effect, kappa) is over pairs read
    in both orders in either case, for a verdict that was not read favours no position; ``bounds``
    tell what it leaves open.

    Attributes:
        pairs: unordered pairs judged in both orders, each repetition its own.
        consistent, primacy, recency: of those in which both verdicts could be read.
        unread: pairs in which one could not, or neither.
        unpaired: verdicts without a counterpart in the other order; they are in nothing here.
        identical: pairs of identical texts; they are in nothing here.
        distinct: different pairs of texts among ``pairs``; None where texts are not known.
        consistency: consistent / (consistent + primacy + recency).
        consistency_all: consistent / pairs: a pair that was not read counts against the judge.
        bounds: of ``consistency``, ``position_effect``, ``order_effect``, ``kappa`` and
            ``accuracy`` (where known), the lowest and the highest value had every verdict
            been read, given the half of each pair that was. ``bounds_intervals`` are its 95 %
            limits, and ``tipping`` the share of the unread verdicts that would have to favour the
            first position for the position effect to be 0 (NaN where none would).
        fairness: (recency - primacy) / pairs read in both orders, from -1 (all primacy) to 1;
            the preference fairness of arXiv 2406.07791. ``fairness_all`` is over all pairs.
        conflict_rate: FairEval's, share of pairs read in both orders whose win or tie changes.
        first_position: of the verdicts in pairs read in both orders that favour a position,
            the share for the first.
        position_effect: P(first favoured) - P(second favoured), over all verdicts of pairs read in
            both orders. For a judge of correctness that is P(called correct | first) - P(called
            correct | second), same response and opponent.
        order_effect: on the logit scale, conditional on the pair, with ties; positive for primacy.
            See ``order.order_limits``.
        kappa: Cohen's, between the winners of the two orders.
        tests: whether the position effect is 0. The first is the one that ``position_effect``'s
            interval inverts (the exact sign-flip test for fewer than six problems); then the
            sign-flip test, McNemar's with problems as clusters and without, and two tests whether
            the table of winners is symmetric.
        equivalence: the two one-sided tests' p value of an effect within ``margin``; NaN without a
            margin.
        accuracy: where the better response is known, the share of verdicts that name it;
            ``accuracy_shown`` and ``accuracy_swapped`` with the response whose name sorts first
            shown first and second, ``both_right`` in both orders.
        accuracy_all: the same share with every unread verdict counted as wrong.
        p_adjusted: the first test's p value after Benjamini and Hochberg over a report's judges.
        winners: (3, 3) pairs read in both orders, by who won with x shown first (row) and with y
            shown first (column): x, y, nobody. ``winners_and_unread``, (4, 4), holds every pair.
        both_none: consistent pairs with no winner, once both correct and once neither.
        design_effect: how many times as large the variance of the position effect is as it would
            be for independent pairs.
        change: the mean square of what a pair adds to the position effect: the share of pairs that
            change with the order, those with a tie in one order counting a quarter.
    """

    group: str
    verdicts: int
    pairs: int
    problems: int
    consistent: int
    primacy: int
    recency: int
    unread: int
    unpaired: int
    unread_verdicts: int
    identical: int
    distinct: int | None
    winners: np.ndarray
    winners_and_unread: np.ndarray
    both_none: int
    consistency: Estimate
    consistency_all: Estimate
    bounds: dict[str, tuple[float, float]]
    bounds_intervals: dict[str, tuple[float, float]]
    tipping: float
    fairness: Estimate
    fairness_all: float
    conflict_rate: Estimate
    first_position: Estimate
    position_effect: Estimate
    order_effect: Estimate
    kappa: Estimate
    design_effect: float
    change: float
    tests: tuple[Test, ...]
    equivalence: float = nan
    accuracy: Estimate | None = None
    accuracy_shown: Estimate | None = None
    accuracy_swapped: Estimate | None = None
    both_right: Estimate | None = None
    accuracy_all: Estimate | None = None
    p_adjusted: float = field(default=nan)

    slot_effect = renamed_attribute("slot_effect", "position_effect")
    first_slot = renamed_attribute("first_slot", "first_position")
    invalid = renamed_attribute("invalid", "unread")
    invalid_verdicts = renamed_attribute("invalid_verdicts", "unread_verdicts")

    @property
    def p(self) -> float:
        """Of a position effect of 0: the test that its interval inverts."""
        return self.tests[0].p

    def to_frame(self) -> pd.DataFrame:
        """One line a figure that is known: ``figure``, ``estimate``, ``low``, ``high``."""
        import pandas as pd

        known = {name: getattr(self, name) for name in (*_ESTIMATES, "kappa")}
        return pd.DataFrame(
            {"figure": name.replace("_", " "), "estimate": e.estimate, "low": e.low, "high": e.high}
            for name, e in known.items()
            if e is not None
        )

    def row(self) -> dict[str, Any]:
        """One plain line for a table or for JSON; NaN becomes None."""
        counts = (
            "verdicts", "pairs", "problems", "consistent", "primacy", "recency", "unread",
            "unread_verdicts", "unpaired", "identical", "distinct",
        )  # fmt: skip
        return {
            "judge": self.group,
            **{name: getattr(self, name) for name in counts},
            **{name: estimate_row(getattr(self, name)) for name in _ESTIMATES},
            "bounds": {name: ends_row(*ends) for name, ends in self.bounds.items()},
            "bounds_intervals": {n: ends_row(*ends) for n, ends in self.bounds_intervals.items()},
            "tipping": json_number(self.tipping),
            "kappa": json_number(self.kappa.estimate),
            "kappa_interval": estimate_row(self.kappa),
            "fairness_all_pairs": json_number(self.fairness_all),
            "design_effect": json_number(self.design_effect),
            "change": json_number(self.change),
            "tests": {
                t.name: {"statistic": json_number(t.statistic), "df": t.df, "p": json_number(t.p)}
                for t in self.tests
            },
            "equivalence": json_number(self.equivalence),
            "p_adjusted": json_number(self.p_adjusted),
        }


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

    Args:
        pairs: of ``pair_up``.
        rng: what the bootstrap draws with, where ``method`` asks for it.
        method, weight, resamples, level: see ``figures.Figures``.
        margin: a position effect below it counts as none; adds the test of equivalence.
        unread: ``left out``, or ``wrong``: an unread verdict counts against the
            judge in ``consistency`` and the accuracies.
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
        order_effect=figures.order("full_first", "full_second", "half_first", "half_second"),
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

    Args:
        table: a verdict table.
        by: the column whose values are the groups; None takes the whole table for one, and so
            does a table that has no column ``judge``.
        texts: the text of each response, by problem id and response; see ``pairs.pair_up``.
        method, weight, resamples: see ``figures.Figures``.
        margin: a position effect within plus and minus this counts as none; the report then says
            for which judges that is shown.
        unread: what becomes of verdicts that could not be read; see ``position_bias``.
        seed: of the bootstrap.

    Raises:
        UserError: for a table that ``pair_up`` cannot read, or a margin outside 0 to 1.

    Examples:
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
    adjusted = multipletests([row.p for row in rows], method="fdr_bh")[1] if rows else []
    rows = [replace(row, p_adjusted=float(p)) for row, p in zip(rows, adjusted, strict=True)]
    read = np.where(table["verdict"] == "invalid", "unread", "parsed")
    told, counts = np.unique(table.get("status", read), return_counts=True)
    statuses = {str(name): int(count) for name, count in zip(told, counts, strict=True)}
    return BiasReport(tuple(rows), resamples, seed, statuses, method, weight, margin, unread)
