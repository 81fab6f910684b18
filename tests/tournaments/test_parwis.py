"""PARWiS: rank centrality against theory and a walk, disruption against a step of the chain."""

import numpy as np
import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.tournaments import Parwis
from pairjudge_lab.tournaments.parwis import disruption, rank_centrality
from pairjudge_lab.tournaments.strengths import Evidence
from tests.tournaments.playing import loners, play, prefers, says


def planted(weights, games):
    """Evidence whose win shares are those of Bradley and Terry's model exactly."""
    evidence = Evidence(len(weights))
    evidence.wins = games * weights[:, None] / (weights[:, None] + weights[None, :])
    np.fill_diagonal(evidence.wins, 0)
    return evidence


def test_many_games_give_back_the_strengths():
    weights = np.array([4.0, 2.0, 1.0, 0.5])
    # Against the player without candidate everyone has one win and one loss: its weight is 1, and
    # so few games say little beside the rest, but the walk counts every pair of players alike.
    evidence = planted(weights, 1e6)
    evidence.called_correct, evidence.called_wrong = 1e6 * weights, np.full(4, 1e6)
    assert rank_centrality(evidence) == pytest.approx(weights / weights.sum(), rel=1e-4)


def test_rank_centrality_is_where_a_walk_ends():
    rng = np.random.default_rng(0)
    evidence = Evidence(5)
    evidence.wins = rng.integers(0, 3, (5, 5)).astype(float)
    np.fill_diagonal(evidence.wins, 0)
    wins = np.ones((6, 6))
    wins[:5, :5] = evidence.wins
    chain = np.zeros((6, 6))
    for i in range(6):
        for j in range(6):
            games = wins[i, j] + wins[j, i]
            if i != j and games:
                chain[i, j] = wins[j, i] / games / 6
        chain[i, i] = 1 - chain[i].sum()
    walk = np.full(6, 1 / 6)
    for _ in range(3000):
        walk = walk @ chain
    assert rank_centrality(evidence) == pytest.approx(walk[:5] / walk[:5].sum(), abs=1e-9)


def test_disruption_is_the_expected_change_of_one_step():
    evidence, score = Evidence(2), np.array([0.7, 0.3])
    evidence.wins = np.array([[0.0, 2.0], [1.0, 0.0]])

    def moved(win):
        """From j to i in a step, when one of the two imagined wins is i's and it wins once more."""
        mine, theirs = 3.0, 2.0
        before = np.array([mine, theirs]) / (mine + theirs)
        after = np.array([mine + win, theirs + 1 - win]) / (mine + theirs + 1)
        return abs((score.sum()) * (after - before)[0])

    expected = (score[0] * moved(1) + score[1] * moved(0)) / score.sum()
    assert disruption(evidence, score, 0, 1) == pytest.approx(expected)


def test_the_winner_stays_and_meets_the_next():
    pool, rng = loners([False] * 6), np.random.default_rng(4)
    _, asked = play(Parwis(), pool, lambda m: says(m.a > m.b, m.b > m.a), rng)
    best = None
    for number, (match,) in enumerate(asked[:5]):
        assert best is None or best in (match.a, match.b), number
        best = max(match.a, match.b)
    assert all(5 in (m.a, m.b) for (m,) in asked[5:]), "then the top meets the rest"


def test_it_finds_the_best_more_often_than_a_row_of_matches():
    chance = np.full((8, 8), 0.5)
    chance[0, 1:], chance[1:, 0] = 0.8, 0.2
    rng, runs, pool = np.random.default_rng(2), 200, loners([False] * 8)
    shares = [
        np.mean([
            play(Parwis(some), pool, prefers(chance, rng), rng)[0].candidate == 0
            for _ in range(runs)
        ])
        for some in (0.875, 3.0)
    ]  # fmt: skip
    assert shares[1] > shares[0] + 0.05
    with pytest.raises(UserError, match="above 0, or None"):
        Parwis(per_candidate=0)
