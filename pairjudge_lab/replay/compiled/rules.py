"""A recording and a tournament's rules in the form that compiled code takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from pairjudge_lab.compiling import njit
from pairjudge_lab.records import VerdictKind
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.tournaments.rules import Rules

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function when it is first called, and keep it on disk; threads may run it side by
    side."""
    return njit(cache=True, nogil=True, error_model="numpy")(function)


_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def leaf(function: Function) -> Function:
    """The same for a small function that makes no array; it becomes a part of its callers.

    Counting who holds the dozen arrays of a play, or handing all of them on, would take most of the
    time of a match. What makes none need not count, and what is no call hands nothing on.
    """
    return njit(**_OPTIONS, forceinline=True)(function)


def part(function: Function) -> Function:
    """The same for a longer function that is called seldom."""
    return njit(**_OPTIONS)(function)


def sums(function: Function) -> Function:
    """A part that may add up in any order, so that its results differ in their last bits."""
    return njit(**_OPTIONS, fastmath={"reassoc", "contract", "nsz"})(function)


DRAWN, RANDOM, BALANCED, BOTH_ORDERS = range(4)
ORDERS = {"drawn": DRAWN, "random": RANDOM, "balanced": BALANCED, "both": BOTH_ORDERS}
# What became of a pairing of x and y, as ``Outcome.result`` has it; ``BOTH`` is a tie of labels or
# of preferences.
RESULTS = X, Y, BOTH, NONE, SPLIT, NOT_READ, GROUP, UNPLAYED, PENDING = tuple(range(9))
# What a pairing counts for, once the rules have been applied.
WON_X, WON_Y, TIED, OUT, KEPT = range(5)


class RuleCodes(NamedTuple):
    """``Rules`` as whole numbers, and nothing else: ``limited`` makes another of them in code that
    counts no holders of arrays.

    Attributes
    ----------
    order : int
        One of ``ORDERS``.
    votes : int
        Verdicts in each order.
    again : int
        How often an unread verdict is judged again.
    first : int
        1 where two called correct count as a win of the one shown first.
    neither, unread : int
        What neither correct, and nothing read, count for.
    limit : int
        The most calls.
    cost : int
        Calls that a match takes.
    tracks : int
        1 where two may meet again, or be judged more than once in one order, so that it matters how
        often they have been.
    labels : int
        1 where the verdicts are labels, and the tournament asks who was called correct.
    """

    order: int
    votes: int
    again: int
    first: int
    neither: int
    unread: int
    limit: int
    cost: int
    tracks: int
    labels: int


@leaf
def limited(rules: RuleCodes, limit: int) -> RuleCodes:
    """The same rules with another limit of calls."""
    return RuleCodes(
        rules.order,
        rules.votes,
        rules.again,
        rules.first,
        rules.neither,
        rules.unread,
        limit,
        rules.cost,
        rules.tracks,
        rules.labels,
    )


class Table(NamedTuple):
    """What was recorded of one pool: (repetitions, size, size) codes, (size,) answer groups from
    0."""

    codes: np.ndarray
    groups: np.ndarray


class Accounts(NamedTuple):
    """One play's accounts, for n players who are numbered from 0; as ``Referee`` keeps them.

    Attributes
    ----------
    players : array
        (n,) each player's place in the recorded pool.
    groups : array
        (n,) each player's answer group.
    lead : array
        (n,) how often shown first minus how often second; ``in_a_row`` how often running in the
        last position.
    shown : array
        (n, n) for x < y, one more than who was shown first when the two met last.
    asked : array
        (n, n) how often an ordered pair has been asked for.
    calls : array
        (2,) calls made; the verdict that was not recorded, or -1.
    called, heard : array
        (n,) verdicts that called a player correct, and all that gave labels.
    result, first : array
        (pairs,) what became of each pairing of the round, and who was shown first.
    said : array
        (pairs * cost,) the round's verdicts.
    counts : array
        (2, results) what a pairing of x and y counts for, by whether x was shown first and by what
        became of it.
    """

    players: np.ndarray
    groups: np.ndarray
    lead: np.ndarray
    in_a_row: np.ndarray
    shown: np.ndarray
    asked: np.ndarray
    calls: np.ndarray
    called: np.ndarray
    heard: np.ndarray
    result: np.ndarray
    first: np.ndarray
    said: np.ndarray
    counts: np.ndarray


NO_LIMIT = 2**62


def rule_codes(
    rules: Rules, limit: int | None, recording: Recording, *, meets_again: bool
) -> RuleCodes:
    """The rules of a tournament.

    Parameters
    ----------
    limit : int or None
        The tournament's own most calls, None where it has none; the budget is in the rules.
    meets_again : bool
        Whether two can meet more than once in it.
    """
    limits = [most for most in (rules.budget, limit) if most is not None]
    neither = OUT if rules.neither == "out" else TIED
    return RuleCodes(
        order=ORDERS[rules.order],
        votes=rules.votes,
        again=rules.again if rules.unread == "again" else 0,
        first=int(
            rules.both_correct == "first"
            and rules.calls_a_match == 1
            and recording.kind is VerdictKind.LABELS
        ),
        neither=neither,
        unread={"neither": neither, "keep": KEPT}.get(rules.unread, TIED),
        limit=min(limits, default=NO_LIMIT),
        cost=rules.calls_a_match,
        tracks=int(meets_again or rules.votes > 1 or rules.unread in ("keep", "again")),
        labels=int(recording.kind is VerdictKind.LABELS),
    )


def table_of(recording: Recording) -> Table:
    """The recording's arrays."""
    groups = [recording.pool.group_of(c) for c in range(len(recording))]
    numbers = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    return Table(np.ascontiguousarray(recording.codes), numbers)


def accounts(n: int, pairs: int, codes: RuleCodes) -> Accounts:
    """Empty accounts for n players and at most so many pairings a round."""

    def whole(*shape: int) -> np.ndarray:
        return np.zeros(shape, dtype=np.int64)

    side = n if codes.tracks else 1
    return Accounts(
        players=whole(n),
        groups=whole(n),
        lead=whole(n),
        in_a_row=whole(n),
        shown=np.zeros((side, side), dtype=np.int16),
        asked=np.zeros((side, side), dtype=np.int16),
        calls=whole(2),
        called=whole(n),
        heard=whole(n),
        result=whole(max(1, pairs)),
        first=whole(max(1, pairs)),
        said=np.zeros(max(1, pairs) * codes.cost, dtype=np.int8),
        counts=_counts(codes),
    )


def _counts(codes: RuleCodes) -> np.ndarray:
    """``Referee._counted`` of everything that a pairing can come to."""
    counts = np.full((2, len(RESULTS)), TIED)
    for x_first in (0, 1):
        counts[x_first, [X, Y, UNPLAYED]] = WON_X, WON_Y, KEPT
        counts[x_first, [NONE, NOT_READ]] = codes.neither, codes.unread
        if codes.first:
            counts[x_first, BOTH] = WON_X if x_first else WON_Y
    return counts
