"""What matters of a judge in training, on pairs that it is not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pairjudge_lab.records import Candidate, Judge, Match, Pool, Problem, Status
from pairjudge_lab.renamed import renamed_attribute
from pairjudge_lab.statistics.figures import Figures
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.totals import Totals
from pairjudge_lab.training.judgments import Judgment

FIGURES = {
    "label_accuracy": "label_accuracy",
    "consistency": "consistency",
    "position_effect": "slot_effect",
    "pair_accuracy": "pair_accuracy",
}
"""Figures of an audit, and their keys in the files of a training run, which are those of 0.1."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Figures of a judge on held-out pairs, each shown in both orders.

    Intervals take problems as clusters. What cannot be computed (a preference judge has no labels)
    is None.

    Attributes
    ----------
    pairs : int
        How many.
    label_accuracy : Estimate or None
        Share of labels that were read and that are right.
    consistency : Estimate or None
        Share of pairs, read in both orders, that get the same labels in both.
    position_effect : Estimate or None
        P(called correct, shown first) - P(called correct, shown second), over the same responses,
        in pairs read in both orders.
    pair_accuracy : Estimate or None
        Of pairs with one right response, how often it is named; naming both or neither is half.
    unread : float
        Share of verdicts.
    """

    pairs: int
    label_accuracy: Estimate | None
    consistency: Estimate | None
    position_effect: Estimate | None
    pair_accuracy: Estimate | None
    unread: float

    slot_effect = renamed_attribute("slot_effect", "position_effect")
    unreadable = renamed_attribute("unreadable", "unread")

    def to_dict(self) -> dict[str, float | int]:
        """Plain numbers: each figure with its ``_low`` and ``_high``; what is None is left out."""
        out: dict[str, float | int] = {"pairs": self.pairs, "unreadable": self.unread}
        for name, key in FIGURES.items():
            found: Estimate | None = getattr(self, name)
            if found is not None:
                out |= {key: found.estimate, f"{key}_low": found.low, f"{key}_high": found.high}
        return out


def held_out_pairs(judgments: Iterable[Judgment], most: int) -> list[Match]:
    """Up to ``most`` different unordered pairs of judgments whose truth is known, as matches.

    A pair of one text, or one that two rows call right in two ways, measures nothing and is left
    out.
    """
    found: dict[tuple[str, frozenset[str]], Match] = {}
    truths: dict[tuple[str, str], set[bool]] = {}
    for row in judgments:
        if row.question is None or row.response_a is None or row.response_b is None:
            continue
        if row.a_correct is None or row.b_correct is None:
            continue
        key = (row.question, frozenset((row.response_a, row.response_b)))
        candidates = (
            Candidate(row.response_a, correct=row.a_correct),
            Candidate(row.response_b, correct=row.b_correct),
        )
        pool = Pool(Problem(row.problem_id or row.question, row.question), candidates)
        for candidate in candidates:
            truths.setdefault((row.question, candidate.text), set()).add(bool(candidate.correct))
        if len(key[1]) == 2:
            found.setdefault(key, Match(pool, 0, 1))
    sound = [
        match
        for match in found.values()
        if all(len(truths[match.question, c.text]) == 1 for c in match.pool.candidates)
    ]
    return sound[:most]


def audit(judge: Judge, matches: Sequence[Match]) -> Audit:
    """Judge each pair in both orders, and say what came of it."""
    import numpy as np

    verdicts = judge.judge([*matches, *(match.swapped for match in matches)])
    names = {name: i for i, name in enumerate(dict.fromkeys(m.pool.problem.id for m in matches))}
    problem, rows = [], []
    for match, v, w in zip(matches, verdicts, verdicts[len(matches) :], strict=False):
        truth = [bool(c.correct) for c in match.pool.candidates]
        # What each order said of the two responses, the first candidate's label first.
        said = [(v.a_correct, v.b_correct), (w.b_correct, w.a_correct)]
        labelled = [None not in labels for labels in said]
        hits = sum(
            label == true
            for labels, ok in zip(said, labelled, strict=True)
            if ok
            for label, true in zip(labels, truth, strict=True)
        )
        both = all(labelled)
        first = (v.a_correct is True) + (w.a_correct is True) if both else 0
        second = (v.b_correct is True) + (w.b_correct is True) if both else 0
        apart = [_points(x.outcome, right) for x, right in ((v, "AB"), (w, "BA"))]
        told = [p for p in apart if p is not None and truth[0] != truth[1]]
        won = sum(p if truth[0] else 1 - p for p in told)
        read = [x.status is Status.PARSED for x in (v, w)]
        problem.append(names[match.pool.problem.id])
        rows.append(
            {
                "labels": 2 * sum(labelled),
                "hits": hits,
                "both": both,
                "same": both and said[0] == said[1],
                "responses": 2 * both,
                "first": first,
                "second": second,
                "apart": first + second - 2 * min(first, second),
                "told": len(told),
                "won": won,
                "won_squares": won**2 / max(len(told), 1),
                "verdicts": 2,
                "unread": read.count(False),
            }
        )
    columns = {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}
    totals = Totals.count(np.array(problem), len(names), columns)
    figures, whole = Figures(totals), totals.whole

    def known(count: str, figure: Estimate) -> Estimate | None:
        return figure if whole[count] else None

    return Audit(
        pairs=len(matches),
        label_accuracy=known("labels", figures.share("hits", "labels")),
        consistency=known("both", figures.share("same", "both")),
        position_effect=known(
            "responses", figures.difference("first", "second", "responses", squares="apart")
        ),
        pair_accuracy=known("told", figures.share("won", "told", squares="won_squares")),
        unread=float(whole["unread"] / whole["verdicts"]),
    )


def _points(outcome: str, positions: str) -> float | None:
    """What the candidate in the first of the positions took from a verdict, None where unread."""
    if outcome == "invalid":
        return None
    return {positions[0]: 1.0, positions[1]: 0.0}.get(outcome, 0.5)
