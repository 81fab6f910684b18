"""The words of the house, as small frozen records. This room leans on nothing of ours."""

from __future__ import annotations

import reprlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from numbers import Integral
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np


class UserError(ValueError):
    """Something the user can put right: the message says what was wrong and what to try.

    It is a ``ValueError``, so that code that knows nothing of this package catches it as one.
    """


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with, where known, its reference answer."""

    id: str
    question: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One solution: its text, the final answer found in it, and whether that is right, where known.

    ``score`` is a scalar reward where one came with the data; ``source`` names the model or run.
    Of a candidate that was sampled here it is known what it took: ``tokens`` written and
    ``seconds``; ``mean_logprob``, the mean natural-log probability of its tokens, where the engine
    tells; and ``finish``: ``stop``, or ``length`` where the token limit cut it off.
    """

    text: str
    answer: str | None = None
    correct: bool | None = None
    source: str | None = None
    score: float | None = None
    tokens: int | None = None
    seconds: float | None = None
    mean_logprob: float | None = None
    finish: str | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A problem with its N candidates.

    ``teams[i]`` is the team of candidate i: equal numbers, same final answer. Empty means that
    teams were not worked out, and then every candidate stands alone.
    """

    problem: Problem
    candidates: tuple[Candidate, ...]
    teams: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.candidates:
            raise UserError(f"pool {self.problem.id!r} has no candidates; give it at least one")
        if self.teams and len(self.teams) != len(self.candidates):
            raise ValueError(
                f"pool {self.problem.id!r}: {len(self.teams)} team numbers for "
                f"{len(self.candidates)} candidates; there must be one each"
            )

    @classmethod
    def from_texts(
        cls,
        question: str,
        texts: Sequence[str],
        *,
        answer: str | None = None,
        name: str = "0",
    ) -> Pool:
        """A pool from a question and the texts of its candidates.

        Parameters
        ----------
        question : str
            The problem.
        texts : sequence of str
            One solution each.
        answer : str, optional
            The reference answer; ``answers.prepare`` then works out which candidates are correct.
        name : str
            The problem's id.

        Raises
        ------
        UserError
            Where there are no texts, or one string stands in place of a sequence of them.
        """
        if isinstance(texts, str):
            raise UserError(
                "texts are a sequence of strings, one for each candidate; got a single string"
            )
        return cls(Problem(name, question, answer), tuple(Candidate(text) for text in texts))

    def __len__(self) -> int:
        return len(self.candidates)

    def team_of(self, candidate: int) -> int:
        return self.teams[candidate] if self.teams else candidate

    def first(self, n: int) -> Pool:
        """The pool of the first n candidates.

        Raises:
            UserError: when the pool holds fewer than n.
        """
        if not 1 <= n <= len(self):
            raise UserError(
                f"pool {self.problem.id!r} has {len(self)} candidates, so N = {n} cannot be "
                f"played; choose N between 1 and {len(self)}"
            )
        return Pool(self.problem, self.candidates[:n], self.teams[:n])


@dataclass(frozen=True, slots=True)
class Match:
    """Two candidates of one pool in a fixed order: ``a`` is shown first, ``b`` second.

    Raises:
        UserError: when ``pool`` is no Pool, ``a`` or ``b`` is no place in it, or both are the same.
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
    """Whether a verdict could be read."""

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

    A judge of correctness labels both responses: ``a_correct`` and ``b_correct``. A judge of
    preference names one, or neither: ``preference`` is ``A``, ``B`` or ``tie``. One of the two is
    known exactly when ``status`` is ``parsed``; a verdict that was not read holds neither, and says
    why in ``reason``. ``seconds`` is this verdict's share of its batch's wall time; tokens are
    counted by the judge's own tokenizer. ``a_probability`` is the probability that the judge gave
    to calling A correct (or, of a preference, to naming A) where the backend tells, and
    ``b_probability`` likewise; never known of a verdict that was not read. ``reasoning`` is what a
    judge that thinks first wrote before its answer; ``reasoning_tokens`` are part of
    ``completion_tokens``, and ``cached_tokens`` those of the prompt that were not read again.
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


class Judge(Protocol):
    """Turns matches into verdicts.

    ``identity`` holds everything that could change a verdict (weights, template, decoding) and is
    part of every stored verdict's key. ``capacity`` is how many matches fill one batch.
    """

    @property
    def identity(self) -> Mapping[str, Any]: ...

    @property
    def capacity(self) -> int: ...

    def judge(self, matches: Sequence[Match]) -> list[Verdict]: ...


class Session(Protocol):
    """Matches in flight at a judge that answers them one by one, as they are ready.

    ``collect`` waits until at least one answer is there and gives all that are, each with the
    ticket under which its match was submitted.
    """

    def submit(self, ticket: str, match: Match) -> None: ...

    def collect(self) -> list[tuple[str, Verdict]]: ...

    def close(self) -> None: ...


@runtime_checkable
class StreamingJudge(Protocol):
    """A judge that keeps ``capacity`` matches in flight and answers them one by one.

    No tournament waits for another's matches: each goes on as its own answers arrive. ``session``
    may be given a place where text is kept under what produced it (``engines.cached``).
    """

    @property
    def identity(self) -> Mapping[str, Any]: ...

    @property
    def capacity(self) -> int: ...

    def session(self, completions: Any = None) -> Session: ...

    def judge(self, matches: Sequence[Match]) -> list[Verdict]: ...


@dataclass(frozen=True, slots=True)
class Bout:
    """What became of one place in a tournament's round.

    ``a`` was shown first, where there was a match. ``how`` is ``match`` (judged), ``team`` (same
    final answer, no call), ``bye`` (``b`` is None) or ``unplayed`` (the calls were spent).
    ``advanced`` holds who won or went on: nobody, one, or both. ``points`` are what a and b took
    from it, None where it counted for nothing. ``swapped`` are the verdicts with b shown first,
    where both orders were asked for.
    """

    a: int
    b: int | None
    how: str
    advanced: tuple[int, ...]
    verdicts: tuple[Verdict, ...] = ()
    points: tuple[float, float] | None = None
    swapped: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """What came out of a tournament.

    ``calls`` counts matches given to the judge (each repetition one); ``calls_saved`` counts those
    that shared answers made needless. ``rules`` names every rule that could have mattered.
    ``note`` is empty unless something unusual decided (everybody eliminated, say).
    """

    candidate: int
    rounds: int
    calls: int
    calls_saved: int
    rules: Mapping[str, Any]
    history: tuple[tuple[Bout, ...], ...] = ()
    ranking: tuple[int, ...] | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


Play = Generator[list[Match], list[Verdict], Selection]
"""A tournament in play: yields the matches of a round, is sent their verdicts in that order."""


class Tournament(Protocol):
    """Rules that ask for matches, hear the verdicts, and select one candidate.

    ``calls(n)`` is the most calls that n candidates can take.
    """

    @property
    def name(self) -> str: ...

    def calls(self, n: int) -> int: ...

    def play(self, pool: Pool, rng: np.random.Generator) -> Play: ...
