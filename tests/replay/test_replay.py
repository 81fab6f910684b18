"""Replay: the compiled knockout makes the same selections as the generator, draw for draw."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.records import UserError
from pairjudge_lab.replay import (
    Recording,
    curve,
    draw_subsets,
    record,
    replay,
    replay_knockouts,
)
from pairjudge_lab.tournaments import Knockout, Rules, tournament
from pairjudge_lab.verdicts.codes import FIRST, MISSING, UNREAD
from tests.conftest import make_pool


def random_recording(rng, size, teams, words=5):
    numbers = [int(t) for t in rng.integers(0, teams, size)]
    pool = make_pool([t == 0 for t in numbers], numbers)
    return Recording(pool, rng.integers(0, words, (1, size, size)).astype(np.int8))


def both_ways(recording, kind, n, count, seed):
    """What the compiled replay and the generator select, from equal generators."""
    subsets = draw_subsets(len(recording), n, count, np.random.default_rng([seed, 0]))
    one, other = (np.random.default_rng([seed, 1]) for _ in range(2))
    fast = replay_knockouts(recording, kind, subsets, one)
    slow = []
    for subset in subsets.tolist():
        selection = replay(recording, kind, other, subset)
        slow.append((subset[selection.candidate], selection.calls))
    assert one.bit_generator.state == other.bit_generator.state, "draw for draw"
    return list(zip(*(x.tolist() for x in fast), strict=True)), slow


@given(
    st.integers(1, 20),
    st.integers(1, 8),
    st.builds(
        Rules,
        order=st.sampled_from(["drawn", "random", "balanced", "both"]),
        both_correct=st.sampled_from(["tie", "first"]),
        neither=st.sampled_from(["out", "tie"]),
        unread=st.sampled_from(["tie", "neither"]),
        budget=st.none() | st.integers(0, 20),
    ),
    st.integers(0, 10_000),
    st.data(),
)
def test_compiled_and_generator_agree_exactly(size, teams, rules, seed, data):
    recording = random_recording(np.random.default_rng(seed), size, teams)
    n = data.draw(st.integers(1, size))
    fast, slow = both_ways(recording, Knockout(rules), n, 5, seed)
    assert fast == slow


def test_they_agree_on_the_embedded_verdicts():
    pools = [prepare(pool) for pool in load_pools("embedded", limit=5)]
    for recording in record(pools, load_verdicts("embedded")):
        fast, slow = both_ways(recording, Knockout(), 9, 30, 1)
        assert fast == slow


def test_a_missing_verdict_is_named_by_both():
    recording = random_recording(np.random.default_rng(0), 4, 4)
    recording.codes[0] = MISSING
    everyone, rng = draw_subsets(4, 4, 1, np.random.default_rng(0)), np.random.default_rng(0)
    with pytest.raises(UserError, match="no recorded verdict for problem 'p', candidate"):
        replay_knockouts(recording, Knockout(), everyone, rng)
    with pytest.raises(UserError, match="no recorded verdict for problem 'p', candidate"):
        replay(recording, Knockout(), np.random.default_rng(0))
    with pytest.raises(UserError, match="N = 5 cannot be drawn from 4 candidates"):
        draw_subsets(4, 5, 1, rng)
    with pytest.raises(UserError, match="use replay\\(\\) for others"):
        replay_knockouts(recording, Knockout(Rules(votes=3)), everyone, rng)
    with pytest.raises(UserError, match="need 3 repetitions of a verdict, and 1 were"):
        replay(recording, tournament("swiss", votes=3), np.random.default_rng(0))


def test_a_subset_is_drawn_without_bias():
    drawn = draw_subsets(6, 3, 6000, np.random.default_rng(0))
    assert all(len(set(line)) == 3 for line in drawn.tolist())
    seen = np.stack([np.bincount(column, minlength=6) for column in drawn.T])
    assert np.abs(seen - 1000).max() < 5 * np.sqrt(1000 * 5 / 6)
    assert draw_subsets(4, 4, 2, np.random.default_rng(0)).tolist() == [[0, 1, 2, 3]] * 2


def table_of(*rows):
    columns = ["judge", "repetition", "problem_id", "response_a", "response_b", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def test_recording():
    pool = make_pool([True, False, False])
    rows = [("j", 0, "p", "0", "1", "A"), ("j", 0, "p", "1", "0", "invalid")]
    (recording,) = record([pool, make_pool([True], name="q")], table_of(*rows))
    assert len(recording) == 2
    assert recording.codes[0].tolist() == [[MISSING, FIRST], [UNREAD, MISSING]]
    for bad, message in (
        ([*rows, ("k", 0, "p", "0", "2", "A")], "come from 2 judges"),
        ([*rows, rows[0]], "the same ordered pair occurs twice"),
        ([("j", 0, "p", "0", "7", "A")], "names candidate 7 of problem 'p'"),
        ([("j", 0, "p", "zero", "1", "A")], "response_a must hold whole numbers"),
        ([("j", 0, "elsewhere", "0", "1", "A")], "no problem in common"),
        ([("j", 0, "p", "-1", "1", "A")], "response_a is never negative"),
    ):
        with pytest.raises(UserError, match=message):
            record([pool], table_of(*bad))


def test_the_adaptive_tournament_reaches_the_round_robin_at_a_quarter_of_its_calls():
    pools = [prepare(pool) for pool in load_pools("embedded")]
    recordings = record(pools, load_verdicts("embedded"))
    found = curve(recordings, ["adaptive", "round-robin"], [16], subsets=2)
    (adaptive,), (everyone,) = found.of("adaptive"), found.of("round-robin")
    assert adaptive.calls <= everyone.calls / 4
    assert everyone.accuracy.low <= adaptive.accuracy.estimate
    # Problem by problem, the loss is less than two points, with 95 % confidence.
    (gap,) = found.compare()
    assert gap.difference.low > -0.02
