"""V1-Infer's Swiss: its weighted win rate by hand, its coverage, its neighbours."""

from collections import Counter

import numpy as np
import pytest

from pairjudge_lab.records import Status, UserError, Verdict
from pairjudge_lab.tournaments import Rules, UncertaintySwiss
from pairjudge_lab.tournaments.groups import margin
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.tournaments.uncertainty_swiss import Quality, swiss_pairs
from tests.conftest import make_pool
from tests.tournaments.playing import UNREAD, coin, loners, play, says

DRAWN = Rules(order="drawn")


def rated(a, b):
    """A verdict whose probabilities are these; each label is the likelier one."""
    return Verdict(Status.PARSED, a > 0.5, b > 0.5, a_probability=a, b_probability=b)


def heard(pool, verdicts):
    """Quality after these verdicts of (x, y), x shown first."""
    quality = Quality(pool, DRAWN, 0.1)
    referee = Referee(pool, DRAWN, np.random.default_rng(0))
    for (x, y), verdict in verdicts:
        game = referee.settle([(x, y)])
        next(game)
        with pytest.raises(StopIteration) as end:
            game.send([verdict])
        quality.hear(referee, end.value.value)
    return quality


def test_the_weighted_win_rate_of_a_worked_example():
    """0 beats 1 by 0.8, ties with 2 (both correct, 0.05 apart, so 0.1) and loses to 3 by 0.4."""
    quality = heard(loners([False] * 4), [
        ((0, 1), rated(0.9, 0.1)), ((0, 2), rated(0.95, 0.9)), ((0, 3), rated(0.3, 0.7)),
    ])  # fmt: skip
    assert quality.score[0] == pytest.approx((0.8 + 0.05) / (0.8 + 0.1 + 0.4))
    assert quality.score[1:].tolist() == [0, 0.5, 1]
    assert quality.degree.tolist() == [3, 1, 1, 1]
    hard = heard(loners([False] * 2), [((0, 1), says(True, False))])
    assert hard.score.tolist() == [1, 0]
    unread = heard(loners([False] * 2), [((0, 1), UNREAD)])
    assert unread.score.tolist() == [0.5, 0.5]


def test_orders_that_disagree_say_little():
    first, again = rated(0.8, 0.2), rated(0.9, 0.3)
    outcome = Outcome(0, 1, "split", 0, (first, again))
    assert margin(outcome, Rules(order="both")) == pytest.approx(0)
    assert margin(outcome, Rules(votes=2, order="drawn")) == pytest.approx(0.6)


def test_neighbours_meet_within_the_window():
    """Scores 1, .75, .5, 0: the first meets the second; with it met both ways, the third."""
    quality = heard(loners([False] * 4), [
        ((0, 3), says(True, False)), ((1, 3), rated(0.9, 0.6)), ((1, 2), rated(0.55, 0.65)),
    ])  # fmt: skip
    pairs = swiss_pairs(quality, range(4), 8, np.random.default_rng(0))
    assert pairs[0][0] == 0
    score = quality.score
    others = [abs(score[0] - score[c]) for c in (1, 2, 3)]
    assert abs(score[0] - score[pairs[0][1]]) == min(others)
    (alone,) = swiss_pairs(quality, [0, 3], 8, np.random.default_rng(0))
    assert set(alone) == {0, 3}, "shown once more, the other way round"


@pytest.mark.parametrize("n", [5, 8, 16])
def test_everyone_meets_two_before_anybody_is_refined(n):
    rng = np.random.default_rng(n)
    selection, asked = play(UncertaintySwiss(), loners([False] * n), coin(rng), rng)
    opponents = {c: set() for c in range(n)}
    for wave in asked:
        covered = min(map(len, opponents.values())) >= 2
        for m in wave:
            fresh = min(len(opponents[m.a]), len(opponents[m.b])) < 2
            assert covered or fresh
        for m in wave:
            opponents[m.a].add(m.b)
            opponents[m.b].add(m.a)
    assert min(map(len, opponents.values())) >= 2
    assert selection.calls == 2 * n
    assert max(Counter((m.a, m.b) for wave in asked for m in wave).values()) == 1


def test_nothing_new_to_ask_and_what_it_cannot_be():
    pool, rng = make_pool([False] * 3, [0, 0, 1]), np.random.default_rng(0)
    selection, _ = play(UncertaintySwiss(per_candidate=None), pool, coin(rng), rng)
    assert selection.calls == 4
    for wrong in ({"coverage": 0}, {"window": 0}, {"floor": 0}, {"per_candidate": -1}):
        with pytest.raises(UserError, match=r"at least 1 and floor above 0|above 0, or None"):
            UncertaintySwiss(**wrong)
