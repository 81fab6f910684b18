"""Replay: the compiled knockout makes the same selections as the generator, draw for draw."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.embedded import data_path
from pairjudge_lab.records import Pool, Problem, UserError
from pairjudge_lab.replay import Recording, record, replay, replay_knockouts, replay_point
from pairjudge_lab.replay.recording import draw_subset
from pairjudge_lab.statistics.intervals import difference_interval
from pairjudge_lab.tournaments import Knockout, Rules, tournament
from tests.conftest import make_pool


def random_recording(rng, size, teams, words=5):
    numbers = [int(t) for t in rng.integers(0, teams, size)]
    pool = make_pool([t == 0 for t in numbers], numbers)
    return Recording(pool, rng.integers(0, words, (1, size, size)).astype(np.int8))


def both_ways(recording, kind, n, count, seed):
    """What the compiled replay and the generator select, from equal generators."""
    a, b = ([np.random.default_rng([seed, stream]) for stream in (0, 1)] for _ in range(2))
    fast = replay_knockouts(recording, kind, n, count, subsets=a[0], rng=a[1])
    slow = []
    for _ in range(count):
        subset = draw_subset(len(recording), n, b[0])
        selection = replay(recording, kind, b[1], subset)
        slow.append((subset[selection.candidate], selection.calls))
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
    for recording in record(pools, load_verdicts(data_path("verdicts.parquet"))):
        fast, slow = both_ways(recording, Knockout(), 9, 30, 1)
        assert fast == slow


def test_a_missing_verdict_is_named_by_both():
    recording = random_recording(np.random.default_rng(0), 4, 4)
    recording.codes[0] = 5
    generators = {"subsets": np.random.default_rng(0), "rng": np.random.default_rng(0)}
    with pytest.raises(UserError, match="no recorded verdict for problem 'p', candidate"):
        replay_knockouts(recording, Knockout(), 4, 1, **generators)
    with pytest.raises(UserError, match="no recorded verdict for problem 'p', candidate"):
        replay(recording, Knockout(), np.random.default_rng(0))
    with pytest.raises(UserError, match="choose N between 1 and 4"):
        replay_knockouts(recording, Knockout(), 5, 1, **generators)
    with pytest.raises(UserError, match="use replay\\(\\) for others"):
        replay_knockouts(recording, Knockout(Rules(votes=3)), 2, 1, **generators)
    with pytest.raises(UserError, match="need 3 repetitions of a verdict, and 1 were"):
        replay(recording, tournament("swiss", votes=3), np.random.default_rng(0))


def test_a_subset_is_drawn_without_bias():
    rng = np.random.default_rng(0)
    seen = np.zeros((6, 3))
    for _ in range(6000):
        for place, item in enumerate(draw_subset(6, 3, rng)):
            seen[item, place] += 1
    assert np.abs(seen - 1000).max() < 5 * np.sqrt(1000 * 5 / 6)
    assert draw_subset(4, 4, rng) == [0, 1, 2, 3]


def table_of(*rows):
    columns = ["judge", "repetition", "problem_id", "response_a", "response_b", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def test_recording():
    pool = make_pool([True, False, False])
    rows = [("j", 0, "p", "0", "1", "A"), ("j", 0, "p", "1", "0", "invalid")]
    (recording,) = record([pool, make_pool([True], name="q")], table_of(*rows))
    assert len(recording) == 2
    assert recording.codes[0].tolist() == [[5, 1], [4, 5]]
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


def test_a_point_on_the_curve():
    rng = np.random.default_rng(3)
    recordings = []
    for i in range(30):
        pool = make_pool([bool(r) for r in rng.random(8) < 0.4], name=f"p{i}")
        right = np.array([c.correct for c in pool.candidates])
        # A judge that never errs, as codes: both, first, second, neither.
        codes = np.where(right[:, None], np.where(right[None], 0, 1), np.where(right[None], 2, 3))
        recordings.append(Recording(pool, codes[None].astype(np.int8)))
    point = replay_point(recordings, Knockout(), 8, replicates=3)
    assert point.accuracy.estimate == np.mean(
        [any(c.correct for c in r.pool.candidates) for r in recordings]
    )
    one = replay_point(recordings, Knockout(), 1, replicates=50)
    assert one.calls == 0
    swiss = replay_point(recordings, tournament("swiss"), 1, replicates=50)
    assert np.array_equal(one.per_problem, swiss.per_problem), "tournaments share their subsets"
    with pytest.raises(UserError, match="replicates is at least 1"):
        replay_point(recordings, Knockout(), 2, replicates=0)
    unknown = Recording(
        Pool(Problem("u", "?"), (recordings[0].pool.candidates[0].__class__("x"),) * 2),
        recordings[0].codes[:, :2, :2],
    )
    with pytest.raises(UserError, match="not known whether candidate 0 is right"):
        replay_point([unknown], Knockout(), 2)


def test_the_adaptive_tournament_reaches_the_round_robin_at_a_quarter_of_its_calls():
    pools = [prepare(pool) for pool in load_pools("embedded")]
    recordings = record(pools, load_verdicts(data_path("verdicts.parquet")))
    adaptive, everyone = (
        replay_point(recordings, tournament(name), 16, replicates=2)
        for name in ("adaptive", "round-robin")
    )
    assert adaptive.calls <= everyone.calls / 4
    assert everyone.accuracy.low <= adaptive.accuracy.estimate
    # Problem by problem, the loss is less than two points, with 95 % confidence.
    gap = difference_interval(list(adaptive.per_problem), list(everyone.per_problem))
    assert gap.low > -0.02
