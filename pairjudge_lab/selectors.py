"""What a tournament must beat: selectors that ask no judge.

Each gives the chance that what it selects is right, with its own ties and draws shared out
exactly, so that no baseline depends on luck. A pool must know which of its candidates are right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pairjudge_lab.records import Pool, UserError


def correctness(pool: Pool) -> list[bool]:
    """Whether each candidate is right.

    Raises:
        UserError: when that is not known for one of them.
    """
    unknown = [i for i, c in enumerate(pool.candidates) if c.correct is None]
    if unknown:
        raise UserError(
            f"pool {pool.problem.id!r}: it is not known whether candidate {unknown[0]} is right; "
            "give 'correct', or a reference answer for the problem"
        )
    return [bool(c.correct) for c in pool.candidates]


def first(pool: Pool) -> float:
    """The first candidate."""
    return float(correctness(pool)[0])


def random(pool: Pool) -> float:
    """A candidate drawn at random: the mean of the pool."""
    right = correctness(pool)
    return sum(right) / len(right)


def majority(pool: Pool) -> float:
    """The largest team; equally large ones share the vote.

    A candidate without a final answer has no vote. If none has one, any candidate is drawn.
    """
    right = correctness(pool)
    voters = [i for i, c in enumerate(pool.candidates) if c.answer is not None]
    if not voters:
        return sum(right) / len(right)
    votes = Counter(pool.team_of(i) for i in voters)
    most = max(votes.values())
    winners = [team for team, count in votes.items() if count == most]
    # The data may call one member of a team right and another wrong, so a team counts by its mean.
    shares = []
    for team in winners:
        members = [right[i] for i in voters if pool.team_of(i) == team]
        shares.append(sum(members) / len(members))
    return sum(shares) / len(shares)


def oracle(pool: Pool) -> float:
    """A right candidate whenever there is one: pass@N, which no selector can pass."""
    return float(any(correctness(pool)))


BASELINES: dict[str, Callable[[Pool], float]] = {
    "first": first,
    "random": random,
    "majority": majority,
    "oracle": oracle,
}
