"""What the order of two responses did to one judge: the figures and their intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.renamed import renamed_attribute
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.contingency import Test
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.json_rows import ends_row, estimate_row, json_number

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

    Attributes
    ----------
    pairs : int
        Unordered pairs judged in both orders, each repetition its own.
    consistent, primacy, recency : int
        Of those in which both verdicts could be read.
    unread : int
        Pairs in which one could not, or neither.
    unpaired : int
        Verdicts without a counterpart in the other order; they are in nothing here.
    identical : int
        Pairs of identical texts; they are in nothing here.
    distinct : int or None
        Different pairs of texts among ``pairs``; None where texts are not known.
    consistency : Estimate
        Consistent / (consistent + primacy + recency).
    consistency_all : Estimate
        Consistent / pairs: a pair that was not read counts against the judge.
    bounds : mapping
        Of ``consistency``, ``position_effect``, ``order_effect``, ``kappa`` and ``accuracy`` (where
        known), the lowest and the highest value had every verdict been read, given the half of each
        pair that was. ``bounds_intervals`` are its 95 % limits, and ``tipping`` the share of the
        unread verdicts that would have to favour the first position for the position effect to be 0
        (NaN where none would).
    fairness : Estimate
        (recency - primacy) / pairs read in both orders, from -1 (all primacy) to 1; the preference
        fairness of arXiv 2406.07791. ``fairness_all`` is over all pairs.
    conflict_rate : Estimate
        FairEval's, share of pairs read in both orders whose win or tie changes.
    first_position : Estimate
        Of the verdicts in pairs read in both orders that favour a position, the share for the
        first.
    position_effect : Estimate
        P(first favoured) - P(second favoured), over all verdicts of pairs read in both orders. For
        a judge of correctness that is P(called correct | first) - P(called correct | second), same
        response and opponent.
    order_effect : Estimate
        On the logit scale, conditional on the pair, with ties; positive for primacy. See
        ``order.order_limits``.
    kappa : Estimate
        Cohen's, between the winners of the two orders.
    tests : tuple of Test
        Whether the position effect is 0. The first is the one that ``position_effect``'s interval
        inverts (the exact sign-flip test for fewer than six problems); then the sign-flip test,
        McNemar's with problems as clusters and without, and two tests whether the table of winners
        is symmetric.
    equivalence : float
        The two one-sided tests' p value of an effect within ``margin``; NaN without a margin.
    accuracy : Estimate or None
        Where the better response is known, the share of verdicts that name it; ``accuracy_shown``
        and ``accuracy_swapped`` with the response whose name sorts first shown first and second,
        ``both_right`` in both orders.
    accuracy_all : Estimate or None
        The same share with every unread verdict counted as wrong.
    p_adjusted : float
        The first test's p value after Benjamini and Hochberg over a report's judges.
    winners : array
        (3, 3) pairs read in both orders, by who won with x shown first (row) and with y shown first
        (column): x, y, nobody. ``winners_and_unread``, (4, 4), holds every pair.
    both_none : int
        Consistent pairs with no winner, once both correct and once neither.
    design_effect : float
        How many times as large the variance of the position effect is as it would be for
        independent pairs.
    change : float
        The mean square of what a pair adds to the position effect: the share of pairs that change
        with the order, those with a tie in one order counting a quarter.
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
        """Of a position effect of 0: the test that its interval inverts; NaN where no pair was
        read in both orders."""
        return nan if isnan(self.position_effect.estimate) else self.tests[0].p

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
