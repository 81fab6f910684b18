"""A judge beside human annotators, against the procedure written out and planted truths."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.annotators import (
    alternative_annotator_test,
    leave_one_annotator_out,
)


def study(rng, *, items=60, annotators=4, skill=0.8, judge=0.8, missing=0.0, shift=None):
    """Four kinds of item; everybody names the right one with their skill."""
    truth = rng.integers(0, 4, items)

    def told(chance):
        return np.where(rng.random(items) < chance, truth, rng.integers(0, 4, items))

    columns = {f"h{k}": told(skill).astype(float) for k in range(annotators)}
    labels = pd.DataFrame(columns, index=[f"i{k}" for k in range(items)])
    labels = labels.mask(rng.random(labels.shape) < missing)
    return labels, pd.Series(told(judge).astype(float), index=labels.index)


def written_out(labels, judge, epsilon, q=0.05):
    """The paper's procedure, with scipy's t test and the thresholds of the step-up."""
    p_values, advantages = [], []
    for left_out in labels:
        ahead, as_good = [], []
        for item, row in labels.iterrows():
            rest = row.drop(left_out).dropna()
            if pd.isna(row[left_out]) or rest.empty:
                continue
            human, machine = (rest == row[left_out]).mean(), (rest == judge[item]).mean()
            as_good.append(machine >= human)
            ahead.append(int(human >= machine) - int(machine >= human))
        p_values.append(stats.ttest_1samp(ahead, epsilon, alternative="less").pvalue)
        advantages.append(np.mean(as_good))
    m = len(p_values)
    harmonic = sum(1 / k for k in range(1, m + 1))
    ranked = sorted(p_values)
    below = [k for k in range(m) if ranked[k] <= (k + 1) / m * q / harmonic]
    return p_values, (max(below) + 1 if below else 0) / m, np.mean(advantages)


@pytest.mark.parametrize(("judge", "missing"), [(0.9, 0.0), (0.7, 0.2)])
def test_it_is_the_papers_procedure(judge, missing):
    labels, said = study(np.random.default_rng(0), judge=judge, missing=missing)
    found = alternative_annotator_test(labels, said, epsilon=0.15)
    p_values, winning_rate, advantage = written_out(labels, said, 0.15)
    assert [row.p for row in found.rows] == pytest.approx(p_values)
    assert found.winning_rate == winning_rate
    assert found.advantage == pytest.approx(advantage)
    assert found.alone == (labels.notna().sum(axis=1) < 2).sum()


def test_a_worked_example():
    """Six items: the judge sides with h2 and h3 against h1 on the first two."""
    labels = pd.DataFrame({"h1": list("BBAAAA"), "h2": list("AAAAAB"), "h3": list("AAAAAA")})
    judge = pd.Series(list("AAAAAA"))
    found = alternative_annotator_test(labels, judge, epsilon=0.2, fewest=6)
    first, second, third = found.rows
    # On the first two the judge agrees with both others and h1 with none; else they are even.
    assert (first.judge_as_good, first.annotator_as_good) == (1.0, pytest.approx(4 / 6))
    assert (second.judge_as_good, second.annotator_as_good) == (1.0, pytest.approx(5 / 6))
    assert (third.judge_as_good, third.annotator_as_good) == (1.0, 1.0)
    differences = [-1, -1, 0, 0, 0, 0]
    assert first.p == pytest.approx(stats.ttest_1samp(differences, 0.2, alternative="less").pvalue)
    # The judge and h3 always say the same: no t, and no p of 0.
    assert third.p == pytest.approx(0.8**6)
    assert "average advantage probability 1.000" in str(found)


def test_a_good_judge_passes_and_a_poor_one_does_not():
    rng = np.random.default_rng(1)
    labels, said = study(rng, items=100, skill=0.75, judge=0.95)
    good = alternative_annotator_test(labels, said, epsilon=0.15)
    assert good.passed
    labels, said = study(rng, items=100, skill=0.9, judge=0.4)
    poor = alternative_annotator_test(labels, said, epsilon=0.15)
    assert (poor.winning_rate, poor.passed) == (0.0, False)
    assert poor.advantage < good.advantage


def test_a_judge_exactly_epsilon_behind_hardly_ever_wins():
    """The planted truth is the null hypothesis: the annotator is ahead by epsilon."""
    rng, wins, studies = np.random.default_rng(2), 0, 60
    for _ in range(studies):
        other = np.zeros(40)
        kind = rng.choice(3, 40, p=[0.3, 0.6, 0.1])
        # 30 % annotator right alone, 60 % both right, 10 % judge right alone: ahead by 0.2.
        human, machine = (kind == 2).astype(float), (kind == 0).astype(float)
        labels = pd.DataFrame({"h": human, "other": other})
        found = alternative_annotator_test(labels, pd.Series(machine), epsilon=0.2)
        wins += found.rows[0].p <= 0.05
    # 5 % of 60 is 3; 8 is three standard errors above.
    assert wins <= 8


def test_items_of_one_problem_hang_together():
    labels, said = study(np.random.default_rng(3), items=40)
    thrice = pd.concat([labels] * 3, ignore_index=True)
    again, problem = pd.concat([said] * 3, ignore_index=True), pd.Series(list(range(40)) * 3)
    once = alternative_annotator_test(labels, said, epsilon=0.15)
    found = alternative_annotator_test(thrice, again, epsilon=0.15, cluster=problem)
    assert [row.p for row in found.rows] == pytest.approx([row.p for row in once.rows])
    assert {row.clusters for row in found.rows} == {40}
    assert {row.items for row in found.rows} == {120}


def test_what_was_not_read_is_counted():
    labels, said = study(np.random.default_rng(4), items=50)
    said.iloc[:10] = np.nan
    out = alternative_annotator_test(labels, said, epsilon=0.15)
    lost = alternative_annotator_test(labels, said, epsilon=0.15, unread="loses")
    assert (out.unread, lost.unread) == (10, 10)
    assert {row.items for row in out.rows} == {40}
    assert {row.items for row in lost.rows} == {50}
    assert lost.advantage == pytest.approx(0.8 * out.advantage)
    labels.iloc[5:, 0] = np.nan
    found = alternative_annotator_test(labels, said, epsilon=0.15, unread="loses")
    assert found.few == (("h0", 5),)
    assert len(found.rows) == 3
    assert "h0 has only 5 items" in str(found)


def test_numbers_by_distance():
    labels = pd.DataFrame({"a": [1.0, 5.0] * 15, "b": [2.0, 4.0] * 15})
    judge = pd.Series([2.0, 1.0] * 15)
    found = alternative_annotator_test(labels, judge, epsilon=0.1, score="rmse")
    # Beside a the judge hits b on the first item and misses by 3 on the second.
    assert [row.judge_as_good for row in found.rows] == [0.5, 0.5]
    same = alternative_annotator_test(
        labels, judge, epsilon=0.1, score=lambda label, rest: -abs(label - np.mean(rest))
    )
    assert same.to_frame().equals(found.to_frame())


def test_agreement_with_one_left_out():
    labels = pd.DataFrame({"a": list("XXYYXY"), "b": list("XXYYXX"), "c": list("XYYYXY")})
    judge = pd.Series(list("XXYYYY"))
    rows = leave_one_annotator_out(labels, judge)
    a = rows[0]
    assert a.agreement.estimate == pytest.approx((1 + 0.5 + 1 + 1 + 1 + 0.5) / 6)
    assert a.judge.estimate == pytest.approx((1 + 0.5 + 1 + 1 + 0 + 0.5) / 6)
    assert a.difference.estimate == pytest.approx(-1 / 6)
    assert a.difference.low < -1 / 6 < a.difference.high
    # Krippendorff's alpha of b and c by hand: 2 of 6 items disagree, 6 X and 6 Y of 12.
    assert a.alpha_without == pytest.approx(1 - 11 * 4 / (2 * 6 * 6))
    copied = leave_one_annotator_out(labels, labels["a"])
    assert copied[0].alpha_replaced == pytest.approx(copied[0].alpha)
    assert copied[0].difference.estimate == 0


def test_what_cannot_be_compared():
    labels, said = study(np.random.default_rng(5), items=10)
    for wrong, message in (
        ({"score": "kappa"}, "a score is agreement, rmse or a function"),
        ({"unread": "dropped"}, "'left out' or 'loses'"),
        ({"epsilon": 1.5}, "epsilon is a difference of shares"),
        ({}, "no annotator has 30 items"),
    ):
        with pytest.raises(UserError, match=message):
            alternative_annotator_test(labels, said, **{"epsilon": 0.1, **wrong})
    with pytest.raises(UserError, match="needs two or more, got 1"):
        alternative_annotator_test(labels[["h0"]], said, epsilon=0.1)
    with pytest.raises(UserError, match="an item stands twice in labels: 'i0'"):
        leave_one_annotator_out(pd.concat([labels, labels[:1]]), said)
