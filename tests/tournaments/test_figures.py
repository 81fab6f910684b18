"""The chance that the best wins, against exact figures."""

import numpy as np
import pytest

from pairjudge_lab.tournaments import (
    DoubleElimination,
    Knockout,
    Ladder,
    RoundRobin,
    Rules,
)
from tests.tournaments.playing import loners, play, prefers


def win_shares(kind, chance, runs, seed):
    rng = np.random.default_rng(seed)
    pool, judge = loners([False] * len(chance)), prefers(chance, rng)
    wins = np.zeros(len(chance))
    for _ in range(runs):
        wins[play(kind, pool, judge, rng)[0].candidate] += 1
    return wins / runs


def within(share, exact, runs):
    return abs(share - exact) < 4 * np.sqrt(exact * (1 - exact) / runs)


@pytest.mark.parametrize(
    ("kind", "exact"),
    [
        (Knockout(), 0.49),
        (RoundRobin("copeland"), 0.49),
        (DoubleElimination(), 0.58996),
        (DoubleElimination(reset=False), 0.5488),
        (Ladder(), 0.469),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_best_of_four_wins_as_often_as_theory_says(kind, exact):
    """The best beats each with probability 0.7 and the rest are even."""
    chance = np.full((4, 4), 0.5)
    chance[0, 1:], chance[1:, 0] = 0.7, 0.3
    share = win_shares(kind, chance, 5000, 11)[0]
    assert within(share, exact, 5000), (share, exact)


def test_a_knockout_of_eight_by_bradley_terry():
    theta = np.array([1.5, 1, 0.5, 0, -0.5, -1, 0.2, -0.2])
    chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
    exact = [0.4556, 0.2456, 0.1184, 0.0501, 0.0184, 0.0058, 0.0719, 0.0341]
    shares = win_shares(Knockout(), chance, 8000, 12)
    assert all(within(s, e, 8000) for s, e in zip(shares, exact, strict=True)), shares


def test_the_recursion():
    """p' = p^2 + 2 p (1 - p) p_comp from p = 0.2 with p_comp = 0.7: 0.2 to 0.529835 at N = 16."""
    rng, p, runs = np.random.default_rng(13), 0.2, 4000
    exact = [0.2, 0.264, 0.341722, 0.431701, 0.529835]
    for level, expected in enumerate(exact):
        if level:
            p = p * p + 2 * p * (1 - p) * 0.7
        assert p == pytest.approx(expected, abs=1e-6)
    hits = 0
    for _ in range(runs):
        right = rng.random(16) < 0.2
        chance = 0.5 + 0.2 * (right[:, None].astype(float) - right[None, :])
        pool = loners([bool(r) for r in right])
        hits += right[play(Knockout(), pool, prefers(chance, rng), rng)[0].candidate]
    assert within(hits / runs, exact[-1], runs)


@pytest.mark.parametrize(("votes", "exact"), [(3, 0.784), (5, 0.83692), (9, 0.901191)])
def test_a_majority_of_votes_is_more_often_right(votes, exact):
    chance = np.array([[0.5, 0.7], [0.3, 0.5]])
    share = win_shares(Knockout(Rules(votes=votes)), chance, 4000, 14)[0]
    assert within(share, exact, 4000)
