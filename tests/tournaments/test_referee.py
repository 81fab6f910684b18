"""How a match is shown, and what its verdicts count for."""

from itertools import pairwise

import numpy as np
import pytest

from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import Rules
from tests.tournaments.playing import UNREAD, loners, says

A, B, BOTH, NEITHER = says(True, False), says(False, True), says(True, True), says(False, False)


def settle(rules, *waves, pairs=((0, 1),), n=4):
    """The outcomes when the judge says these waves, and every match that was asked."""
    referee = Referee(loners([False] * n), rules, np.random.default_rng(0))
    game, asked = referee.settle(list(pairs)), []
    try:
        asked.append(next(game))
        for wave in waves:
            asked.append(game.send(list(wave)))
    except StopIteration as end:
        return referee, end.value, asked
    raise AssertionError("it asks for more")


@pytest.mark.parametrize(
    ("verdict", "rules", "points"),
    [
        (A, {}, (1, 0)),
        (B, {}, (0, 1)),
        (BOTH, {}, (0.5, 0.5)),
        (BOTH, {"both_correct": "first"}, (1, 0)),
        (NEITHER, {}, (0, 0)),
        (NEITHER, {"neither": "tie"}, (0.5, 0.5)),
        (UNREAD, {}, (0.5, 0.5)),
        (UNREAD, {"unread": "neither"}, (0, 0)),
        (UNREAD, {"unread": "neither", "neither": "tie"}, (0.5, 0.5)),
        (UNREAD, {"unread": "keep"}, None),
    ],
)
def test_what_one_verdict_counts_for(verdict, rules, points):
    referee, (outcome,), _ = settle(Rules(order="drawn", **rules), [verdict])
    assert referee.points(outcome) == points
    advanced = referee.advance(outcome)
    if points is None:
        assert advanced == (0, 1)
    elif points == (0.5, 0.5):
        assert advanced in ((0,), (1,))
    else:
        assert advanced == tuple(c for c, p in enumerate(points) if p)


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ((A, B), "x"),  # the same candidate, whichever way it was shown
        ((B, A), "y"),
        ((A, A), "split"),
        ((BOTH, BOTH), "both"),
        ((NEITHER, NEITHER), "neither"),
        ((A, NEITHER), "split"),
        ((A, UNREAD), "unread"),
    ],
)
def test_both_orders_must_agree(said, result):
    referee, (outcome,), ((first, second),) = settle(Rules(order="both"), said)
    assert (first.a, first.b) == (second.b, second.a) == (0, 1)
    assert outcome.result == result
    assert referee.lead == [0, 0, 0, 0]
    if result == "split":
        assert referee.points(outcome) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ((A, A, B), "x"),
        ((A, NEITHER, NEITHER), "neither"),
        ((A, BOTH, NEITHER), "x"),
        ((A, B, NEITHER), "split"),
        ((A, UNREAD, UNREAD), "x"),
        ((UNREAD, UNREAD, UNREAD), "unread"),
        ((BOTH, NEITHER, UNREAD), "split"),
    ],
)
def test_votes(said, result):
    _, (outcome,), (wave,) = settle(Rules(order="drawn", votes=3), said)
    assert [m.repetition for m in wave] == [0, 1, 2]
    assert outcome.result == result


def test_what_could_not_be_read_is_judged_again_once():
    rules = Rules(order="drawn", unread="again")
    referee, (one, two), asked = settle(rules, [UNREAD, A], [B], pairs=[(0, 1), (2, 3)])
    assert [(m.a, m.b, m.repetition) for m in asked[1]] == [(0, 1, 1)]
    assert (one.result, two.result) == ("y", "x")
    assert referee.calls == 3
    assert referee.statuses == {"unparsed": 1, "parsed": 2}
    referee, (still,), _ = settle(rules, [UNREAD], [UNREAD])
    assert referee.points(still) == (0.5, 0.5)


def test_a_second_meeting_is_shown_the_other_way_round():
    referee = Referee(loners([False] * 2), Rules(), np.random.default_rng(0))
    shown = []
    for _ in range(4):
        game = referee.settle([(0, 1)])
        (match,) = next(game)
        shown.append((match.a, match.repetition))
        with pytest.raises(StopIteration):
            game.send([A])
    assert all(one[0] != other[0] for one, other in pairwise(shown))
    assert [repetition for _, repetition in shown] == [0, 0, 1, 1]


def test_positions_in_turn():
    referee = Referee(loners([False] * 5), Rules(order="balanced"), np.random.default_rng(4))
    for opponent in (1, 2, 3, 4):
        game = referee.settle([(0, opponent)])
        next(game)
        with pytest.raises(StopIteration):
            game.send([A])
    assert abs(referee.lead[0]) == 0
    referee.lead[:2], referee.in_a_row[:2] = [0, 1], [2, 1]
    assert referee.claim(0) < referee.claim(1), "twice running weighs more than once too often"
