from collections import Counter

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.embedded import data_path
from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.labels import label_report
from pairjudge_lab.statistics.limits import difference_p
from pairjudge_lab.statistics.pairs import pair_up
from pairjudge_lab.statistics.position import position_bias
from pairjudge_lab.statistics.position_totals import position_totals
from pairjudge_lab.statistics.power import (
    pairs_needed,
    power_of,
    simulated_power,
    smallest_effect,
)
from pairjudge_lab.statistics.simulation import Plan, simulate_study
from pairjudge_lab.statistics.stability import stability
from pairjudge_lab.toy.card import measure

COLUMNS = ["repetition", "problem_id", "response_a", "response_b", "verdict"]


def labels(*rows):
    table = pd.DataFrame([(0, *row) for row in rows], columns=COLUMNS)
    table["kind"] = "labels"
    truth = {
        ("p", "x"): True,
        ("p", "y"): False,
        ("p", "z"): True,
        ("q", "x"): True,
        ("q", "y"): True,
    }
    answers = {("p", "x"): 1, ("p", "y"): 2, ("p", "z"): 1, ("q", "x"): 3, ("q", "y"): 3}
    return label_report(table, truth, answers=answers, resamples=100)


def test_by_hand():
    found = labels(
        ("p", "x", "y", "A"),  # right, wrong: both labels right
        ("p", "y", "x", "A"),  # said y is right and x wrong: both labels wrong
        ("p", "x", "z", "A"),  # same answer, different labels
        ("p", "y", "z", "tie"),  # different answers, both called correct
        ("q", "x", "y", "neither"),
        ("q", "y", "x", "invalid"),
    )
    assert (found.verdicts, found.unread) == (6, 1)
    assert found.accuracy.estimate == pytest.approx((2 + 0 + 1 + 1 + 0) / 10)
    assert found.accuracy_bounds == pytest.approx((4 / 12, 6 / 12))
    assert found.pair_accuracy.estimate == pytest.approx(1 / 5)
    assert found.mixed_accuracy.estimate == pytest.approx(1 / 3)
    assert found.on_wrong.estimate == pytest.approx(1 / 3)
    assert found.neither_rate.estimate == pytest.approx(1 / 5)
    assert found.same_answer_split.estimate == pytest.approx(1 / 2)
    assert found.different_both.estimate == pytest.approx(1 / 3)
    assert found.position_effect.estimate == pytest.approx(1.0)
    # Of problem p, x and y in position A were called right twice; z in position B was wrong, then
    # right.
    assert found.context.estimate == pytest.approx(1 / 3)
    assert found.said_by_true.sum() == 5
    assert found.said_by_true[1].tolist() == [1, 1, 1, 0]
    assert "1 of them unread" in str(found)


def test_the_embedded_judge_two_ways():
    """The card's own computation and the report agree."""
    pools = [prepare(pool) for pool in load_pools("embedded")]
    table = load_verdicts(data_path("verdicts.parquet"))
    truth = {
        (pool.problem.id, str(i)): bool(c.correct)
        for pool in pools
        for i, c in enumerate(pool.candidates)
    }
    texts = {(p.problem.id, str(i)): c.text for p in pools for i, c in enumerate(p.candidates)}
    found = label_report(table, truth, texts=texts)
    # More than a quarter of the rows show one text twice; they say nothing of the order.
    assert found.identical > len(table) / 4
    assert label_report(table, truth).identical == 0
    card = measure(pools, table)["figures"]
    for name, estimate in (
        ("label accuracy", found.accuracy),
        ("accuracy on right responses", found.on_right),
        ("accuracy on wrong responses", found.on_wrong),
        ("both labels right", found.pair_accuracy),
        ("position effect, P(said correct | A) - P(said correct | B)", found.position_effect),
    ):
        assert estimate.estimate == pytest.approx(card[name][0]), name


def test_labels_that_cannot_be_judged():
    with pytest.raises(UserError, match="not known whether response 'w' of problem 'p' is right"):
        labels(("p", "x", "w", "A"))
    with pytest.raises(UserError, match="none of the 1 verdicts could be read"):
        labels(("p", "x", "y", "invalid"))


def repeated(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def test_stability_by_hand():
    found = stability(
        repeated(
            *((r, "p", "x", "y", v) for r, v in enumerate(["A", "A", "B"])),
            *((r, "p", "y", "x", v) for r, v in enumerate(["B", "B", "invalid"])),
            (0, "q", "x", "y", "A"),
        )
    )
    # x first: A A B, two of three alike; y first: x won both times.
    assert found.stability.estimate == pytest.approx((2 / 3 + 1) / 2)
    assert (found.items, found.single, found.unread, found.pairs) == (2, 1, 1, 1)
    assert found.flips.estimate == pytest.approx(1 / 3)
    # Two of A A B differ with chance 2/3, the two x wins never.
    assert found.noise.estimate == pytest.approx((2 / 3 + 0) / 2)
    assert found.excess.estimate == pytest.approx(0)
    # x won 1/3 more often than y when first, and always when second.
    assert found.position_effect.estimate == pytest.approx((1 / 3 - 1) / 2)
    with pytest.raises(UserError, match="no ordered pair has two repetitions that were read"):
        stability(repeated((0, "q", "x", "y", "A")))


def test_an_order_effect_is_told_from_noise():
    rng = np.random.default_rng(1)
    noisy = Plan(problems=400, repetitions=3, position_effect=0, position_spread=0, noise=0.5)
    found = stability(simulate_study(noisy, rng), resamples=300)
    assert found.flips.estimate > 0.3
    assert found.excess.low < 0 < found.excess.high
    assert found.position_effect.low < 0 < found.position_effect.high
    stuck = Plan(problems=400, repetitions=3, position_effect=0.6, position_spread=0, noise=0)
    found = stability(simulate_study(stuck, rng), resamples=300)
    # A verdict is the favoured position's with chance 0.6 whatever the response, else the belief's:
    # one order has chance 1 and the other 0.4 for the same response, apart by 0.6; half of
    # 2 * 0.6^2, less ties (0.95 of the verdicts squared).
    assert found.excess.estimate == pytest.approx(0.36 * 0.95**2, abs=0.03)
    assert found.position_effect.estimate == pytest.approx(0.6 * 0.95, abs=0.03)


def test_power_by_simulation():
    plan = pairs_needed(0.1, 0.3)
    rng, studies = np.random.default_rng(2), 4000
    draws = rng.choice([1, -1, 0], p=[0.2, 0.1, 0.7], size=(studies, plan.pairs))
    up, down = (draws == 1).sum(axis=1), (draws == -1).sum(axis=1)
    seen = ((up - down) ** 2 / (up + down) > 3.841).mean()
    assert seen == pytest.approx(0.8, abs=0.02)
    assert power_of(plan.pairs, 0.1, 0.3).power == pytest.approx(0.8, abs=0.01)
    assert smallest_effect(plan.pairs, 0.3).effect == pytest.approx(0.1, abs=0.001)


def test_clusters_cost_pairs():
    alone, together = (
        pairs_needed(0.05, 0.2),
        pairs_needed(0.05, 0.2, pairs_per_problem=5, correlation=0.25),
    )
    assert together.pairs == pytest.approx(2 * alone.pairs, abs=2)
    assert "design effect 2.00" in str(together)
    for effect, changed in ((0, 0.2), (0.3, 0.2), (0.1, 1.2)):
        with pytest.raises(ValueError, match="the effect is not 0 and at most the share"):
            pairs_needed(effect, changed)
    with pytest.raises(ValueError, match="see no position effect with power"):
        smallest_effect(3, 0.2)


def test_power_from_a_study_is_the_power_of_such_studies():
    """Clusters make the formula for independent pairs promise too much."""
    rng, effect = np.random.default_rng(7), 0.1
    plan = Plan(problems=30, pairs=10, position_effect=effect, position_spread=0.25, noise=0.2)
    seen, told, studies = 0, [], 60
    for _ in range(studies):
        (pairs,) = pair_up(simulate_study(plan, rng))
        totals = position_totals(pairs)
        gaps = [totals[name] for name in ("lean_first", "lean_second", "read")]
        seen += difference_p(*gaps, squares=totals["lean_squares"]) < 0.05
        told.append(simulated_power(pairs, effect, rng, studies=100))
    assert np.mean(told) == pytest.approx(seen / studies, abs=0.15)
    row = position_bias(pairs, rng)
    changed = row.change
    naive = power_of(row.pairs, effect, changed).power
    measured = power_of(row.pairs, effect, changed, design_effect=row.design_effect).power
    assert row.design_effect > 1.3
    assert naive > seen / studies + 0.1
    assert abs(measured - seen / studies) < naive - seen / studies
    with pytest.raises(UserError, match="power is simulated from 6 problems or more"):
        simulated_power(pairs, effect, rng, problems=3)


def test_a_simulated_study_has_what_was_planned():
    table = simulate_study(Plan(problems=3000, tie=0.1, unread=0.05), np.random.default_rng(0))
    said = Counter(table.verdict)
    assert said["invalid"] / len(table) == pytest.approx(0.05, abs=0.005)
    assert said["tie"] / len(table) == pytest.approx(0.095, abs=0.005)
    assert set(table.gold) == {"A", "B"}
