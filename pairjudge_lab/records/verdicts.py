"""Matches, and what a judge says of them."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from enum import StrEnum
from numbers import Integral

from pairjudge_lab.records.errors import UserError
from pairjudge_lab.records.pools import Pool


@dataclass(frozen=True, slots=True)
class Match:
    """Two candidates of one pool in a fixed order: ``a`` is shown first, ``b`` second.

    Parameters
    ----------
    pool : Pool
        The problem with its candidates.
    a, b : int
        Their places in the pool, from 0.
    repetition : int
        From 0; each is judged anew.

    Raises
    ------
    UserError
        When ``pool`` is no Pool, ``a`` or ``b`` is no place in it, or both are the same.

    Examples
    --------
    >>> from pairjudge_lab import Match, Pool
    >>> match = Match(Pool.from_texts("What is 2 + 3?", ["It is 5.", "It is 6."]), 0, 1)
    >>> match.response_a, match.swapped.response_a
    ('It is 5.', 'It is 6.')
    """

    pool: Pool
    a: int
    b: int
    repetition: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.pool, Pool):
            raise UserError(
                f"a match is of a Pool, got {type(self.pool).__name__}; make one of texts with "
                "Pool(Problem(id, question), (Candidate(text), Candidate(text)))"
            )
        for name, place in (("a", self.a), ("b", self.b)):
            if not _is_whole(place) or not 0 <= place < len(self.pool):
                raise UserError(
                    f"{name} is a candidate's place in the pool, a whole number from 0 to "
                    f"{len(self.pool) - 1}; got {place!r}"
                )
        if self.a == self.b:
            raise UserError(f"candidate {self.a} cannot be compared with itself")
        if not _is_whole(self.repetition) or self.repetition < 0:
            raise UserError(f"repetition is a whole number from 0; got {self.repetition!r}")

    def __repr__(self) -> str:
        # The pool's texts would be pages.
        problem = reprlib.repr(self.pool.problem.id)
        again = f", repetition={self.repetition}" if self.repetition else ""
        return f"Match(problem={problem}, a={self.a}, b={self.b} of {len(self.pool)}{again})"

    @property
    def question(self) -> str:
        return self.pool.problem.question

    @property
    def response_a(self) -> str:
        return self.pool.candidates[self.a].text

    @property
    def response_b(self) -> str:
        return self.pool.candidates[self.b].text

    @property
    def size(self) -> int:
        """Characters of the question and both responses: a measure of the work in judging it."""
        return len(self.question) + len(self.response_a) + len(self.response_b)

    @property
    def swapped(self) -> Match:
        return Match(self.pool, self.b, self.a, self.repetition)


def _is_whole(value: object) -> bool:
    # bool is an int to Python, and numpy's whole numbers are Integral.
    return isinstance(value, Integral) and not isinstance(value, bool)


class Status(StrEnum):
    """Whether a verdict could be read.

    Examples
    --------
    >>> from pairjudge_lab import Status
    >>> [status.value for status in Status]
    ['parsed', 'unparsed', 'truncated', 'failed']
    """

    PARSED = "parsed"
    UNPARSED = "unparsed"
    TRUNCATED = "truncated"
    FAILED = "failed"


class VerdictKind(StrEnum):
    """What a judge's verdicts say: of each response whether it is correct, or which is better."""

    LABELS = "labels"
    PREFERENCE = "preference"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said of one match.

    A judge of correctness labels both responses, a judge of preference names one or neither. One of
    the two is known exactly when ``status`` is ``parsed``; a verdict that was not read holds
    neither.

    Parameters
    ----------
    status : Status
        Whether it could be read.
    a_correct, b_correct : bool or None
        The labels of the response shown first, and of the one shown second.
    text : str
        What the judge wrote.
    reason : str
        Why it was not read.
    prompt_tokens, completion_tokens : int
        Tokens read and written, by the judge's own tokenizer.
    seconds : float
        This verdict's share of its batch's wall time.
    preference : str or None
        ``A``, ``B`` or ``tie``.
    a_probability, b_probability : float or None
        The probability that the judge gave to calling A, and B, correct (or, of a preference, to
        naming it), where the backend tells; never known of a verdict that was not read.
    reasoning : str
        What a judge that thinks first wrote before its answer.
    reasoning_tokens : int
        Those of the completion that went into it.
    cached_tokens : int
        Those of the prompt that were not read again.

    Examples
    --------
    >>> from pairjudge_lab import Status, Verdict
    >>> Verdict(Status.PARSED, a_correct=True, b_correct=False).outcome
    'A'
    >>> Verdict(Status.UNPARSED).outcome
    'invalid'
    """

    status: Status
    a_correct: bool | None = None
    b_correct: bool | None = None
    text: str = ""
    reason: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    preference: str | None = None
    a_probability: float | None = None
    b_probability: float | None = None
    reasoning: str = ""
    reasoning_tokens: int = 0
    cached_tokens: int = 0

    def __post_init__(self) -> None:
        labels = (self.a_correct is not None) + (self.b_correct is not None)
        sound = labels == 0 if self.preference is not None else labels in (0, 2)
        read = labels == 2 or self.preference is not None
        if not sound or read != (self.status is Status.PARSED):
            raise ValueError(
                "a verdict has both labels, or a preference, exactly when it was parsed; got "
                f"status {self.status.value!r} with labels {self.a_correct}, {self.b_correct} and "
                f"preference {self.preference!r}"
            )
        soft = (self.a_probability, self.b_probability)
        if self.status is not Status.PARSED and soft != (None, None):
            raise ValueError("a verdict that was not read has no probabilities")
        if self.preference not in (None, "A", "B", "tie"):
            raise ValueError(f"a preference is A, B or tie; got {self.preference!r}")

    @property
    def kind(self) -> VerdictKind | None:
        """Labels or a preference; None for a verdict that was not read."""
        if self.status is not Status.PARSED:
            return None
        return VerdictKind.LABELS if self.preference is None else VerdictKind.PREFERENCE

    @property
    def outcome(self) -> str:
        """``A``, ``B``, ``tie`` (both correct, or no preference), ``neither``, or ``invalid``."""
        if self.status is not Status.PARSED:
            return "invalid"
        if self.preference is not None:
            return self.preference
        return {(True, True): "tie", (True, False): "A", (False, True): "B"}.get(
            (bool(self.a_correct), bool(self.b_correct)), "neither"
        )
