"""Compiled replay makes the same selections as the generators, draw for draw."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.listwise import KWayKnockout
from pairjudge_lab.records import UserError, VerdictKind
from pairjudge_lab.replay import (
    Recording,
    can_compile,
    draw_subsets,
    record,
    replay,
    replay_many,
)
from pairjudge_lab.tournaments import (
    TOURNAMENTS,
    Adaptive,
    Caps,
    Knockout,
    Pivot,
    Rules,
    Swiss,
    UncertaintySwiss,
    tournament,
)
from pairjudge_lab.verdicts.codes import MISSING
from tests.conftest import make_pool

COMPILED = [name for name, kind in TOURNAMENTS.items() if can_compile(kind)]


def random_recording(rng, size, groups, kind=VerdictKind.LABELS, repetitions=4):
    numbers = [int(t) for t in rng.integers(0, groups, size)]
    pool = make_pool([t == 0 for t in numbers], numbers)
    scored = tuple(replace(c, score=float(rng.integers(3))) for c in pool.candidates)
    words = [0, 1, 2, 4] if kind is VerdictKind.PREFERENCE else [0, 1, 2, 3, 4]
    # Few unread ones, and a judge with a will of its own: whole tournaments, not only lots.
    chance = rng.dirichlet(np.full(len(words), 0.7))
    codes = rng.choice(words, (repetitions, size, size), p=chance).astype(np.int8)
    return Recording(replace(pool, candidates=scored), codes, kind)


def both_ways(recording, kind, n, count, seed):
    """What the compiled replay and the generator select, from equal generators."""
    subsets = draw_subsets(len(recording), n, count, np.random.default_rng([seed, 0]))
    one, other = (np.random.default_rng([seed, 1]) for _ in range(2))
    fast = replay_many(recording, kind, subsets, one)
    assert fast.compiled
    slow = []
    for subset in subsets.tolist():
        selection = replay(recording, kind, other, subset)
        slow.append((subset[selection.candidate], selection.calls))
    assert one.bit_generator.state == other.bit_generator.state, "draw for draw"
    return list(zip(fast.chosen.tolist(), fast.calls.tolist(), strict=True)), slow


rules = st.builds(
    Rules,
    order=st.sampled_from(["drawn", "random", "balanced", "both"]),
    votes=st.sampled_from([1, 1, 2, 3]),
    both_correct=st.sampled_from(["tie", "first"]),
    neither=st.sampled_from(["out", "tie"]),
    unread=st.sampled_from(["tie", "neither", "keep", "again"]),
    again=st.sampled_from([1, 2]),
    budget=st.none() | st.integers(0, 60),
)


def agree(name, size, groups, some_rules, kind, seed, n, count):
    if name.startswith("knockout-seeded") and some_rules.unread == "keep":
        return
    chosen = replace(TOURNAMENTS[name], rules=some_rules)
    if getattr(chosen, "needs_labels", False):
        kind = VerdictKind.LABELS
    recording = random_recording(np.random.default_rng(seed), size, groups, kind, 6)
    fast, slow = both_ways(recording, chosen, n, count, seed)
    assert fast == slow


@given(
    st.sampled_from(COMPILED),
    st.integers(1, 18),
    st.integers(1, 12),
    rules,
    st.sampled_from(list(VerdictKind)),
    st.integers(0, 10_000),
    st.data(),
)
def test_compiled_and_generator_agree_exactly(name, size, groups, some_rules, kind, seed, data):
    agree(name, size, groups, some_rules, kind, seed, data.draw(st.integers(1, size)), 3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_random_cases():
    rng = np.random.default_rng(0)
    for case in range(10_000):
        size = int(rng.integers(1, 21))
        some_rules = Rules(
            order=str(rng.choice(["drawn", "random", "balanced", "both"])),
            votes=int(rng.choice([1, 1, 2, 3])),
            both_correct=str(rng.choice(["tie", "first"])),
            neither=str(rng.choice(["out", "tie"])),
            unread=str(rng.choice(["tie", "neither", "keep", "again"])),
            again=int(rng.choice([1, 2])),
            budget=None if rng.random() < 0.6 else int(rng.integers(0, 80)),
        )
        agree(
            COMPILED[case % len(COMPILED)], size, int(rng.integers(1, 22)), some_rules,
            list(VerdictKind)[case % 2], case, int(rng.integers(1, size + 1)), 1,
        )  # fmt: skip


FIGURES = [
    Pivot(1),
    Pivot(5),
    Swiss(1),
    Swiss(7),
    Adaptive(coverage=1, confidence=1.0, ceiling=None),
    Adaptive(coverage=4, confidence=0.6, ceiling=0.7),
    Adaptive(ceiling=None, rules=Rules(order="both", votes=2, unread="again")),
    UncertaintySwiss(coverage=1, window=1, floor=0.3, per_candidate=None),
    UncertaintySwiss(coverage=4, window=3, rules=Rules(order="both", votes=3, unread="again")),
    Caps(close=0.0, coverage=2, per_candidate=None),
    Caps(close=0.6, window=2, floor=1.0, rules=Rules(votes=3, unread="keep")),
]


@pytest.mark.parametrize("kind", FIGURES, ids=repr)
def test_they_agree_with_other_figures(kind):
    recording = random_recording(np.random.default_rng(3), 11, 7)
    for n in (1, 2, 3, 8, 11):
        fast, slow = both_ways(recording, kind, n, 4, n)
        assert fast == slow


@pytest.mark.parametrize("name", COMPILED)
def test_they_agree_on_the_embedded_verdicts(name):
    if name == "knockout-seeded-score":
        return
    pools = [prepare(pool) for pool in load_pools("embedded", limit=3)]
    for recording in record(pools, load_verdicts("embedded")):
        fast, slow = both_ways(recording, TOURNAMENTS[name], 9, 4, 1)
        assert fast == slow


@pytest.mark.parametrize("name", COMPILED)
def test_a_missing_verdict_is_named_by_both(name):
    recording = random_recording(np.random.default_rng(0), 4, 400)
    recording.codes[:] = MISSING
    everyone, rng = draw_subsets(4, 4, 1, np.random.default_rng(0)), np.random.default_rng(0)
    with pytest.raises(UserError, match="no recorded verdict for problem 'p', candidate"):
        replay_many(recording, TOURNAMENTS[name], everyone, rng)
    with pytest.raises(UserError, match="no recorded verdict for problem 'p', candidate"):
        replay(recording, TOURNAMENTS[name], np.random.default_rng(0))


def test_what_was_not_recorded_often_enough():
    recording = random_recording(np.random.default_rng(0), 4, 4, repetitions=1)
    everyone, rng = draw_subsets(4, 4, 1, np.random.default_rng(0)), np.random.default_rng(0)
    with pytest.raises(UserError, match="need 3 repetitions of a verdict, and 1 were"):
        replay_many(recording, Knockout(Rules(votes=3)), everyone, rng)
    with pytest.raises(UserError, match="need 3 repetitions of a verdict, and 1 were"):
        replay(recording, tournament("swiss", votes=3), np.random.default_rng(0))


def test_verdicts_of_pairs_do_not_answer_for_a_choice_among_k():
    recording = random_recording(np.random.default_rng(0), 4, 4)
    everyone, rng = draw_subsets(4, 4, 1, np.random.default_rng(0)), np.random.default_rng(0)
    with pytest.raises(UserError, match="'3-way-knockout' asks for the best of several"):
        replay_many(recording, KWayKnockout(3), everyone, rng)


class Eldest:
    """A tournament of somebody else's: the first candidate, unseen."""

    name = "eldest"
    rules = Rules()

    def calls(self, n):
        return 0

    def play(self, pool, rng):
        from pairjudge_lab.records import Selection

        yield from ()
        return Selection(0, 0, 0, 0, {"tournament": self.name})


def test_what_is_not_compiled_is_played_by_its_generator_and_says_so():
    recording = random_recording(np.random.default_rng(0), 4, 4)
    subsets = draw_subsets(4, 2, 5, np.random.default_rng(0))
    played = replay_many(recording, Eldest(), subsets, np.random.default_rng(0))
    assert not can_compile(Eldest())
    assert not played.compiled
    assert played.chosen.tolist() == subsets[:, 0].tolist()
