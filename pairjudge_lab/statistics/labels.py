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
from pairjudge_lab.renamed import renamed_attribute
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.figures import RESAMPLES, Figures
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import CODES, FIRST, NEITHER, SECOND, TIE, UNREAD
from pairjudge_lab.statistics.totals import Totals
from pairjudge_lab.verdicts.kinds import need_labels
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str]
"""A problem's id and a response's name."""


@dataclass(frozen=True, slots=True)
class LabelReport(Result):
    """What a judge of correctness said, against the truth.

    Attributes
    ----------
    said_by_true : array
        (4, 4) verdicts that could be read: what was said (line) by what was true (column), each in
        the order both correct, only A, only B, neither.
    unread : int
        Verdicts that could not be read; they are in nothing else.
    identical : int
        Verdicts on two identical texts, where texts are known; they are not in ``position_effect``.
    accuracy : Estimate
        Per response; ``accuracy_a``, ``accuracy_b`` by position; ``on_right``, ``on_wrong`` by
        truth (sensitivity and specificity); ``pair_accuracy`` both labels right; ``mixed_accuracy``
        the same where exactly one response is right.
    position_effect : Estimate
        P(called correct | position A) - P(called correct | position B), from pairs judged in both
        orders, so that response and opponent are the same.
    neither_rate : Estimate
        Share of verdicts that call neither correct.
    same_answer_split : Estimate or None
        Of verdicts on two responses with the same final answer, the share that gives them different
        labels: wrong by the protocol's own rule.
    different_both : Estimate or None
        Of verdicts on two different answers, the share that calls both correct: impossible.
    context : Estimate
        How often one response's label changes with its opponent: the chance that two of its labels,
        in the same position against different opponents, differ.
    alpha : float
        Krippendorff's, of each response's labels over opponents and positions.
    accuracy_bounds : tuple
        Accuracy if every unread label were wrong, and if every one were right.
    """

    verdicts: int
    unread: int
    identical: int
    said_by_true: np.ndarray
    accuracy: Estimate
    accuracy_bounds: tuple[float, float]
    accuracy_a: Estimate
    accuracy_b: Estimate
    on_right: Estimate
    on_wrong: Estimate
    pair_accuracy: Estimate
    mixed_accuracy: Estimate
    position_effect: Estimate
    neither_rate: Estimate
    same_answer_split: Estimate | None
    different_both: Estimate | None
    context: Estimate
    alpha: float

    slot_effect = renamed_attribute("slot_effect", "position_effect")

    def to_frame(self) -> pd.DataFrame:
        """One line a figure: estimate, interval, problems."""
        from pairjudge_lab.statistics.intervals import estimates_frame

        return estimates_frame(dict(self._estimates()))

    def _estimates(self) -> list[tuple[str, Estimate]]:
        named: list[tuple[str, Estimate | None]] = [
            ("label accuracy", self.accuracy),
            ("label accuracy in position A", self.accuracy_a),
            ("label accuracy in position B", self.accuracy_b),
            ("accuracy on right responses", self.on_right),
            ("accuracy on wrong responses", self.on_wrong),
            ("both labels right", self.pair_accuracy),
            ("both labels right, one response right and one wrong", self.mixed_accuracy),
            (
                "position effect, P(said correct | A) - P(said correct | B)",
                self.position_effect,
            ),
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
        lines.append(f"{'alpha of a response over opponents and positions':60} {self.alpha:8.3f}")
        lines.append(
            f"{self.verdicts} verdicts, {self.unread} of them unread and left out; if all "
            f"their labels were wrong, or right, accuracy would be {worst:.1f} or {best:.1f}."
        )
        lines.append(f"Intervals: {self.accuracy.method}.")
        return "\n".join(lines)


def label_report(
    table: pd.DataFrame,
    truth: Mapping[Key, bool],
    *,
    answers: Mapping[Key, Any] | None = None,
    texts: Mapping[Key, str] | None = None,
    method: str = "score",
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> LabelReport:
    """What a judge of correctness said, against the truth.

    Parameters
    ----------
    table : DataFrame
        The verdicts of one judge.
    truth : mapping
        Whether each response is right, by problem and name.
    answers : mapping or None
        Each response's answer group (equal: same final answer), for the rules of the protocol.
    texts : mapping or None
        Each response's text; verdicts on two identical texts then say nothing of the position
        effect, and are counted.
    method, resamples
        See ``figures.Figures``; ``seed`` is the bootstrap's.

    Raises
    ------
    UserError
        When the truth of a response is not given, nothing could be read, or the verdicts are
        preferences.
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
    read = said != UNREAD
    if not read.any():
        raise UserError(f"none of the {len(table)} verdicts could be read")
    true_a, true_b = (np.array([truth[key] for key in side], dtype=bool) for side in keys)
    said_a = np.isin(said, (FIRST, TIE))
    said_b = np.isin(said, (SECOND, TIE))
    hit_a, hit_b = said_a == true_a, said_b == true_b
    mixed = true_a != true_b
    counterpart = _both_read(table, problem, said)
    identical = np.zeros(len(table), dtype=bool)
    if texts is not None:
        identical = np.array([texts[a] == texts[b] for a, b in zip(*keys, strict=True)])
    counterpart = counterpart & ~identical
    same = np.zeros(len(table), dtype=bool)
    if answers is not None:
        same = np.array([answers[a] == answers[b] for a, b in zip(*keys, strict=True)])
    counted = {
        "verdicts": 1,
        "labels": 2,
        "hits": hit_a.astype(int) + hit_b,
        "hit_a": hit_a,
        "hit_b": hit_b,
        "both": hit_a & hit_b,
        "right": true_a.astype(int) + true_b,
        "right_hit": (hit_a & true_a).astype(int) + (hit_b & true_b),
        "wrong": 2 - true_a.astype(int) - true_b,
        "wrong_hit": (hit_a & ~true_a).astype(int) + (hit_b & ~true_b),
        "mixed": mixed,
        "mixed_hit": mixed & hit_a & hit_b,
        "neither": said == NEITHER,
        "same": same,
        "same_split": same & (said_a != said_b),
        "apart": ~same,
        "apart_both": ~same & (said == TIE),
    }
    columns = {name: values * read for name, values in counted.items()}
    # Of pairs read in both orders, so that response and opponent are the same in both positions.
    columns |= {
        "paired": counterpart,
        "said_a": said_a & counterpart,
        "said_b": said_b & counterpart,
        "said_apart": (said_a != said_b) & counterpart,
    }
    totals = Totals.count(problem, len(problems), columns)
    changes, chances = _context(keys, problem, read, said_a, said_b, len(problems))
    context = {"changes": changes, "chances": chances}
    totals = Totals.of({name: totals[name] for name in totals.names} | context)
    figures = Figures(totals, method=method, rng=np.random.default_rng(seed), resamples=resamples)
    of = figures.share
    code = np.array([TIE, FIRST, SECOND, NEITHER])
    true_code = np.select([true_a & true_b, true_a, true_b], [TIE, FIRST, SECOND], NEITHER)
    crossed = np.array(
        [[(read & (said == s) & (true_code == t)).sum() for t in code] for s in code]
    )
    hits, asked = float(totals["hits"].sum()), 2 * len(table)
    unread = int((~read).sum())
    return LabelReport(
        verdicts=len(table),
        unread=unread,
        identical=int(identical.sum()),
        said_by_true=crossed,
        accuracy=of("hits", "labels"),
        accuracy_bounds=(hits / asked, (hits + 2 * unread) / asked),
        accuracy_a=of("hit_a", "verdicts"),
        accuracy_b=of("hit_b", "verdicts"),
        on_right=of("right_hit", "right"),
        on_wrong=of("wrong_hit", "wrong"),
        pair_accuracy=of("both", "verdicts"),
        mixed_accuracy=of("mixed_hit", "mixed"),
        position_effect=figures.difference("said_a", "said_b", "paired", squares="said_apart"),
        neither_rate=of("neither", "verdicts"),
        same_answer_split=of("same_split", "same") if answers is not None else None,
        different_both=of("apart_both", "apart") if answers is not None else None,
        context=of("changes", "chances"),
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
            "read": said != UNREAD,
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
    """(problems,) each: pairs of unlike labels, and all pairs, of one response in one position
    against different opponents; repetitions of one opponent are no pair."""
    import pandas as pd

    unlike, pairs = np.zeros(problems), np.zeros(problems)
    shown = [pd.factorize(pd.MultiIndex.from_tuples(side))[0] for side in keys]
    sides = ((*shown, said_a), (*shown[::-1], said_b))
    for response, other, said in sides:
        right = np.bincount(response[read], weights=said[read].astype(float))
        count = np.bincount(response[read], minlength=len(right)).astype(float)
        owner = np.zeros(len(right), dtype=np.int64)
        owner[response[read]] = problem[read]
        unlike += np.bincount(owner, weights=right * (count - right), minlength=problems)
        pairs += np.bincount(owner, weights=count * (count - 1) / 2, minlength=problems)
        # Those of one opponent, the response shown in the other position.
        same = np.unique(np.stack([response, other]), axis=1, return_inverse=True)[1].ravel()
        right = np.bincount(same[read], weights=said[read].astype(float))
        count = np.bincount(same[read], minlength=len(right)).astype(float)
        owner = np.zeros(len(right), dtype=np.int64)
        owner[same[read]] = problem[read]
        unlike -= np.bincount(owner, weights=right * (count - right), minlength=problems)
        pairs -= np.bincount(owner, weights=count * (count - 1) / 2, minlength=problems)
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
