from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.records import Match, UserError, Verdict
from pairjudge_lab.tournaments import PAPER, RELEASED, Knockout, tournament
from pairjudge_lab.tournaments.knockout import draw_round
from tests.conftest import make_pool
from tests.tournaments.playing import UNREAD, says, truth
from tests.tournaments.playing import play as step

RULES = {"paper": PAPER, "released": RELEASED}


def play(pool, judge, rule="paper", seed=0):
    return step(Knockout(RULES[rule]), pool, judge, np.random.default_rng(seed))


groups = st.lists(st.integers(0, 6), min_size=1, max_size=70)


@given(groups, st.sampled_from(["paper", "released"]), st.integers(0, 99))
def test_a_judge_that_never_errs_finds_a_right_candidate(numbers, rule, seed):
    pool = make_pool([t == 0 for t in numbers], numbers)
    selection, _ = play(pool, truth, rule, seed)
    assert pool.candidates[selection.candidate].correct == (0 in numbers)


@given(groups, st.sampled_from(["paper", "released"]), st.integers(0, 999))
def test_the_rules_hold_whatever_the_judge_says(numbers, rule, seed):
    pool = make_pool([False] * len(numbers), numbers)
    rng = np.random.default_rng(seed)
    options = [says(True, True), says(True, False), says(False, True), says(False, False), UNREAD]
    selection, asked = play(pool, lambda m: options[rng.integers(5)], rule, seed)
    assert selection.calls == sum(map(len, asked)) <= len(pool) - 1
    assert selection.rounds == len(selection.history)
    alive = set(range(len(pool)))
    saved = 0
    waves = iter(asked)
    for results in selection.history:
        # A round of byes and meetings within groups asks for nothing.
        matches = next(waves) if any(r.how == "match" for r in results) else []
        seen = [c for r in results for c in (r.a, r.b) if c is not None]
        assert sorted(seen) == sorted(alive), "everyone alive has one place, nobody else has one"
        assert [r.how for r in results].count("bye") == len(alive) % 2
        judged = [(r.a, r.b) for r in results if r.how == "match"]
        assert judged == [(m.a, m.b) for m in matches]
        assert all(r.points is not None and sum(r.points) <= 1 for r in results if r.how == "match")
        for result in results:
            if result.b is not None:
                same = pool.group_of(result.a) == pool.group_of(result.b)
                assert same == (result.how == "same_answer")
                saved += same
        alive = {c for r in results for c in r.advanced} or {selection.candidate}
    assert next(waves, None) is None
    assert selection.candidate in alive
    if not selection.note:
        assert len({pool.group_of(c) for c in alive}) == 1
        assert selection.calls_saved == saved + len(alive) - 1
    assert sum(selection.statuses.values()) == selection.calls


@given(groups.filter(lambda t: len(t) >= 2), st.integers(0, 99))
def test_as_few_meetings_within_a_group_as_can_be(numbers, seed):
    pool = make_pool([False] * len(numbers), numbers)
    pairs, bye = draw_round(pool, list(range(len(numbers))), np.random.default_rng(seed))
    within = sum(pool.group_of(a) == pool.group_of(b) for a, b in pairs)
    playing = [numbers[c] for pair in pairs for c in pair]
    assert within == max(0, max(Counter(playing).values()) - len(pairs))
    assert len(bye) == len(numbers) % 2


def first_result(rule, verdict, seeds=range(200)):
    """How often A, B, nobody goes on from one match of two different answers."""
    pool, went_on = make_pool([False, False]), Counter()
    for seed in seeds:
        selection, _ = play(pool, lambda m: verdict, rule, seed)
        result = selection.history[0][0]
        went_on[
            "A" if result.advanced == (result.a,) else "B" if result.advanced else "nobody"
        ] += 1
    return went_on


@pytest.mark.parametrize("rule", ["paper", "released"])
def test_one_label_decides(rule):
    assert first_result(rule, says(True, False)) == {"A": 200}
    assert first_result(rule, says(False, True)) == {"B": 200}
    assert first_result(rule, says(False, False)) == {"nobody": 200}


def test_both_correct_is_a_draw_on_paper_and_the_first_in_the_released_code():
    paper = first_result("paper", says(True, True))
    assert 70 <= paper["A"] <= 130
    assert paper["A"] + paper["B"] == 200
    assert first_result("released", says(True, True)) == {"A": 200}


def test_an_unread_verdict_follows_the_named_rule():
    paper = first_result("paper", UNREAD)
    assert 70 <= paper["A"] <= 130
    assert paper["A"] + paper["B"] == 200
    assert first_result("released", UNREAD) == {"nobody": 200}
    selection, _ = play(make_pool([False, False]), lambda m: UNREAD, "released")
    assert selection.rules["unread"] == "neither"
    assert selection.statuses == {"unparsed": 1}
    assert "put everybody out" in selection.note


def test_positions_are_drawn_evenly():
    shown = Counter()
    pool = make_pool([False] * 4)
    for seed in range(2000):
        _, asked = play(pool, lambda m: says(True, False), seed=seed)
        shown.update(m.a for m in asked[0])
    # 2,000 rounds of two matches: each is shown first in half of them, give or take 5 sigma.
    assert all(abs(shown[c] - 1000) < 5 * np.sqrt(2000 / 4) for c in range(4)), shown


def test_one_answer_needs_no_call():
    selection, asked = play(make_pool([True] * 5, [0] * 5), truth)
    assert (selection.calls, selection.calls_saved, selection.rounds, asked) == (0, 4, 0, [])


def test_the_best_wins_as_often_as_theory_says():
    """At N = 4 with a judge right with probability 0.7 against one right answer: 0.7 ** 2."""
    pool = make_pool([True, False, False, False])
    rng, runs, wins = np.random.default_rng(1), 4000, 0

    def judge(match: Match) -> Verdict:
        better_first = bool(match.pool.candidates[match.a].correct)
        if not better_first and not match.pool.candidates[match.b].correct:
            a = bool(rng.random() < 0.5)
        else:
            a = better_first == bool(rng.random() < 0.7)
        return says(a, not a)

    for seed in range(runs):
        wins += play(pool, judge, seed=seed)[0].candidate == 0
    assert abs(wins / runs - 0.49) < 4 * np.sqrt(0.49 * 0.51 / runs)


def test_names():
    assert tournament("knockout").name == "knockout"
    assert tournament("knockout-released").name == "knockout-released"
    with pytest.raises(UserError, match=r"no tournament named 'x'; there are: knockout"):
        tournament("x")
    with pytest.raises(UserError, match="both correct 'coin' is no rule; choose tie, first"):
        tournament("knockout", both_correct="coin")
    with pytest.raises(UserError, match="seeding 'luck' is not offered; choose majority, score"):
        Knockout(seeding="luck")
    with pytest.raises(UserError, match="one place for the two of a match"):
        tournament("knockout-seeded-majority", unread="keep")
