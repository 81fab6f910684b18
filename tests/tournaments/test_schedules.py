"""Round-robin schedules and Swiss pairings, held against published tables and rules."""

from collections import Counter

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.records import UserError
from pairjudge_lab.tournaments import Adaptive, RoundRobin, Swiss, tournament
from pairjudge_lab.tournaments.round_robin import balance_positions, berger_rounds
from pairjudge_lab.tournaments.seeding import bracket_seats
from pairjudge_lab.tournaments.standings import Standings, buchholz, sonneborn_berger
from pairjudge_lab.tournaments.strengths import Evidence, drawn_strengths, strengths
from tests.conftest import make_pool
from tests.tournaments.playing import coin, loners, play, truth

BERGER = {
    4: ["1-4 2-3", "4-3 1-2", "2-4 3-1"],
    6: ["1-6 2-5 3-4", "6-4 5-3 1-2", "2-6 3-1 4-5", "6-5 1-4 2-3", "3-6 4-2 5-1"],
    8: [
        "1-8 2-7 3-6 4-5",
        "8-5 6-4 7-3 1-2",
        "2-8 3-1 4-7 5-6",
        "8-6 7-5 1-4 2-3",
        "3-8 4-2 5-1 6-7",
        "8-7 1-6 2-5 3-4",
        "4-8 5-3 6-2 7-1",
    ],
}
"""FIDE Handbook C.05, annex 1: white is named first."""


@pytest.mark.parametrize("n", BERGER)
def test_berger_tables(n):
    ours = [{f"{a + 1}-{b + 1}" for a, b in pairs} for pairs in berger_rounds(n)]
    assert ours == [set(row.split()) for row in BERGER[n]]
    odd = [{f"{a + 1}-{b + 1}" for a, b in pairs} for pairs in berger_rounds(n - 1)]
    assert odd == [{p for p in row if str(n) not in p} for row in ours]


@pytest.mark.parametrize("n", range(2, 25))
def test_everyone_meets_everyone_once(n):
    rounds = berger_rounds(n)
    met = Counter(frozenset(pair) for pairs in rounds for pair in pairs)
    assert len(met) == n * (n - 1) // 2
    assert set(met.values()) == {1}
    for pairs in rounds:
        playing = [c for pair in pairs for c in pair]
        assert len(playing) == len(set(playing)) == n - n % 2


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(0, 99))
def test_round_robin_positions_differ_by_at_most_one(numbers, seed):
    pool = make_pool([False] * len(numbers), numbers)
    rng = np.random.default_rng(seed)
    _, asked = play(RoundRobin(), pool, coin(rng), rng)
    lead = Counter()
    for match in (m for wave in asked for m in wave):
        lead[match.a] += 1
        lead[match.b] -= 1
    assert all(abs(count) <= 1 for count in lead.values())


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] < p[1])))
def test_any_pairs_can_be_shown_in_turn(pairs):
    pairs = list(dict.fromkeys(pairs))
    shown = balance_positions(pairs)
    assert {tuple(sorted(p)) for p in shown} == set(pairs)
    lead = Counter(a for a, _ in shown)
    lead.subtract(b for _, b in shown)
    assert all(abs(count) <= 1 for count in lead.values())


def test_round_robin_scores():
    """Four candidates, the better always preferred: 3, 2, 1, 0 points."""
    pool = loners([False] * 4)

    def better(match):
        return coin_free(match.a < match.b)

    def coin_free(a):
        from tests.tournaments.playing import says

        return says(a, not a)

    for name in ("wins", "copeland", "borda", "bradley-terry", "labels"):
        selection, _ = play(RoundRobin(name), pool, better, np.random.default_rng(0))
        assert selection.ranking == (0, 1, 2, 3), name
        assert selection.calls == 6
    with pytest.raises(UserError, match="score 'elo' is not offered; choose wins, copeland"):
        RoundRobin("elo")


def test_bradley_terry_agrees_with_the_worked_example():
    """Wikipedia's example, A to D; with a prior that weighs next to nothing."""
    evidence = Evidence(4)
    wins = {(0, 1): 2, (1, 0): 3, (0, 3): 1, (3, 0): 4, (1, 2): 5, (2, 1): 3, (2, 3): 1, (3, 2): 3}
    for (i, j), count in wins.items():
        evidence.wins[i, j] = count
    theta, covariance = strengths(evidence, prior=1e-7)
    ours = np.exp(theta - theta.mean())
    assert ours == pytest.approx([0.639835, 1.043314, 0.659810, 2.270377], abs=1e-5)
    assert np.allclose(covariance, covariance.T)


def test_sonneborn_berger_of_a_double_round_robin():
    """The published example: scores 4, 4, 3, 1 and Sonneborn-Berger 11, 9, 6, 4."""
    points = np.zeros((4, 4))
    for games in ("AB AC AD BC BD CD", "BA AC DA CB BD CD"):
        for winner, loser in games.split():
            points["ABCD".index(winner), "ABCD".index(loser)] += 1
    scores = points.sum(axis=1)
    assert scores.tolist() == [4, 4, 3, 1]
    assert sonneborn_berger(scores, points).tolist() == [11, 9, 6, 4]


def test_buchholz_of_a_worked_swiss():
    """The first example of the chess library echecs/buchholz: A meets B, D and C (1, 2.5 and 0
    points) and has 3.5. Sonneborn-Berger by hand: A beat B and C and drew with D, 1 + 0 + 1.25."""
    points, met = np.zeros((4, 4)), np.zeros((4, 4))
    for game in ("A1B", "D1C", "A=D", "B1C", "A1C", "D1B"):
        x, y = "ABCD".index(game[0]), "ABCD".index(game[2])
        points[x, y], points[y, x] = (1, 0) if game[1] == "1" else (0.5, 0.5)
        met[x, y] = met[y, x] = 1
    scores = points.sum(axis=1)
    assert scores.tolist() == [2.5, 1, 0, 2.5]
    assert buchholz(scores, met)[0] == 3.5
    assert sonneborn_berger(scores, points)[0] == 2.25
    # A round without an opponent counts as one against an opponent with one's own score.
    assert buchholz(scores, met, np.array([1, 0, 0, 0]))[0] == 6.0


@given(st.integers(1, 14), st.integers(1, 8), st.integers(0, 999), st.booleans())
def test_swiss_pairings(n, rounds, seed, together):
    rng = np.random.default_rng(seed)
    pool = make_pool([False] * n, [int(t) for t in rng.integers(0, 4, n)]) if together else (
        loners([False] * n)
    )  # fmt: skip
    selection, _ = play(Swiss(rounds), pool, coin(rng), rng)
    met, byes = nx.Graph(), Counter(dict.fromkeys(range(n), 0))
    met.add_nodes_from(range(n))
    for results in selection.history:
        sitting = [r.a for r in results if r.b is None]
        pairs = [(r.a, r.b) for r in results if r.b is not None]
        playing = [c for pair in pairs for c in pair]
        assert sorted([*playing, *sitting]) == list(range(n)), "everyone has one place a round"
        assert len(sitting) == n % 2
        free = nx.complement(met.subgraph(playing))
        avoidable = 2 * len(nx.max_weight_matching(free, maxcardinality=True)) == len(playing)
        again = [pair for pair in pairs if met.has_edge(*pair)]
        assert not (avoidable and again), "a rematch that could have been avoided"
        for c in sitting:
            assert byes[c] == min(byes.values()), "a second bye while another has none"
        byes.update(sitting)
        met.add_edges_from(pairs)


def test_swiss_pairs_like_scores_and_gives_positions_in_turn():
    apart, most = [], 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        selection, _ = play(Swiss(), loners([False] * 32), coin(rng), rng)
        points, lead, in_a_row = Counter(), Counter(), Counter()
        for results in selection.history:
            apart += [abs(points[r.a] - points[r.b]) for r in results]
            for result in results:
                for c, sign in ((result.a, 1), (result.b, -1)):
                    lead[c] += sign
                    in_a_row[c] = in_a_row[c] + sign if in_a_row[c] * sign > 0 else sign
                points[result.a] += result.points[0]
                points[result.b] += result.points[1]
            most = max(most, *map(abs, lead.values()))
            assert max(map(abs, in_a_row.values())) <= 2, "three times running in one position"
    assert most <= 2, "as in chess, nobody is two ahead and shown there again"
    assert np.mean(apart) < 0.2, "opponents have like scores"


def test_swiss_lets_the_best_through():
    pool = loners([False] * 15 + [True])
    selection, _ = play(Swiss(), pool, truth, np.random.default_rng(0))
    assert selection.ranking[0] == 15
    assert selection.rounds == 4
    assert selection.calls == 32


def test_a_bye_is_half_a_point():
    standings = Standings(3)
    standings.add(None, [], [2])
    assert standings.score("wins").tolist() == [0, 0, 0.5]


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_seeds_meet_as_late_as_they_can(n):
    seats = bracket_seats(n)
    assert sorted(seats) == list(range(n))
    while len(seats) > 1:
        pairs = list(zip(seats[::2], seats[1::2], strict=True))
        assert all(sum(pair) == len(seats) - 1 for pair in pairs)
        seats = [min(pair) for pair in pairs]


def test_a_seeded_bracket_gives_byes_to_the_best_seeds():
    pool = make_pool([False] * 6, [0, 0, 0, 1, 1, 2])
    selection, _ = play(
        tournament("knockout-seeded-majority"), pool, truth, np.random.default_rng(0)
    )
    byes = {r.a for r in selection.history[0] if r.how == "bye"}
    assert byes <= {0, 1, 2}
    with pytest.raises(UserError, match="seeding by score needs a 'score' for every candidate"):
        play(tournament("knockout-seeded-score"), pool, truth, np.random.default_rng(0))


def test_draws_of_strengths_have_their_covariance():
    evidence = Evidence(4)
    for x, y, result in [(0, 1, "x"), (0, 2, "x"), (3, 1, "both"), (2, 1, "x"), (3, 0, "neither")]:
        evidence.add(x, y, (1.0, 0.0) if result == "x" else (0.5, 0.5), result)
    theta, covariance = strengths(evidence)
    same, draws = drawn_strengths(evidence, np.eye(4))
    assert np.allclose(theta, same)
    # Draws are linear in the normal numbers, so that those of the unit vectors say all.
    assert np.allclose((draws - theta).T @ (draws - theta), covariance)
    many = drawn_strengths(evidence, np.random.default_rng(0).standard_normal((40_000, 4)))[1]
    assert np.allclose(many.mean(axis=0), theta, atol=0.05)
    assert np.allclose(np.cov(many.T), covariance, atol=0.05)


def test_the_ceiling_of_the_adaptive_tournament_is_an_argument():
    pool, rng = loners([False] * 12), np.random.default_rng(0)
    calls = {
        ceiling: play(Adaptive(confidence=1.0, ceiling=ceiling), pool, coin(rng), rng)[0].calls
        for ceiling in (0.25, 0.5, None)
    }
    assert calls[0.25] == 66 // 4
    assert calls[0.25] < calls[0.5] == 33 < calls[None] <= Adaptive(ceiling=None).calls(12)
    with pytest.raises(UserError, match="a ceiling is above 0"):
        Adaptive(ceiling=0)
