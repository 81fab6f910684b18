"""What a tournament must beat: selectors that ask no judge.

Each gives the chance that what it selects is right, with its own ties and draws shared out
exactly, so that no baseline depends on luck. A pool must know which of its candidates are right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum, inf

from pairjudge_lab.records import Candidate, Pool, UserError

BORDA_POWER = 0.5
"""Of the Borda vote by self-certainty, where none is given."""


def correctness(pool: Pool) -> list[bool]:
    """Whether each candidate is right.

    Raises
    ------
    UserError
        When that is not known for one of them.
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
    """The largest answer group; equally large ones share the vote.

    A candidate without a final answer has no vote. If none has one, any candidate is drawn.
    """
    return _vote(pool, [1.0] * len(pool))


def weighted_majority(pool: Pool) -> float:
    """The answer group with the largest sum of scores; equal ones share.

    Scores below zero would let a group lose by having more members, so scores should be weights,
    such as probabilities.

    Raises
    ------
    UserError
        When a candidate has no score, or one below zero.
    """
    scores = _scores(pool)
    if min(scores) < 0:
        raise UserError(
            f"pool {pool.problem.id!r}: a score of {min(scores)} cannot be a vote's weight; map "
            "the scores to weights of 0 or more first"
        )
    return _vote(pool, scores)


def best_score(pool: Pool) -> float:
    """The candidate with the highest score; equal ones share.

    Raises
    ------
    UserError
        When a candidate has no score.
    """
    return _highest(pool, _scores(pool))


def best_likelihood(pool: Pool) -> float:
    """The candidate whose tokens have the highest mean log-probability; equal ones share.

    This is the length-normalised likelihood under the model that wrote the candidate, which is
    known of candidates that were sampled here by an engine that tells.

    Raises
    ------
    UserError
        When it is not known of a candidate.
    """
    return _highest(pool, likelihoods(pool))


def likelihoods(pool: Pool) -> list[float]:
    """The mean log-probability of each candidate's tokens; of an empty one, which has no tokens,
    minus infinity.

    Raises
    ------
    UserError
        When it is not known of one.
    """
    return _measured(pool, "mean_logprob")


def best_certainty(pool: Pool) -> float:
    """The candidate of the highest self-certainty; equal ones share.

    Self-certainty (Kang, Zhao and Song 2025, arXiv 2502.18581) is known of candidates that were
    sampled here by an engine that sees the model's whole distribution; candidates of generators
    with other vocabularies are not on one scale. Their program never selects a candidate without a
    final answer; this selector does not look at answers.

    Raises
    ------
    UserError
        When it is not known of a candidate.
    """
    return _highest(pool, certainties(pool))


def certainties(pool: Pool) -> list[float]:
    """The self-certainty of each candidate; of an empty one, which has no tokens, minus infinity.

    Raises
    ------
    UserError
        When it is not known of one.
    """
    return _measured(pool, "self_certainty")


def certainty_borda(pool: Pool, p: float = BORDA_POWER) -> float:
    """The answer group with the largest Borda vote by self-certainty; equal ones share.

    Of n candidates the one at rank r, the surest at rank 1, gives its final answer (n - r + 1)^p
    votes (Kang, Zhao and Song 2025, arXiv 2502.18581). Equally sure ones give the mean of their
    ranks' votes; one without a final answer has a rank and no vote. 0 is majority voting, and the
    larger p, the more the surest candidate decides.

    Parameters
    ----------
    pool : Pool
        The candidates.
    p : float
        From 0 to 20; the default is that of the paper's program.

    Raises
    ------
    UserError
        When it is not known of a candidate, or p is out of range.
    """
    check_power(p)
    values = certainties(pool)
    ranks: dict[float, list[int]] = {value: [] for value in values}
    for rank, value in enumerate(sorted(values), 1):
        ranks[value].append(rank)
    votes = {value: fsum(rank**p for rank in some) / len(some) for value, some in ranks.items()}
    return _vote(pool, [votes[value] for value in values])


def check_power(p: float) -> None:
    """See that a power of Borda votes is one.

    Raises
    ------
    UserError
        When it is not from 0 to 20.
    """
    if not 0 <= p <= 20:
        raise UserError(f"the power of Borda votes is a number from 0 to 20; got {p}")


def _measured(pool: Pool, name: str) -> list[float]:
    values: list[float] = []
    for candidate in pool.candidates:
        value = getattr(candidate, name)
        if value is None and candidate.tokens != 0:
            raise UserError(
                f"pool {pool.problem.id!r}: not every candidate has a {name!r}, which this "
                "selector needs; 'pairjudge-lab sample' writes it where the engine tells"
            )
        values.append(-inf if value is None else value)
    return values


def _highest(pool: Pool, values: list[float]) -> float:
    right = correctness(pool)
    best = [ok for ok, value in zip(right, values, strict=True) if value == max(values)]
    return sum(best) / len(best)


def _vote(pool: Pool, weights: list[float]) -> float:
    right = correctness(pool)
    voters = [i for i, c in enumerate(pool.candidates) if c.answer is not None]
    if not voters:
        return sum(right) / len(right)
    groups = {
        group: [i for i in voters if pool.group_of(i) == group]
        for group in map(pool.group_of, voters)
    }
    votes = {group: fsum(weights[i] for i in members) for group, members in groups.items()}
    most = max(votes.values())
    # The data may call one member right and another wrong, so a group counts by its mean.
    shares = [
        sum(right[i] for i in groups[group]) / len(groups[group])
        for group, count in votes.items()
        if count == most
    ]
    return sum(shares) / len(shares)


def _scores(pool: Pool) -> list[float]:
    scores = [c.score for c in pool.candidates if c.score is not None]
    if len(scores) < len(pool):
        raise UserError(
            f"pool {pool.problem.id!r}: not every candidate has a 'score', which this "
            "selector needs"
        )
    return scores


def oracle(pool: Pool) -> float:
    """A right candidate whenever there is one: pass@N, which no selector can pass."""
    return float(any(correctness(pool)))


BASELINES: dict[str, Callable[[Pool], float]] = {
    "first": first,
    "random": random,
    "majority": majority,
    "oracle": oracle,
}
"""What can be said of every pool."""

WITH_SCORES: dict[str, Callable[[Pool], float]] = {
    "best score": best_score,
    "weighted majority": weighted_majority,
}
"""What needs a scalar score for every candidate."""


def known_of_all(candidates: Sequence[Candidate], name: str) -> bool:
    """Whether what an engine may tell is known of every candidate that has tokens, and of some."""
    known = [getattr(c, name) is not None for c in candidates if c.tokens != 0]
    return bool(known) and all(known)


def baselines(pools: Sequence[Pool]) -> dict[str, Callable[[Pool], float]]:
    """Every selector that these pools allow: those with scores where all have scores, the weighted
    vote where none is below zero, likelihood and self-certainty where they are known of all."""
    candidates = [c for pool in pools for c in pool.candidates]
    found = dict(BASELINES)
    scores = [c.score for c in candidates if c.score is not None]
    if candidates and len(scores) == len(candidates):
        found["best score"] = best_score
        if min(scores) >= 0:
            found["weighted majority"] = weighted_majority
    if known_of_all(candidates, "mean_logprob"):
        found["likelihood"] = best_likelihood
    if known_of_all(candidates, "self_certainty"):
        found["self-certainty"] = best_certainty
        found["self-certainty borda"] = certainty_borda
    return found
