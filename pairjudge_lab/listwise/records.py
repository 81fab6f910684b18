"""A match of k candidates, what a judge said of it, and what came out of a tournament of such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pairjudge_lab.records import Pool, Status, UserError


@dataclass(frozen=True, slots=True)
class ListMatch:
    """k candidates of one pool, in the order in which they are shown.

    Raises
    ------
    UserError
        For fewer than two candidates, or one twice.
    """

    pool: Pool
    candidates: tuple[int, ...]
    repetition: int = 0

    def __post_init__(self) -> None:
        if len(self.candidates) < 2 or len(set(self.candidates)) < len(self.candidates):
            raise UserError(
                f"a match is of two or more different candidates, got {self.candidates}"
            )

    @property
    def question(self) -> str:
        return self.pool.problem.question

    @property
    def responses(self) -> tuple[str, ...]:
        return tuple(self.pool.candidates[c].text for c in self.candidates)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a judge said of a match of k.

    Attributes
    ----------
    status : Status
        Whether a choice could be read.
    position : int or None
        Where the chosen candidate was shown, from 0; None where nothing was read, and where the
        judge said that none is better (``parsed`` then).
    text, reasoning, reason : str
        What was written, what was thought first, and why nothing could be read.
    prompt_tokens, completion_tokens : int
    """

    status: Status
    position: int | None = None
    text: str = ""
    reasoning: str = ""
    reason: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __post_init__(self) -> None:
        if self.position is not None and self.status is not Status.PARSED:
            raise ValueError("a choice that was not read names nobody")


@dataclass(frozen=True, slots=True)
class ListSelection:
    """What came out of a tournament of matches of k.

    Attributes
    ----------
    candidate : int
        Who was selected.
    rounds, calls, calls_saved : int
        Calls are matches given to the judge; saved are those that shared final answers made
        needless.
    rules : mapping
        Every rule that could have mattered.
    history : tuple of rounds
        Each round a tuple of (candidates, advanced): those of a group, and who of it went on.
    statuses : mapping
        Choices by status.
    """

    candidate: int
    rounds: int
    calls: int
    calls_saved: int
    rules: Mapping[str, Any]
    history: tuple[tuple[tuple[tuple[int, ...], int], ...], ...] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
