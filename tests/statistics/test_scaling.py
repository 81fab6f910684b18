"""Closed forms against brute force over every subset, and against published figures."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairjudge_lab.statistics.scaling import (
    best_score_at_k,
    difficulty_quartiles,
    fit_coverage,
    fit_log_linear,
    knockout_bound,
    knockout_recursion,
    majority_at_k,
    majority_right,
    pass_at_k,
)


def average(right, k, select):
    """The mean over all subsets of k of what ``select`` gives a subset."""
    found = [select(subset) for subset in combinations(range(len(right)), k)]
    return sum(found) / len(found)


pools = st.lists(
    st.tuples(st.booleans(), st.none() | st.integers(0, 3), st.integers(0, 3)),
    min_size=1,
    max_size=8,
)


@given(pools)
@settings(max_examples=60)
def test_they_agree_with_every_subset(pool):
    right = [r for r, _, _ in pool]
    groups = [t for _, t, _ in pool]
    scores = [s for _, _, s in pool]

    def voted(subset):
        voters = [i for i in subset if groups[i] is not None]
        if not voters:
            return np.mean([right[i] for i in subset])
        sizes = {t: sum(groups[i] == t for i in voters) for t in (groups[i] for i in voters)}
        winners = [t for t in sizes if sizes[t] == max(sizes.values())]
        return np.mean([np.mean([right[i] for i in voters if groups[i] == t]) for t in winners])

    def scored(subset):
        best = max(scores[i] for i in subset)
        return np.mean([right[i] for i in subset if scores[i] == best])

    for k in range(1, len(pool) + 1):
        whole = average(right, k, lambda subset: any(right[i] for i in subset))
        assert pass_at_k(len(pool), sum(right), k) == pytest.approx(whole, abs=1e-12)
        assert best_score_at_k(scores, right, k) == pytest.approx(
            average(right, k, scored), abs=1e-12
        )
        assert majority_at_k(groups, right, k) == pytest.approx(average(right, k, voted), abs=1e-12)


@pytest.mark.parametrize(
    ("n", "c", "k", "value"),
    [(10, 3, 1, 0.3), (10, 3, 5, 0.9166667), (5, 2, 2, 0.7), (10, 3, 8, 1)],
)
def test_pass_at_k(n, c, k, value):
    assert pass_at_k(n, c, k) == pytest.approx(value, abs=1e-7)
    assert pass_at_k(n, 0, k) == 0


def test_large_pools_neither_overflow_nor_cancel():
    exact = 1 - comb(990, 500) / comb(1000, 500)
    assert pass_at_k(1000, 10, 500) == pytest.approx(exact, abs=1e-12)
    groups = [i % 7 for i in range(100)]
    right = [t == 0 for t in groups]
    assert majority_at_k(groups, right, 100) == pytest.approx(0.5)
    assert 0 < majority_at_k(groups, right, 50) < 1


def test_worked_best_score():
    values = [best_score_at_k([5, 4, 3, 2, 1], [0, 1, 1, 0, 1], k) for k in range(1, 6)]
    assert values == pytest.approx([0.6, 0.5, 0.4, 0.2, 0])


def test_worked_majority():
    """Counts 3, 4, 2, 1 with the right answer first."""
    groups = [0] * 3 + [1] * 4 + [2] * 2 + [3]
    right = [t == 0 for t in groups]
    for k, value in ((3, 0.3), (5, 0.3154762), (10, 0)):
        assert majority_at_k(groups, right, k) == pytest.approx(value, abs=1e-7)


def test_knockouts():
    assert knockout_recursion(0.2, 0.7, 4) == pytest.approx(
        [0.2, 0.264, 0.341722, 0.431701, 0.529835], abs=1e-6
    )
    for votes, value in ((1, 0.7), (3, 0.784), (5, 0.83692), (9, 0.901191)):
        assert majority_right(0.7, votes) == pytest.approx(value, abs=1e-6)
    assert majority_right(0.7, 2) == pytest.approx(0.7)
    # The bound holds below the exact value, and says nothing of a judge no better than a coin.
    for levels in range(1, 7):
        for votes in (1, 25, 101):
            exact = knockout_recursion(0.3, 0.8, levels, votes=votes)[-1]
            assert knockout_bound(0.3, 0.8, 2**levels, votes=votes) <= exact + 1e-12
    assert knockout_bound(0.3, 0.8, 16, votes=101) > 0.9
    assert knockout_bound(0.3, 0.5, 16) == 0


def test_fits_recover_what_was_planted():
    k = [1, 2, 4, 8, 16, 32]
    fit = fit_coverage(k, np.exp(-1.2 * np.array(k) ** -0.6))
    assert (fit.a, fit.b) == pytest.approx((1.2, 0.6))
    assert np.abs(fit.residuals).max() < 1e-12
    line = fit_log_linear(k, 0.3 + 0.05 * np.log(k))
    assert (line.a, line.b) == pytest.approx((0.3, 0.05))
    assert "largest residual 0.0000" in str(line)
    ends = fit_coverage([*k, 64], [*np.exp(-1.2 * np.array(k) ** -0.6), 1.0])
    assert ends.a == pytest.approx(1.2)
    with pytest.raises(ValueError, match="two points between 0 and 1"):
        fit_coverage([1, 2], [0.0, 1.0])


def test_quartiles_keep_equal_difficulties_together():
    found = difficulty_quartiles([0, 0, 0, 0, 0.5, 0.5, 0.9, 1])
    assert found[:4].tolist() == [0, 0, 0, 0]
    assert found[4] == found[5]
    assert found[-1] == 3


@pytest.mark.parametrize("k", [0, 4])
def test_k_out_of_range(k):
    for call in (
        lambda: pass_at_k(3, 1, k),
        lambda: best_score_at_k([1, 2, 3], [1, 0, 0], k),
        lambda: majority_at_k([0, 0, 1], [1, 1, 0], k),
    ):
        with pytest.raises(ValueError, match=f"at most the 3 candidates, got {k}"):
            call()
