"""What a person can say of a pair, by which key, and which verdict it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pairjudge_lab.records import Status, UserError, Verdict, VerdictKind

INSTRUCTIONS = {
    VerdictKind.LABELS: "Which of the two responses are correct?",
    VerdictKind.PREFERENCE: "Which of the two responses is better?",
}
"""What a person is asked, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: its ``outcome`` as verdict tables name it, its key, and its words."""

    outcome: str
    key: str
    words: str


_LABELS = (
    Choice("A", "a", "only A is correct"),
    Choice("B", "b", "only B is correct"),
    Choice("tie", "t", "both are correct"),
    Choice("neither", "n", "neither is correct"),
)
_PREFERENCES = (
    Choice("A", "a", "A is better"),
    Choice("B", "b", "B is better"),
    Choice("tie", "t", "neither is better"),
)
_SAID = {"A": (True, False), "B": (False, True), "tie": (True, True), "neither": (False, False)}


def choices_of(kind: VerdictKind | str) -> tuple[Choice, ...]:
    """The answers that a person has.

    Parameters
    ----------
    kind : {"labels", "preference"}

    Returns
    -------
    tuple of Choice
        A, B, tie and neither of labels; A, B and tie of preferences.

    Examples
    --------
    >>> [choice.key for choice in choices_of("labels")]
    ['a', 'b', 't', 'n']
    """
    return _LABELS if verdict_kind(kind) is VerdictKind.LABELS else _PREFERENCES


def verdict_kind(kind: VerdictKind | str) -> VerdictKind:
    """The kind by its name.

    Raises
    ------
    UserError
        For another name.
    """
    try:
        return VerdictKind(kind)
    except ValueError:
        known = " or ".join(one.value for one in VerdictKind)
        raise UserError(f"people give {known}; got {kind!r}") from None


def verdict_said(
    outcome: str, kind: VerdictKind, *, note: str = "", seconds: float = 0.0
) -> Verdict:
    """A person's answer as a verdict; the note is its text.

    Raises
    ------
    UserError
        When the outcome is none of ``choices_of(kind)``.
    """
    if outcome not in {choice.outcome for choice in choices_of(kind)}:
        allowed = ", ".join(choice.outcome for choice in choices_of(kind))
        raise UserError(f"an answer of kind {kind.value} is one of {allowed}; got {outcome!r}")
    if kind is VerdictKind.PREFERENCE:
        return Verdict(Status.PARSED, text=note, seconds=seconds, preference=outcome)
    return Verdict(Status.PARSED, *_SAID[outcome], text=note, seconds=seconds)


def annotator_identity(
    annotator: str,
    kind: VerdictKind | str = VerdictKind.LABELS,
    *,
    instructions: str | None = None,
    reference: bool = False,
) -> Mapping[str, Any]:
    """The identity under which a person's verdicts are kept, as that of a judge.

    Parameters
    ----------
    annotator : str
        The person's name; the judge is called ``person:`` and this.
    kind : {"labels", "preference"}
    instructions : str, optional
        What the person was asked; other words make another judge.
    reference : bool
        Whether the reference answer was shown.

    Raises
    ------
    UserError
        When the name is empty or holds control characters.

    Examples
    --------
    >>> annotator_identity("Ada")["name"]
    'person:Ada'
    """
    if not isinstance(annotator, str):
        raise UserError(f"an annotator is named by a string; got {type(annotator).__name__}")
    name = unicodedata.normalize("NFC", annotator).strip()
    if not name or any(unicodedata.category(c).startswith("C") for c in name):
        raise UserError(
            f"an annotator's name is not empty and holds no control characters; got {annotator!r}"
        )
    kind = verdict_kind(kind)
    return {
        "name": f"person:{name}",
        "person": name,
        "kind": kind.value,
        "instructions": instructions or INSTRUCTIONS[kind],
        "reference": reference,
    }
