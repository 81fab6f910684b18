"""What a tournament must beat: selectors that ask no judge.

Each gives the chance that what it selects is right, with its own ties and draws shared out
exactly, so that no baseline depends on luck. A pool must know which of its candidates are right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum

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
    return _vote(pool, [1.0] * len(pool))


def weighted_majority(pool: Pool) -> float:
    """The team with the largest sum of scores; equal ones share.

    Scores below zero would let a team lose by having more members, so scores should be weights,
    such as probabilities.

    Raises:
        UserError: when a candidate has no score, or one below zero.
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

    Raises:
        UserError: when a candidate has no score.
    """
    right, scores = correctness(pool), _scores(pool)
    best = [ok for ok, score in zip(right, scores, strict=True) if score == max(scores)]
    return sum(best) / len(best)


def best_likelihood(pool: Pool) -> float:
    """The candidate whose tokens have the highest mean log-probability; equal ones share.

    This is the length-normalised likelihood under the model that wrote the candidate, which is
    known of candidates that were sampled here by an engine that tells.

    Raises:
        UserError: when it is not known of a candidate.
    """
    right, logs = correctness(pool), likelihoods(pool)
    best = [ok for ok, log in zip(right, logs, strict=True) if log == max(logs)]
    return sum(best) / len(best)


def likelihoods(pool: Pool) -> list[float]:
    """The mean log-probability of each candidate's tokens.

    Raises:
        UserError: when it is not known of one.
    """
    logs = [c.mean_logprob for c in pool.candidates if c.mean_logprob is not None]
    if len(logs) < len(pool):
        raise UserError(
            f"pool {pool.problem.id!r}: not every candidate has a 'mean_logprob', which this "
            "selector needs; 'pairjudge-lab sample' writes it where the engine tells"
        )
    return logs


def _vote(pool: Pool, weights: list[float]) -> float:
    right = correctness(pool)
    voters = [i for i, c in enumerate(pool.candidates) if c.answer is not None]
    if not voters:
        return sum(right) / len(right)
    teams = {
        team: [i for i in voters if pool.team_of(i) == team] for team in map(pool.team_of, voters)
    }
    votes = {team: fsum(weights[i] for i in members) for team, members in teams.items()}
    most = max(votes.values())
    # The data may call one member of a team right and another wrong, so a team counts by its mean.
    shares = [
        sum(right[i] for i in teams[team]) / len(teams[team])
        for team, count in votes.items()
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


def baselines(pools: Sequence[Pool]) -> dict[str, Callable[[Pool], float]]:
    """Every selector that these pools allow: those with scores where all have scores, the weighted
    vote where none is below zero, the likelihood where it is known of all."""
    candidates = [c for pool in pools for c in pool.candidates]
    found = dict(BASELINES)
    scores = [c.score for c in candidates if c.score is not None]
    if candidates and len(scores) == len(candidates):
        found["best score"] = best_score
        if min(scores) >= 0:
            found["weighted majority"] = weighted_majority
    if candidates and all(c.mean_logprob is not None for c in candidates):
        found["likelihood"] = best_likelihood
    return found
