"""A verdict to read: the two solutions side by side, what was said of each, and the reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pairjudge_lab.records import Match, Status, Verdict
from pairjudge_lab.views.differences import word_differences
from pairjudge_lab.views.view import View, rendered

_OUTCOMES = {
    "A": "only A is right",
    "B": "only B is right",
    "tie": "both are right",
    "neither": "neither is right",
}
_PREFERENCES = {"A": "A is better", "B": "B is better", "tie": "neither is better"}
_TRUTHS = {True: "right", False: "wrong", None: "not known"}
_LABELS = {True: "correct", False: "incorrect"}


def view_verdict(
    match: Match, verdict: Verdict, *, swapped: Verdict | None = None, mathematics: bool = True
) -> View:
    """One match: both solutions with their truth, the judge's labels, and what it wrote.

    ``swapped`` is the verdict on the same two with B shown first, if it was asked for: its labels
    then stand beside the others, and a line says whether the judge said the same of both. What only
    one of the two solutions says can be unfolded, word by word, as it was written.
    ``mathematics=False`` shows formulas as they were written everywhere.
    """
    facts = verdict_facts(match, verdict, swapped, mathematics)
    sides = word_differences(match.response_a, match.response_b)
    facts["differences"] = [
        {"name": f"Response {position}", "pieces": side}
        for position, side in zip("AB", sides, strict=True)
    ]
    words = f"problem {match.pool.problem.id}: {match.a} against {match.b}: {facts['said']}"
    return rendered("verdict.html.j2", words, match=facts)


def verdict_facts(
    match: Match, verdict: Verdict, swapped: Verdict | None, mathematics: bool
) -> dict[str, Any]:
    """What a template needs to show one match."""
    sides = []
    for position, index, label, turned in (
        ("A", match.a, "a", "b"),
        ("B", match.b, "b", "a"),
    ):
        candidate = match.pool.candidates[index]
        sides.append(
            {
                "position": position,
                "index": index,
                "text": candidate.text,
                "truth": _TRUTHS[candidate.correct],
                "label": _label(verdict, label),
                "turned": None if swapped is None else _label(swapped, turned),
            }
        )
    readings = [_reading(verdict, "As shown", match.a, match.b)]
    if swapped is not None:
        readings.append(_reading(swapped, "Swapped", match.b, match.a))
    return {
        "question": match.question,
        "answer": match.pool.problem.answer,
        "sides": sides,
        "readings": readings,
        "said": readings[0]["said"],
        "agreement": _agreement(verdict, swapped),
        "differences": (),
        "mathematics": mathematics,
    }


def said(verdict: Verdict) -> str:
    """An outcome in words, and why where there is none."""
    if verdict.status is not Status.PARSED:
        return f"{verdict.status.value}: {verdict.reason}" if verdict.reason else verdict.status
    words = _OUTCOMES if verdict.preference is None else _PREFERENCES
    return words[verdict.outcome]


def _label(verdict: Verdict, side: str) -> Mapping[str, str]:
    """What was said of one position, and how sure the judge was where that is known."""
    if verdict.status is not Status.PARSED:
        return {"word": verdict.status.value, "kind": "unread"}
    label = verdict.a_correct if side == "a" else verdict.b_correct
    if label is None:
        preferred = verdict.preference == side.upper()
        word = "preferred" if preferred else "tie" if verdict.preference == "tie" else "not it"
        kind = "correct" if preferred else "incorrect"
    else:
        word = kind = _LABELS[label]
    sure = verdict.a_probability if side == "a" else verdict.b_probability
    return {"word": word if sure is None else f"{word}, P = {sure:.2f}", "kind": kind}


def _reading(verdict: Verdict, name: str, first: int, second: int) -> dict[str, Any]:
    return {
        "name": name,
        "first": first,
        "second": second,
        "said": said(verdict),
        "text": verdict.text,
        "tokens": verdict.completion_tokens,
        "reasoning": verdict.reasoning,
        "reasoning_tokens": verdict.reasoning_tokens,
    }


def _agreement(verdict: Verdict, swapped: Verdict | None) -> str:
    if swapped is None:
        return ""
    if Status.PARSED not in {verdict.status} & {swapped.status}:
        return "One of the two orders could not be read, so nothing is said of consistency."
    if verdict.preference is not None or swapped.preference is not None:
        turned = {"A": "B", "B": "A"}.get(swapped.outcome, swapped.outcome)
        same = turned == verdict.outcome
    else:
        same = (verdict.a_correct, verdict.b_correct) == (swapped.b_correct, swapped.a_correct)
    if same:
        return "Consistent: it says the same of both, whichever is shown first."
    return "Not consistent: what it says depends on which is shown first."
