"""Position: does the order in which two responses are shown change the verdict?

The words follow arXiv 2406.07791. Of a pair judged in both orders, with A, B and C for a verdict
that favours the response shown first, second, or neither of the two: *consistent* is AB, BA and CC
(the same winner both times, or none); *primacy* AA, AC and CA; *recency* BB, BC and CB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.statistics.agreement import cohen_kappa
from pairjudge_lab.statistics.contingency import (
    Test,
    bowker,
    clustered_mcnemar,
    mcnemar,
    mcnemar_exact,
    stuart_maxwell,
)
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import Pairs
from pairjudge_lab.statistics.resampling import RESAMPLES, Resampled, margin, ratio, totals_by

if TYPE_CHECKING:
    import pandas as pd

# The columns of the totals: the nine cells of winner by winner, then what else is counted.
_CELLS = 9
_CONSISTENT, _PRIMACY, _RECENCY, _READ, _INVALID, _PAIRS, _FIRST, _SECOND, _SIDED = range(9, 18)
_GOLD, _RIGHT, _RIGHT_X, _RIGHT_Y, _RIGHT_BOTH, _GOLD_PAIRS = range(18, 24)
_COLUMNS = 24


@dataclass(frozen=True, slots=True)
class PositionBias:
    """What the order did to one judge.

    Attributes:
        pairs: unordered pairs judged in both orders, each repetition its own.
        consistent, primacy, recency: of those in which both verdicts could be read.
        invalid: pairs in which one could not, or neither.
        unpaired: verdicts without a counterpart in the other order; they are in nothing here.
        consistency: consistent / (consistent + primacy + recency).
        bounds: of ``consistency``, ``slot_effect`` and ``accuracy`` (where known), the value if
        every
            pair or verdict that could not be read had gone the worst way (the lowest value), and
            the best (the highest). Accuracy's lowest is ``accuracy`` itself.
        fairness: (recency - primacy) / readable pairs, from -1 (all primacy) to 1; the preference
            fairness of arXiv 2406.07791. ``fairness_all`` divides by all pairs, as its code does.
        conflict_rate: share of readable pairs whose win, tie or loss changes (FairEval's).
        first_slot: of the verdicts in readable pairs that favour a slot, the share for the first.
        slot_effect: P(first slot favoured) - P(second slot favoured), over all verdicts of readable
            pairs. For a judge of correctness that is P(called correct | A) - P(called correct | B),
            same response and opponent.
        order_effect: on the logit scale, conditional on the pair: ln(P / R) / 2, positive for
            primacy, with problems as clusters. When P or R is 0, half a pair is added to both.
        kappa: Cohen's, between the winners of the two orders.
        tests: whether P and R differ by more than chance (McNemar, clustered by problem first), and
            whether the table of winners is symmetric.
        accuracy: where the better response is known, the share of readable verdicts that name it;
            ``accuracy_shown`` and ``accuracy_swapped`` with the response whose name sorts first
            shown first and second, ``both_right`` in both orders. The denominators hold the
            verdicts that could not be read too, so that not answering is not rewarded:
            ``accuracy_read`` leaves them out.
        p_adjusted: the clustered McNemar p after Benjamini and Hochberg over the judges of a
        report.
        winners: (3, 3) readable pairs by who won with x shown first (line) and with y shown first
            (column): x, y, nobody. ``winners_and_unread`` is (4, 4) and holds every pair.
        both_none: consistent pairs with no winner, once both correct and once neither.
    """

    group: str
    verdicts: int
    pairs: int
    problems: int
    consistent: int
    primacy: int
    recency: int
    invalid: int
    unpaired: int
    invalid_verdicts: int
    winners: np.ndarray
    winners_and_unread: np.ndarray
    both_none: int
    consistency: Estimate
    bounds: dict[str, tuple[float, float]]
    fairness: Estimate
    fairness_all: float
    conflict_rate: Estimate
    first_slot: Estimate
    slot_effect: Estimate
    order_effect: Estimate
    kappa: Estimate
    tests: tuple[Test, ...]
    accuracy: Estimate | None = None
    accuracy_shown: Estimate | None = None
    accuracy_swapped: Estimate | None = None
    both_right: Estimate | None = None
    accuracy_read: Estimate | None = None
    p_adjusted: float = field(default=float("nan"))

    def row(self) -> dict[str, Any]:
        """One plain line for a table or for JSON; NaN becomes None."""

        def plain(value: Estimate | None) -> dict[str, float | None] | None:
            if value is None:
                return None
            numbers = {"estimate": value.estimate, "low": value.low, "high": value.high}
            return {key: _number(number) for key, number in numbers.items()}

        return {
            "judge": self.group,
            "verdicts": self.verdicts,
            "pairs": self.pairs,
            "problems": self.problems,
            "consistent": self.consistent,
            "primacy": self.primacy,
            "recency": self.recency,
            "invalid": self.invalid,
            "invalid_verdicts": self.invalid_verdicts,
            "unpaired": self.unpaired,
            "consistency": plain(self.consistency),
            "bounds": {
                name: {"low": _number(low), "high": _number(high)}
                for name, (low, high) in self.bounds.items()
            },
            "kappa": _number(self.kappa.estimate),
            "kappa_interval": plain(self.kappa),
            "order_effect": plain(self.order_effect),
            "slot_effect": plain(self.slot_effect),
            "fairness": plain(self.fairness),
            "fairness_all_pairs": _number(self.fairness_all),
            "conflict_rate": plain(self.conflict_rate),
            "first_slot": plain(self.first_slot),
            "accuracy": plain(self.accuracy),
            "accuracy_shown": plain(self.accuracy_shown),
            "accuracy_swapped": plain(self.accuracy_swapped),
            "both_right": plain(self.both_right),
            "accuracy_read": plain(self.accuracy_read),
            "tests": {t.name: {"statistic": t.statistic, "df": t.df, "p": t.p} for t in self.tests},
            "p_adjusted": _number(self.p_adjusted),
        }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


@dataclass(frozen=True, slots=True)
class BiasReport:
    """Position bias of every judge of a table; prints as a table, and is one in Jupyter.

    ``statuses`` is the ledger: verdicts by status where the table has one, and by whether they
    could be read where it does not.
    """

    rows: tuple[PositionBias, ...]
    resamples: int
    seed: int
    statuses: dict[str, int]

    def to_frame(self) -> pd.DataFrame:
        """One line a judge; intervals as columns ``..._low`` and ``..._high``."""
        import pandas as pd

        lines = []
        for row in self.rows:
            line: dict[str, Any] = {}
            for key, value in row.row().items():
                if isinstance(value, dict) and set(value) == {"estimate", "low", "high"}:
                    line[key] = value["estimate"]
                    line[f"{key}_low"], line[f"{key}_high"] = value["low"], value["high"]
                elif key == "bounds":
                    for name, bound in value.items():
                        line[f"{name}_worst"], line[f"{name}_best"] = bound["low"], bound["high"]
                elif key != "tests":
                    line[key] = value
            line["p"] = row.tests[0].p
            lines.append(line)
        return pd.DataFrame(lines)

    def __str__(self) -> str:
        wide = max([5, *(len(row.group) for row in self.rows)])
        head, *lines = [
            f"{line[0]:{wide}} {line[1]:>6} {line[2]:>6} {line[3]:>6} {line[4]:>6} {line[5]:>6}  "
            f"{line[6]:>20}  {line[7]:>22}  {line[8]:>8} {line[9]:>8}"
            for line in (_HEAD, *map(_line, self.rows))
        ]
        return "\n".join([head, *lines, *self.notes])

    def _repr_html_(self) -> str:
        from html import escape

        def cells(line: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in line) + "</tr>"

        body = "".join(cells(_line(row), "td") for row in self.rows)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table>{cells(_HEAD, 'th')}{body}</table>{notes}"

    def _worst(self) -> list[str]:
        """What the headlines could be, had everything been read; nothing where everything was."""
        out = []
        for row in self.rows:
            if not row.invalid:
                continue
            said = (
                f"{name.replace('_', ' ')} {100 * low:.1f} to {100 * high:.1f}"
                for name, (low, high) in row.bounds.items()
            )
            out.append(
                f"{row.group}: had the {row.invalid} unread pairs gone the worst way or the best: "
                + ", ".join(said)
                + "."
            )
        return out

    @property
    def notes(self) -> list[str]:
        """What was left out, and how the figures were made, in words."""
        unread = sum(r.invalid for r in self.rows)
        unpaired = sum(r.unpaired for r in self.rows)
        return [
            "same, first, second: pairs with the same winner in both orders, or drawn to the slot "
            "shown first or second.",
            f"Left out: {unread} pairs with a verdict that could not be read (counted as unread), "
            f"{unpaired} verdicts without a counterpart in the other order. Verdicts: "
            + ", ".join(f"{count} {status}" for status, count in self.statuses.items())
            + ".",
            *self._worst(),
            f"95 % intervals: {self.resamples} bootstrap resamples of the problems, seed "
            f"{self.seed}. p: McNemar's test with problems as clusters; adjusted after Benjamini "
            "and Hochberg.",
        ]


_HEAD = (
    "judge",
    "pairs",
    "same",
    "first",
    "second",
    "unread",
    "consistent, %",
    "slot effect, points",
    "p",
    "adjusted",
)


def _line(row: PositionBias) -> tuple[str, ...]:
    return (
        row.group,
        str(row.pairs),
        str(row.consistent),
        str(row.primacy),
        str(row.recency),
        str(row.invalid),
        _percent(row.consistency),
        _percent(row.slot_effect),
        f"{row.tests[0].p:.2g}",
        f"{row.p_adjusted:.2g}",
    )


def _percent(value: Estimate) -> str:
    if np.isnan(value.low):
        return f"{100 * value.estimate:.1f}"
    return f"{100 * value.estimate:.1f} [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def position_bias(
    pairs: Pairs, rng: np.random.Generator, *, resamples: int = RESAMPLES, level: float = 0.95
) -> PositionBias:
    """Everything about one group's position bias, with intervals over problems."""
    totals = _totals(pairs)
    drawn = Resampled(totals, rng, resamples)
    whole = drawn.whole
    share = (0.0, 1.0)
    winners = whole[:_CELLS].reshape(3, 3)
    known = bool(whole[_GOLD_PAIRS])

    def of(top: int, bottom: int) -> Estimate:
        return drawn.estimate(ratio(top, bottom), bounds=share, level=level)

    read, everything = whole[_READ], whole[_PAIRS]
    nothing = float("nan")
    primacy, recency = totals[:, _PRIMACY], totals[:, _RECENCY]
    p, r = int(primacy.sum()), int(recency.sum())
    return PositionBias(
        group=pairs.name,
        verdicts=pairs.verdicts,
        pairs=len(pairs),
        problems=pairs.problems,
        consistent=int(whole[_CONSISTENT]),
        primacy=p,
        recency=r,
        invalid=int(whole[_INVALID]),
        unpaired=pairs.unpaired,
        invalid_verdicts=pairs.invalid_verdicts,
        winners=winners,
        winners_and_unread=np.bincount(
            4 * pairs.winners[0] + pairs.winners[1], minlength=16
        ).reshape(4, 4),
        both_none=int(
            (
                (pairs.winners[0] == 2) & (pairs.winners[1] == 2) & (pairs.x_first != pairs.y_first)
            ).sum()
        ),
        consistency=of(_CONSISTENT, _READ),
        bounds=_bounds(whole, pairs, known),
        fairness=drawn.estimate(margin(_RECENCY, _PRIMACY, _READ), bounds=(-1, 1), level=level),
        fairness_all=float((r - p) / everything) if everything else nothing,
        conflict_rate=drawn.estimate(
            lambda t: (t[..., _PRIMACY] + t[..., _RECENCY]) / t[..., _READ],
            bounds=share,
            level=level,
        ),
        first_slot=of(_FIRST, _SIDED),
        slot_effect=drawn.estimate(
            lambda t: (t[..., _FIRST] - t[..., _SECOND]) / (2 * t[..., _READ]),
            bounds=(-1, 1),
            level=level,
        ),
        order_effect=conditional_order_effect(primacy, recency, level=level),
        kappa=drawn.estimate(
            lambda t: cohen_kappa(t[..., :_CELLS].reshape(*t.shape[:-1], 3, 3)),
            bounds=(-1, 1),
            level=level,
        )
        if read
        else Estimate(nothing, nothing, nothing, pairs.problems, "none", level),
        tests=(
            clustered_mcnemar(primacy - recency),
            mcnemar_exact(p, r),
            mcnemar(p, r),
            bowker(winners),
            stuart_maxwell(winners),
        ),
        accuracy=of(_RIGHT, _GOLD) if known else None,
        accuracy_shown=of(_RIGHT_X, _GOLD_PAIRS) if known else None,
        accuracy_swapped=of(_RIGHT_Y, _GOLD_PAIRS) if known else None,
        both_right=of(_RIGHT_BOTH, _GOLD_PAIRS) if known else None,
        accuracy_read=_accuracy_read(pairs, rng, resamples, level) if known else None,
    )


def conditional_order_effect(
    primacy: np.ndarray, recency: np.ndarray, *, level: float = 0.95
) -> Estimate:
    """ln(P / R) / 2 on the logit scale, conditional on the pair.

    For a judge that prefers the response shown first with logit theta + gamma, and theta - gamma
    when it is shown second, P / R estimates exp(2 gamma) whatever theta. With one changed pair a
    problem the standard error is sqrt(1/P + 1/R) / 2; here it is the sandwich form with problems
    as clusters, and Student's t. When P or R is 0, half a pair is added to each (Haldane and
    Anscombe), and the error is the plain one.

    Args:
        primacy, recency: (problems,) counts.
    """
    from scipy import stats

    p, r = np.asarray(primacy, dtype=float), np.asarray(recency, dtype=float)
    problems = int((p + r > 0).sum())
    total_p, total_r = float(p.sum()), float(r.sum())
    if total_p and total_r:
        value = float(np.log(total_p / total_r) / 2)
        if problems < 2:
            return Estimate(value, float("nan"), float("nan"), problems, "none", level)
        chance = total_p / (total_p + total_r)
        spread = float(np.square(p - chance * (p + r)).sum()) * problems / (problems - 1)
        error = float(np.sqrt(spread)) / ((total_p + total_r) * chance * (1 - chance)) / 2
        reach = float(stats.t.ppf(0.5 + level / 2, problems - 1)) * error
        method = "conditional logit, clustered by problem"
    else:
        total_p, total_r = total_p + 0.5, total_r + 0.5
        value = float(np.log(total_p / total_r) / 2)
        reach = float(stats.norm.ppf(0.5 + level / 2) * np.sqrt(1 / total_p + 1 / total_r) / 2)
        method = "conditional logit, half a pair added to each"
    return Estimate(value, value - reach, value + reach, problems, method, level)


def bias_report(
    table: pd.DataFrame, *, by: str | None = "judge", seed: int = 0, resamples: int = RESAMPLES
) -> BiasReport:
    """Position bias of every judge of a verdict table.

    Raises:
        UserError: for a table that ``pair_up`` cannot read.
    """
    from dataclasses import replace

    from statsmodels.stats.multitest import multipletests

    from pairjudge_lab.statistics.pairs import pair_up

    rows = [
        position_bias(pairs, np.random.default_rng([seed, i]), resamples=resamples)
        for i, pairs in enumerate(pair_up(table, by))
    ]
    adjusted = multipletests([row.tests[0].p for row in rows], method="fdr_bh")[1] if rows else []
    rows = [replace(row, p_adjusted=float(p)) for row, p in zip(rows, adjusted, strict=True)]
    read = np.where(table["verdict"] == "invalid", "not read", "parsed")
    told, counts = np.unique(table.get("status", read), return_counts=True)
    statuses = {str(name): int(count) for name, count in zip(told, counts, strict=True)}
    return BiasReport(tuple(rows), resamples, seed, statuses)


def _totals(pairs: Pairs) -> np.ndarray:
    """(problems, columns): everything counted, by problem."""
    x, y = pairs.winners
    read = pairs.readable
    cells = np.where(read, 3 * x + y, _CELLS)
    table = np.zeros((pairs.problems, _COLUMNS))
    grid = np.bincount(
        pairs.problem * (_CELLS + 1) + cells, minlength=pairs.problems * (_CELLS + 1)
    ).reshape(pairs.problems, _CELLS + 1)
    table[:, :_CELLS] = grid[:, :_CELLS]
    xx, xy, xc, yx, yy, yc, cx, cy, cc = (table[:, i] for i in range(_CELLS))
    # By slot: x with x first is A; y with y first is A as well.
    table[:, _CONSISTENT] = xx + yy + cc
    table[:, _PRIMACY] = xy + xc + cy
    table[:, _RECENCY] = yx + yc + cx
    table[:, _READ] = table[:, _CONSISTENT] + table[:, _PRIMACY] + table[:, _RECENCY]
    table[:, _INVALID] = grid[:, _CELLS]
    table[:, _PAIRS] = table[:, _READ] + table[:, _INVALID]
    table[:, _FIRST] = (xx + xy + xc) + (xy + yy + cy)
    table[:, _SECOND] = (yx + yy + yc) + (xx + yx + cx)
    table[:, _SIDED] = table[:, _FIRST] + table[:, _SECOND]
    if (pairs.gold >= 0).any():
        known = pairs.gold >= 0
        right_x, right_y = known & (x == pairs.gold), known & (y == pairs.gold)
        columns = np.stack(
            [2 * known, right_x.astype(int) + right_y, right_x, right_y, right_x & right_y, known],
            axis=1,
        )
        table[:, _GOLD:] = totals_by(pairs.problem, columns.astype(float), pairs.problems)
    return table


def _bounds(whole: np.ndarray, pairs: Pairs, known: bool) -> dict[str, tuple[float, float]]:
    """The headlines with everything that could not be read gone the worst way, and the best."""
    everything = whole[_PAIRS]
    if not everything:
        return {}
    invalid = whole[_INVALID]
    lean = (whole[_FIRST] - whole[_SECOND]) / 2
    out = {
        "consistency": (whole[_CONSISTENT], whole[_CONSISTENT] + invalid),
        "slot_effect": (lean - invalid, lean + invalid),
    }
    bounds = {name: (float(a / everything), float(b / everything)) for name, (a, b) in out.items()}
    if known:
        judged = pairs.gold >= 0
        unread = sum(int((judged & (winner == 3)).sum()) for winner in pairs.winners)
        right, asked = whole[_RIGHT], whole[_GOLD]
        bounds["accuracy"] = (float(right / asked), float((right + unread) / asked))
    return bounds


def _accuracy_read(
    pairs: Pairs, rng: np.random.Generator, resamples: int, level: float
) -> Estimate:
    """Accuracy over the verdicts that could be read, whatever became of their counterparts."""
    known = pairs.gold >= 0
    columns = np.zeros((len(pairs), 2))
    for winner in pairs.winners:
        columns[:, 0] += known & (winner == pairs.gold)
        columns[:, 1] += known & (winner != 3)
    totals = totals_by(pairs.problem, columns, pairs.problems)
    drawn = Resampled(totals, rng, resamples)
    return drawn.estimate(ratio(0, 1), bounds=(0.0, 1.0), level=level)
