"""Recordings, subsets, and what the adaptive tournament reaches on them."""

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.records import UserError
from pairjudge_lab.replay import (
    curve,
    draw_subsets,
    record,
)
from pairjudge_lab.verdicts.codes import FIRST, MISSING, UNREAD
from tests.conftest import make_pool


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
    found = curve(recordings, ["adaptive", "round-robin"], [16], subsets=40)
    (adaptive,), (everyone,) = found.of("adaptive"), found.of("round-robin")
    assert adaptive.calls <= everyone.calls / 4
    assert everyone.accuracy.low <= adaptive.accuracy.estimate
    # Problem by problem, the loss is less than two points, with 95 % confidence.
    (gap,) = found.compare()
    assert gap.difference.low > -0.02
