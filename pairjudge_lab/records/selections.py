"""What comes out of a tournament."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pairjudge_lab.records.verdicts import Verdict
from pairjudge_lab.renamed import renamed_names


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What became of one place in a tournament's round: a match, a shared answer, or a bye.

    ``a`` was shown first, where there was a match. ``how`` is ``match`` (judged),
    ``same_answer`` (no call), ``bye`` (``b`` is None) or ``unplayed`` (the calls were spent).
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

    Parameters
    ----------
    candidate : int
        The place in the pool of the one that was selected.
    rounds : int
        How many were played.
    calls : int
        Matches given to the judge, each repetition one.
    calls_saved : int
        Those that shared answers made needless.
    rules : mapping
        Every rule that could have mattered, as codes; ``tournaments.rules_in_words`` says what they
        mean.
    history : tuple of tuple of MatchResult
        What happened in each round.
    ranking : tuple of int or None
        All candidates, the best first, where the tournament ranks them.
    statuses : mapping
        Verdicts by status.
    note : str
        Empty unless something unusual decided, such as that everybody was eliminated.

    Examples
    --------
    >>> from pairjudge_lab import Arena, Knockout, load_judge, load_pools, prepare
    >>> pools = [prepare(pool.first(4)) for pool in load_pools("embedded", limit=1)]
    >>> (selection,) = Arena(load_judge("simulated:accuracy=1")).play(pools, Knockout())
    >>> selection.calls <= Knockout().calls(4)
    True
    """

    candidate: int
    rounds: int
    calls: int
    calls_saved: int
    rules: Mapping[str, Any]
    history: tuple[tuple[MatchResult, ...], ...] = ()
    ranking: tuple[int, ...] | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, Bout="MatchResult")
