"""The share of matches in which the right response is favoured: by hand, as an area under the ROC
curve, and for judges whose truth is planted."""

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import UserError
from pairjudge_lab.statistics.discrimination import right_favoured

NAMES = ["problem_id", "response_a", "response_b", "verdict"]


def test_worked_example():
    rows = [
        ("p", "0", "1", "A"),  # right named: 1
        ("p", "1", "0", "neither"),  # one half
        ("p", "1", "0", "invalid"),  # left out
        ("p", "0", "2", "B"),  # two right ones: left out
        ("q", "0", "1", "A"),  # wrong named: 0
        ("q", "0", "2", "A"),  # truth of 2 unknown: left out
    ]
    truth = {("p", "0"): True, ("p", "1"): False, ("p", "2"): True}
    truth |= {("q", "0"): False, ("q", "1"): True, ("q", "2"): None}
    table = pd.DataFrame(rows, columns=NAMES)
    assert right_favoured(table, truth).estimate == pytest.approx(1.5 / 3)
    assert right_favoured(table, truth, weight="problems").estimate == pytest.approx(0.75 / 2)
    assert right_favoured(table, truth).n == 2


def test_it_is_the_area_under_the_roc_curve():
    """Each of r right and w wrong responses has a score; the higher of a match is named."""
    from scipy import stats

    rng = np.random.default_rng(4)
    score = rng.integers(0, 6, 20)
    right = rng.random(20) < 0.4
    rows = [
        ("p", str(i), str(j), "A" if score[i] > score[j] else "B" if score[j] > score[i] else "tie")
        for i in range(20)
        for j in range(20)
        if i != j
    ]
    truth = {("p", str(i)): bool(r) for i, r in enumerate(right)}
    found = right_favoured(pd.DataFrame(rows, columns=NAMES), truth).estimate
    u = stats.mannwhitneyu(score[right], score[~right]).statistic
    assert found == pytest.approx(u / (right.sum() * (~right).sum()))


@pytest.mark.parametrize("always", ["A", "tie"])
def test_a_judge_without_information_is_at_one_half(always):
    pairs = [(a, b) for a in "0123" for b in "0123" if a != b]
    rows = [(str(p), a, b, always) for p in range(30) for a, b in pairs]
    truth = {(str(p), c): c < "2" for p in range(30) for c in "0123"}
    found = right_favoured(pd.DataFrame(rows, columns=NAMES), truth)
    assert found.estimate == 0.5
    assert found.low <= 0.5 <= found.high


def test_a_planted_share_is_in_95_of_100_intervals():
    """Problems of different ease, four matches each: 300 studies of 30 problems."""
    rng = np.random.default_rng(5)
    truth = {(str(p), c): c == "0" for p in range(30) for c in "01234"}
    held = 0
    for _ in range(300):
        chance = rng.beta(7, 3, 30)
        named = rng.random((30, 4)) < chance[:, None]
        rows = [
            (str(p), "0", str(c + 1), "A" if named[p, c] else "B")
            for p in range(30)
            for c in range(4)
        ]
        found = right_favoured(pd.DataFrame(rows, columns=NAMES), truth)
        held += found.low <= 0.7 <= found.high
    assert 278 <= held <= 294


def test_nothing_to_count_is_said():
    table = pd.DataFrame([("p", "0", "1", "invalid")], columns=NAMES)
    with pytest.raises(UserError, match="no verdict was read on a right and a wrong"):
        right_favoured(table, {("p", "0"): True, ("p", "1"): False})
