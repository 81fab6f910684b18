"""What holds of every tournament, whatever the pool and whatever the judge says."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.records import UserError
from pairjudge_lab.tournaments import TOURNAMENTS, Rules, rules_in_words, tournament
from pairjudge_lab.tournaments.rules import ORDERS
from tests.conftest import make_pool
from tests.tournaments.playing import OPTIONS, UNREAD, coin, loners, play, truth

# One needs scores, the other has rules of its own and a test of its own.
NAMES = [n for n in TOURNAMENTS if n not in ("knockout-seeded-score", "certified-knockout")]
# With votes, a wrong answer that most gave may stay ahead of a judge that never errs.
FINDING = [name for name in NAMES if name != "top-two-answers"]
ELIMINATING = [name for name in NAMES if name.startswith(("knockout", "ladder", "double"))]
groups = st.lists(st.integers(0, 6), min_size=1, max_size=16)
rules = st.builds(
    Rules,
    order=st.sampled_from(["drawn", "random", "balanced", "both"]),
    votes=st.sampled_from([1, 3]),
    both_correct=st.sampled_from(["tie", "first"]),
    neither=st.sampled_from(["out", "tie"]),
    unread=st.sampled_from(["tie", "neither", "keep", "again"]),
    budget=st.none() | st.integers(0, 40),
)


@pytest.mark.parametrize("name", FINDING)
def test_a_judge_that_never_errs_finds_a_right_candidate(name):
    """For every N from 1 to 70, with groups and without."""
    kind = tournament(name)
    rng = np.random.default_rng(1)
    for n in range(1, 71):
        numbers = [int(t) for t in rng.integers(0, rng.integers(1, 9), size=n)]
        right = [bool(r) for r in rng.random(n) < rng.random()]
        for pool in (make_pool([t == 0 for t in numbers], numbers), loners(right)):
            selection, _ = play(kind, pool, truth, rng)
            known = [c.correct for c in pool.candidates]
            assert known[selection.candidate] == any(known), (n, known)
            assert selection.calls <= kind.calls(n)


@pytest.mark.parametrize("name", NAMES)
def test_with_a_coin_for_a_judge_nothing_beats_random(name):
    rng, kind, runs = np.random.default_rng(2), tournament(name), 1200
    pool = loners([True, False, False, True, False, False, False])
    hits = sum(
        bool(pool.candidates[play(kind, pool, coin(rng), rng)[0].candidate].correct)
        for _ in range(runs)
    )
    share = 2 / 7
    assert abs(hits / runs - share) < 4.5 * np.sqrt(share * (1 - share) / runs)


@given(st.sampled_from(NAMES), groups, rules, st.integers(0, 999))
def test_the_accounts_hold_under_any_rules(name, numbers, some_rules, seed):
    if name.startswith("knockout-seeded") and some_rules.unread == "keep":
        return
    kind = replace(TOURNAMENTS[name], rules=some_rules)
    pool, rng = make_pool([False] * len(numbers), numbers), np.random.default_rng(seed)
    selection, asked = play(kind, pool, lambda m: [*OPTIONS, UNREAD][rng.integers(5)], rng)
    matches = [m for wave in asked for m in wave]
    assert selection.calls == len(matches) <= kind.calls(len(pool))
    assert some_rules.budget is None or selection.calls <= some_rules.budget
    assert sum(selection.statuses.values()) == selection.calls
    assert all(wave for wave in asked), "a wave without matches keeps a judge waiting for nothing"
    assert all(m.a != m.b for m in matches)
    assert all(pool.group_of(m.a) != pool.group_of(m.b) for m in matches), "a group costs no call"
    keys = Counter((m.a, m.b, m.repetition) for m in matches)
    assert max(keys.values(), default=1) == 1, "the same question is never asked twice"
    if selection.ranking is not None:
        assert sorted(selection.ranking) == list(range(len(pool)))
        assert selection.ranking[0] == selection.candidate
    said = selection.rules
    # Codes; every one of them has words.
    assert rules_in_words(said)["order"] == ORDERS[said["order"]]
    if "score" in said:
        assert " " in rules_in_words(said)["score"]
    assert said["tournament"].startswith(name.split("-")[0])
    assert {"order", "both_correct", "neither", "unread"} <= said.keys()
    assert selection.rounds == len(selection.history)
    seen = [v for results in selection.history for r in results for v in (*r.verdicts, *r.swapped)]
    assert len(seen) <= selection.calls


@given(st.sampled_from(ELIMINATING), groups, st.integers(0, 999))
def test_nobody_who_is_out_plays_on(name, numbers, seed):
    kind = TOURNAMENTS[name]
    pool, rng = make_pool([False] * len(numbers), numbers), np.random.default_rng(seed)
    selection, _ = play(kind, pool, lambda m: [*OPTIONS, UNREAD][rng.integers(5)], rng)
    allowed = 2 if name.startswith("double") else 1
    losses, last = Counter(), Counter()
    for results in selection.history:
        for result in results:
            sides = [c for c in (result.a, result.b) if c is not None]
            assert all(losses[c] < allowed for c in sides), "somebody who is out has met somebody"
            for c in sides:
                losses[c] += c not in result.advanced
        last = Counter(c for result in results for c in (result.a, result.b))
    assert losses[selection.candidate] < allowed or selection.candidate in last


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_selects_the_same(name):
    pool = make_pool([True, False] * 6, [0, 1, 0, 2, 0, 3] * 2)
    runs = [
        play(TOURNAMENTS[name], pool, coin(np.random.default_rng(3)), np.random.default_rng(seed))
        for seed in (5, 5)
    ]
    assert runs[0][0] == runs[1][0]


@pytest.mark.parametrize("name", NAMES)
def test_a_judge_that_cannot_be_read_decides_nothing(name):
    pool = loners([False] * 6)
    selection, _ = play(TOURNAMENTS[name], pool, lambda m: UNREAD, np.random.default_rng(0))
    assert selection.statuses == {"unparsed": selection.calls}
    assert rules_in_words(selection.rules)["unread"]
    chosen = {
        play(TOURNAMENTS[name], pool, lambda m: UNREAD, np.random.default_rng(seed))[0].candidate
        for seed in range(60)
    }
    assert len(chosen) > 3, "without a readable verdict the selection is a draw"


def test_a_spent_budget_stops_with_what_is_known():
    pool = loners([False] * 7 + [True])
    for name in NAMES:
        kind = tournament(name, budget=3)
        selection, _ = play(kind, pool, truth, np.random.default_rng(1))
        assert selection.calls <= 3
        assert "the calls were spent" in selection.note, name
        assert selection.rules["budget"] == 3
    nothing, _ = play(tournament("swiss", budget=0), pool, truth, np.random.default_rng(1))
    assert nothing.calls == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tournament("swiss", order="upside down"), "order 'upside down' is no rule"),
        (lambda: Rules(votes=0), "votes and again are at least 1"),
        (lambda: Rules(budget=-1), "a budget at least 0 calls"),
        (
            lambda: tournament("round"),
            "no tournament named 'round'; near: round-robin; there are",
        ),
    ],
)
def test_rules_that_are_not_offered(make, message):
    with pytest.raises(UserError, match=message):
        make()
