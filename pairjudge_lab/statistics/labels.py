"""A judge of correctness: what it said of each response, against what is true of it.

A verdict gives two labels, one for each response, so it has four values: A, B, tie (both correct)
and neither. Preferences (see ``verdicts.table.row_kinds``) are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import CODES, FIRST, INVALID, NEITHER, SECOND, TIE
from pairjudge_lab.statistics.resampling import RESAMPLES, Resampled, margin, ratio, totals_by
from pairjudge_lab.verdicts.kinds import need_labels
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str]
"""A problem's id and a response's name."""

# The columns of the totals.
_N, _HIT_A, _HIT_B, _BOTH, _SAID_A, _SAID_B = range(6)
_TRUE_N, _TRUE_HIT, _FALSE_N, _FALSE_HIT, _MIXED, _MIXED_HIT = range(6, 12)
_NEITHER_N, _SAME, _SAME_SPLIT, _APART, _APART_BOTH, _ASKED = range(12, 18)


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What a judge of correctness said, against the truth.

    Attributes:
        said_by_true: (4, 4) verdicts that could be read: what was said (line) by what was true
            (column), each in the order both correct, only A, only B, neither.
        unread: verdicts that could not be read; they are in nothing else.
        accuracy: per response; ``accuracy_a``, ``accuracy_b`` by slot; ``on_right``, ``on_wrong``
        by
            truth (sensitivity and specificity); ``pair_accuracy`` both labels right;
            ``mixed_accuracy`` the same where exactly one response is right.
        slot_effect: P(called correct | slot A) - P(called correct | slot B), from pairs judged in
            both orders, so that response and opponent are the same.
        neither_rate: share of verdicts that call neither correct.
        same_answer_split: of verdicts on two responses with the same final answer, the share that
            gives them different labels: wrong by the protocol's own rule.
        different_both: of verdicts on two different answers, the share that calls both correct:
            impossible.
        context: how often one response's label changes with its opponent: the chance that two of
        its
            labels, in the same slot against different opponents, differ.
        alpha: Krippendorff's, of each response's labels over opponents and slots.
        accuracy_bounds: accuracy if every unread label were wrong, and if every one were right.
    """

    verdicts: int
    unread: int
    said_by_true: np.ndarray
    accuracy: Estimate
    accuracy_bounds: tuple[float, float]
    accuracy_a: Estimate
    accuracy_b: Estimate
    on_right: Estimate
    on_wrong: Estimate
    pair_accuracy: Estimate
    mixed_accuracy: Estimate
    slot_effect: Estimate
    neither_rate: Estimate
    same_answer_split: Estimate | None
    different_both: Estimate | None
    context: Estimate
    alpha: float

    def to_frame(self) -> pd.DataFrame:
        """One line a figure: estimate, interval, problems."""
        from pairjudge_lab.statistics.intervals import estimates_frame

        return estimates_frame(dict(self._estimates()))

    def _estimates(self) -> list[tuple[str, Estimate]]:
        named: list[tuple[str, Estimate | None]] = [
            ("label accuracy", self.accuracy),
            ("label accuracy in slot A", self.accuracy_a),
            ("label accuracy in slot B", self.accuracy_b),
            ("accuracy on right responses", self.on_right),
            ("accuracy on wrong responses", self.on_wrong),
            ("both labels right", self.pair_accuracy),
            ("both labels right, one response right and one wrong", self.mixed_accuracy),
            ("slot effect, P(called correct | A) - P(called correct | B)", self.slot_effect),
            ("neither called correct", self.neither_rate),
            ("same answer, different labels", self.same_answer_split),
            ("different answers, both called correct", self.different_both),
            ("label changes with the opponent", self.context),
        ]
        return [(name, value) for name, value in named if value is not None]

    def __str__(self) -> str:
        lines = [f"{'per cent':60} {'estimate':>8}  95 % interval"]
        for name, e in self._estimates():
            lines.append(
                f"{name:60} {100 * e.estimate:8.1f}  [{100 * e.low:.1f}, {100 * e.high:.1f}]"
            )
        worst, best = (100 * bound for bound in self.accuracy_bounds)
        lines.append(f"{'alpha of a response over opponents and slots':60} {self.alpha:8.3f}")
        lines.append(
            f"{self.verdicts} verdicts, {self.unread} of them not readable and left out; if all "
            f"their labels were wrong, or right, accuracy would be {worst:.1f} or {best:.1f}."
        )
        lines.append("Intervals: bootstrap over problems.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def label_report(
    table: pd.DataFrame,
    truth: Mapping[Key, bool],
    *,
    answers: Mapping[Key, Any] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> LabelReport:
    """What a judge of correctness said, against the truth.

    Args:
        table: the verdicts of one judge.
        truth: whether each response is right, by problem and name.
        answers: each response's team (equal: same final answer), for the rules of the protocol.

    Raises:
        UserError: when the truth of a response is not given, nothing could be read, or the verdicts
            are preferences.
    """
    import pandas as pd

    need_labels(table_kind(table), "a report on labels")

    problem, problems = pd.factorize(table["problem_id"].astype(str))
    keys = [
        list(zip(table["problem_id"].astype(str), table[c].astype(str), strict=True))
        for c in ("response_a", "response_b")
    ]
    absent = next((key for side in keys for key in side if key not in truth), None)
    if absent is not None:
        raise UserError(
            f"it is not known whether response {absent[1]!r} of problem {absent[0]!r} is right"
        )
    said = table["verdict"].map(CODES).to_numpy()
    read = said != INVALID
    if not read.any():
        raise UserError(f"none of the {len(table)} verdicts could be read")
    true_a, true_b = (np.array([truth[key] for key in side], dtype=bool) for side in keys)
    said_a = np.isin(said, (FIRST, TIE))
    said_b = np.isin(said, (SECOND, TIE))
    hit_a, hit_b = said_a == true_a, said_b == true_b
    columns = np.zeros((len(table), _ASKED + 1))
    mixed = true_a != true_b
    for place, values in (
        (_N, read),
        (_HIT_A, hit_a),
        (_HIT_B, hit_b),
        (_BOTH, hit_a & hit_b),
        (_TRUE_N, true_a.astype(int) + true_b),
        (_TRUE_HIT, (hit_a & true_a).astype(int) + (hit_b & true_b)),
        (_FALSE_N, 2 - true_a.astype(int) - true_b),
        (_FALSE_HIT, (hit_a & ~true_a).astype(int) + (hit_b & ~true_b)),
        (_MIXED, mixed),
        (_MIXED_HIT, mixed & hit_a & hit_b),
        (_NEITHER_N, said == NEITHER),
    ):
        columns[:, place] = values * read
    columns[:, _ASKED] = 1
    counterpart = _both_read(table, problem, said)
    columns[:, _SAID_A] = said_a * counterpart
    columns[:, _SAID_B] = said_b * counterpart
    if answers is not None:
        same = np.array([answers[a] == answers[b] for a, b in zip(*keys, strict=True)])
        columns[:, _SAME] = same * read
        columns[:, _SAME_SPLIT] = same * read * (said_a != said_b)
        columns[:, _APART] = ~same * read
        columns[:, _APART_BOTH] = ~same * read * (said == TIE)
    totals = totals_by(problem, columns, len(problems))
    paired = np.bincount(problem, weights=counterpart.astype(float), minlength=len(problems))
    changes = _context(keys, problem, read, said_a, said_b, len(problems))
    everything = np.column_stack([totals, paired, *changes])
    drawn = Resampled(everything, np.random.default_rng(seed), resamples)
    whole = drawn.whole

    def of(top: int, bottom: int) -> Estimate:
        return drawn.estimate(ratio(top, bottom), bounds=(0.0, 1.0))

    code = np.array([TIE, FIRST, SECOND, NEITHER])
    true_code = np.select([true_a & true_b, true_a, true_b], [TIE, FIRST, SECOND], NEITHER)
    crossed = np.array(
        [[(read & (said == s) & (true_code == t)).sum() for t in code] for s in code]
    )
    hits, asked = whole[_HIT_A] + whole[_HIT_B], 2 * whole[_ASKED]
    unread = int((~read).sum())
    return LabelReport(
        verdicts=len(table),
        unread=unread,
        said_by_true=crossed,
        accuracy=drawn.estimate(
            lambda t: (t[..., _HIT_A] + t[..., _HIT_B]) / (2 * t[..., _N]), bounds=(0.0, 1.0)
        ),
        accuracy_bounds=(float(hits / asked), float((hits + 2 * unread) / asked)),
        accuracy_a=of(_HIT_A, _N),
        accuracy_b=of(_HIT_B, _N),
        on_right=of(_TRUE_HIT, _TRUE_N),
        on_wrong=of(_FALSE_HIT, _FALSE_N),
        pair_accuracy=of(_BOTH, _N),
        mixed_accuracy=of(_MIXED_HIT, _MIXED),
        slot_effect=drawn.estimate(margin(_SAID_A, _SAID_B, _ASKED + 1), bounds=(-1.0, 1.0)),
        neither_rate=of(_NEITHER_N, _N),
        same_answer_split=of(_SAME_SPLIT, _SAME) if answers is not None else None,
        different_both=of(_APART_BOTH, _APART) if answers is not None else None,
        context=of(_ASKED + 2, _ASKED + 3),
        alpha=_alpha(keys, problem, read, said_a, said_b),
    )


def _both_read(table: pd.DataFrame, problem: np.ndarray, said: np.ndarray) -> np.ndarray:
    """(rows,) whether this verdict and the one with the order swapped could both be read."""
    import pandas as pd

    a, b = table["response_a"].astype(str), table["response_b"].astype(str)
    repetition = table.get("repetition", 0)
    frame = pd.DataFrame(
        {
            "problem": problem,
            "repetition": repetition,
            "low": np.where(a < b, a, b),
            "high": np.where(a < b, b, a),
            "read": said != INVALID,
        }
    )
    together = frame.groupby(["problem", "repetition", "low", "high"])["read"]
    return np.asarray(together.transform("sum") == 2)


def _context(
    keys: list[list[Key]],
    problem: np.ndarray,
    read: np.ndarray,
    said_a: np.ndarray,
    said_b: np.ndarray,
    problems: int,
) -> tuple[np.ndarray, np.ndarray]:
    """(problems,) each: pairs of unlike labels, and all pairs, of one response in one slot."""
    import pandas as pd

    unlike, pairs = np.zeros(problems), np.zeros(problems)
    for side, said in zip(keys, (said_a, said_b), strict=True):
        response = pd.factorize(pd.MultiIndex.from_tuples(side))[0]
        right = np.bincount(response[read], weights=said[read].astype(float))
        count = np.bincount(response[read], minlength=len(right)).astype(float)
        owner = np.zeros(len(right), dtype=np.int64)
        owner[response[read]] = problem[read]
        unlike += np.bincount(owner, weights=right * (count - right), minlength=problems)
        pairs += np.bincount(owner, weights=count * (count - 1) / 2, minlength=problems)
    return unlike, pairs


def _alpha(
    keys: list[list[Key]],
    problem: np.ndarray,
    read: np.ndarray,
    said_a: np.ndarray,
    said_b: np.ndarray,
) -> float:
    """Krippendorff's alpha of the labels: a response is an item, each of its labels a rating."""
    import krippendorff
    import pandas as pd

    response = pd.factorize(pd.MultiIndex.from_tuples([*keys[0], *keys[1]]))[0]
    labels = np.concatenate([said_a, said_b]).astype(int)
    kept = np.concatenate([read, read])
    counts = np.zeros((response.max() + 1, 2))
    np.add.at(counts, (response[kept], labels[kept]), 1)
    counts = counts[counts.sum(axis=1) > 1]
    if len(counts) == 0 or (counts.sum(axis=0) > 0).sum() < 2:
        return float("nan")
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
