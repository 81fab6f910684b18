from itertools import combinations, product
from math import comb

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab.statistics.transitivity import (
    chance_of_fewer,
    circular_triads,
    decided_triples,
    most_circular_triads,
    slater_index,
    soft_nontransitivity,
    transitivity,
    triad_counts,
    zeta,
)
from pairjudge_lab.statistics.weak_order import weak_triples

DOG = np.array(
    [[int(c) for c in row] for row in ["011011", "000110", "010111", "100000", "000101", "010100"]]
)
"""Kendall's dog, who was offered six kinds of food."""


def random_tournament(n, rng):
    up = np.triu(rng.random((n, n)) < 0.5, 1)
    return up | np.tril(~up.T, -1)


def test_kendalls_dog():
    assert circular_triads(DOG) == 5
    assert zeta(DOG) == 0.375
    assert chance_of_fewer(6, 5) == pytest.approx(0.50927734)
    assert slater_index(DOG) == 2


def test_the_exact_table_of_six():
    assert triad_counts(6) == (720, 960, 2240, 2880, 6240, 3648, 8640, 4800, 2640)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
def test_exact_tables(n):
    counts = np.array(triad_counts(n), dtype=object)
    assert sum(counts) == 2 ** comb(n, 2)
    values = np.arange(len(counts))
    mean = sum(v * c for v, c in zip(values, counts, strict=True)) / sum(counts)
    square = sum(v * v * c for v, c in zip(values, counts, strict=True)) / sum(counts)
    assert mean == pytest.approx(comb(n, 3) / 4)
    assert square - mean**2 == pytest.approx(3 * comb(n, 3) / 16)
    assert len(counts) == most_circular_triads(n) + 1
    with pytest.raises(ValueError, match="exact tables are made for 1 to 10"):
        triad_counts(11)


@pytest.mark.parametrize("n", [3, 5, 6, 9])
def test_circles_agree_with_scores_and_with_counting(n):
    rng = np.random.default_rng(n)
    for _ in range(20):
        wins = random_tournament(n, rng)
        scores = wins.sum(axis=1)
        by_scores = n * (n - 1) * (2 * n - 1) / 12 - (scores**2).sum() / 2
        by_hand = sum(
            (wins[i, j] and wins[j, k] and wins[k, i]) or (wins[j, i] and wins[k, j] and wins[i, k])
            for i, j, k in combinations(range(n), 3)
        )
        assert circular_triads(wins) == by_scores == by_hand
        assert decided_triples(wins) == comb(n, 3)


def test_missing_pairs_leave_their_triples_out():
    wins = DOG.copy()
    wins[0, 1] = 0
    assert decided_triples(wins) == 20 - 4
    assert np.isnan(zeta(wins))


def test_slater_agrees_with_trying_every_order():
    from itertools import permutations

    rng = np.random.default_rng(1)
    for _ in range(10):
        wins = random_tournament(6, rng)
        best = min(
            sum(wins[later, earlier] for earlier, later in combinations(order, 2))
            for order in permutations(range(6))
        )
        assert slater_index(wins) == best
    with pytest.raises(ValueError, match="up to 20 items, got 21"):
        slater_index(np.zeros((21, 21)))


def test_soft_nontransitivity():
    assert soft_nontransitivity(0.5, 0.68, 0.72) == pytest.approx(0.00101277, abs=1e-8)
    assert soft_nontransitivity(0.5, 0.68, 0.72, base=2) == pytest.approx(0.00146111, abs=1e-8)
    assert soft_nontransitivity(0.9, 0.9, 0.1) == pytest.approx(0.493815, abs=1e-6)
    assert soft_nontransitivity(0.9, 0.9, 0.1, base=2) == pytest.approx(0.712425, abs=1e-6)
    assert soft_nontransitivity(0.6, 0.6, 0.36 / 0.52) == pytest.approx(0, abs=1e-9)
    assert np.isfinite(soft_nontransitivity(1.0, 1.0, 0.0))


def study(judge, problems=12, n=6):
    rows = [
        (f"p{p}", str(i), str(j), judge(p, i, j))
        for p in range(problems)
        for i, j in product(range(n), repeat=2)
        if i != j
    ]
    return pd.DataFrame(rows, columns=["problem_id", "response_a", "response_b", "verdict"])


def test_a_judge_that_follows_quality_makes_no_circles():
    found = transitivity(study(lambda p, i, j: "A" if i < j else "B"))
    assert (found.circular, found.triples) == (0, 12 * 20)
    assert found.one_order.estimate == 0
    assert set(found.zetas.values()) == {1.0}


def test_a_judge_that_always_takes_the_first_position_is_circular_by_order_alone():
    found = transitivity(study(lambda p, i, j: "A"))
    assert found.triples == 0
    assert found.undecided == 12 * 20
    # Each pair's winner is a coin's, so a quarter of the triples is circular.
    assert found.one_order.estimate == pytest.approx(0.25)
    assert "no triple has three winners" in str(found)


def test_a_judge_of_coins_is_circular_as_coins_are():
    rng = np.random.default_rng(0)
    coin = rng.random((60, 6, 6)) < 0.5

    def judge(p, i, j):
        low, high = min(i, j), max(i, j)
        return "A" if coin[p, low, high] == (i < j) else "B"

    found = transitivity(study(judge, problems=60))
    assert found.both_orders.low < 0.25 < found.both_orders.high
    assert found.one_order.estimate == pytest.approx(found.both_orders.estimate)
    assert found.by_order_alone == pytest.approx(0)


def test_a_judge_of_grades_breaks_no_weak_transitivity():
    found = transitivity(study(lambda p, i, j: "tie" if i // 3 == j // 3 else "AB"[i > j]))
    assert (found.weak.estimate, found.judged) == (0, 12 * 20)
    # Of six items in two grades no triple has three winners.
    assert found.triples == 0
    assert "triples that break weak transitivity" in str(found)


def test_weak_transitivity_by_trying_every_order():
    from itertools import permutations

    rng = np.random.default_rng(3)
    for _ in range(30):
        lead = np.triu(rng.integers(-1, 2, (5, 5)), 1)
        lead = lead - lead.T
        judged = np.triu(rng.random((5, 5)) < 0.8, 1)
        judged = judged | judged.T
        strict = (lead > 0) & judged
        broken = total = 0
        for triple in combinations(range(5), 3):
            if not all(judged[i, j] for i, j in combinations(triple, 2)):
                continue
            total += 1
            broken += any(
                lead[i, j] >= 0 and lead[j, k] >= 0 and lead[k, i] > 0
                for i, j, k in permutations(triple)
            )
        assert weak_triples(strict, judged) == (broken, total)
