"""Judges compared, calibration, and the truth from a gold subset, against planted truths."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pairjudge_lab.plots.calibration import plot_calibration
from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.calibration import calibration, scaled_by_temperature
from pairjudge_lab.statistics.comparison import compare_judges
from pairjudge_lab.statistics.gold_subset import corrected_rate, powered_mean
from pairjudge_lab.statistics.simulation import Plan, simulate_study


def judges(rng, **plans):
    return pd.concat(simulate_study(plan, rng).assign(judge=name) for name, plan in plans.items())


def test_a_better_judge_is_told_from_a_worse_one():
    rng = np.random.default_rng(0)
    table = judges(rng, good=Plan(accuracy=0.9), same=Plan(accuracy=0.9), bad=Plan(noise=0.9))
    found = compare_judges(table)
    frame = found.to_frame().set_index(["figure", "first", "second"])
    assert set(frame.index.get_level_values(0)) == {"consistency", "position effect", "accuracy"}
    assert frame.loc[("accuracy", "good", "bad"), "low"] > 0
    assert frame.loc[("consistency", "good", "bad"), "p_adjusted"] < 0.01
    assert frame.loc[("accuracy", "good", "same"), "p_adjusted"] > 0.05
    assert (frame.p_adjusted >= frame.p - 1e-12).all()
    assert found.critical > stats.t.ppf(0.975, 59)
    assert "60 problems that all judges share (0 left out)" in str(found)


def test_problems_that_one_judge_lacks_are_left_out_and_counted():
    table = judges(np.random.default_rng(1), a=Plan(problems=10), b=Plan(problems=12))
    found = compare_judges(table)
    assert (found.problems, found.left_out) == (10, 2)
    twice = pd.concat([table[table.judge == "a"].assign(judge=name) for name in "ab"])
    same = compare_judges(twice).to_frame()
    assert (same.difference == 0).all()
    assert (same.low < 0).all()
    assert (same.p_adjusted == 1).all()
    with pytest.raises(UserError, match="there is only 'a'"):
        compare_judges(table[table.judge == "a"])
    with pytest.raises(UserError, match="all judges share 3 problems"):
        compare_judges(judges(np.random.default_rng(1), a=Plan(problems=3), b=Plan()))


def test_of_equal_judges_hardly_any_comparison_is_significant():
    rng, alarms, studies = np.random.default_rng(2), 0, 40
    plan = Plan(problems=20, pairs=2, noise=0.4)
    for _ in range(studies):
        table = judges(rng, a=plan, b=plan, c=plan, d=plan)
        alarms += (compare_judges(table).to_frame().p_adjusted < 0.05).any()
    # 5 % of 40 is 2; 6 is three standard errors above.
    assert alarms <= 6


def test_calibration_by_hand():
    p, y = [0.2] * 5 + [0.8] * 5, [1, 0, 0, 0, 0, 1, 1, 1, 1, 0]
    found = calibration(p, y, list("abcdefghij"), bins=2)
    assert found.brier.estimate == pytest.approx(np.mean((np.array(p) - y) ** 2))
    assert found.ece == pytest.approx(0)
    assert [round(f.estimate, 9) for _, f, _ in found.bins] == [0.2, 0.8]
    parts = found.reliability - found.resolution + found.uncertainty
    assert parts == pytest.approx(found.brier.estimate)
    assert found.to_frame().labels.tolist() == [5, 5]


def test_exact_probabilities_are_not_called_uncalibrated_and_overconfident_ones_are():
    rng = np.random.default_rng(3)
    p = rng.beta(2, 2, 4000)
    y, problem = rng.random(4000) < p, np.arange(4000) // 10
    sure = calibration(p, y, problem)
    assert sure.ece < 1.7 * sure.ece_chance
    assert abs(sure.reliability) < 2e-3
    assert sum(found.low <= mean <= found.high for mean, found, _ in sure.bins) >= 8
    logit = np.log(p / (1 - p))
    loud = 1 / (1 + np.exp(-2.5 * logit))
    bad = calibration(loud, y, problem)
    assert bad.ece > 5 * bad.ece_chance
    mended, temperature = scaled_by_temperature(loud, y, problem)
    assert temperature == pytest.approx(2.5, abs=0.25)
    assert calibration(mended, y, problem).log_loss < bad.log_loss - 0.05
    with pytest.raises(UserError, match=r"label 1: a probability is between 0 and 1, got 1\.5"):
        calibration([1.5], [1], ["p"])


def gold_study(rng, problems=200, told=30, sensitivity=0.9, specificity=0.8, per=3):
    rate = rng.beta(3, 2, problems)
    y = (rng.random((problems, per)) < rate[:, None]).astype(float)
    f = np.where(y == 1, rng.random(y.shape) < sensitivity, rng.random(y.shape) > specificity)
    gold = y.copy()
    gold[rng.permutation(problems)[told:]] = np.nan
    problem = np.repeat(np.arange(problems), per)
    return f.ravel().astype(float), gold.ravel(), problem


def test_the_truth_from_a_gold_subset_is_covered_and_narrower_than_gold_alone():
    rng, studies = np.random.default_rng(4), 400
    held = {"powered": 0, "gold": 0, "corrected": 0}
    widths = []
    for _ in range(studies):
        rows = gold_study(rng)
        found, other = powered_mean(*rows), corrected_rate(*rows)
        held["powered"] += found.estimate.low <= 0.6 <= found.estimate.high
        held["gold"] += found.gold_only.low <= 0.6 <= found.gold_only.high
        held["corrected"] += other.low <= 0.6 <= other.high
        widths.append([e.high - e.low for e in (found.estimate, found.gold_only, other)])
    # 95 % of 400 is 380; three standard errors are 13.
    assert all(367 <= count <= 396 for count in held.values()), held
    powered, alone, _ = np.mean(widths, axis=0)
    assert powered < 0.85 * alone


def test_a_judge_that_knows_nothing_is_given_no_weight():
    rng = np.random.default_rng(5)
    f, gold, problem = gold_study(rng, sensitivity=0.5, specificity=0.5, told=100)
    found = powered_mean(f, gold, problem)
    assert found.weight < 0.2
    assert found.estimate.high - found.estimate.low < 1.02 * (
        found.gold_only.high - found.gold_only.low
    )
    perfect = np.where(np.isnan(gold), f, gold)
    assert powered_mean(perfect, gold, problem).weight > 0.5
    with pytest.raises(UserError, match="its labels say nothing of the truth"):
        corrected_rate(1 - np.nan_to_num(gold), gold, problem)
    with pytest.raises(UserError, match="needs two problems or more, got 1"):
        powered_mean(np.zeros(3), np.array([1.0, np.nan, np.nan]))


def test_powered_mean_by_hand():
    """One value a problem: PPI++ with the weight that least squares gives."""
    y = np.array([1.0, 0, 1, 1, 0, 1, 0, 1])
    f = np.array([1.0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1])
    gold = np.r_[y, np.full(8, np.nan)]
    found = powered_mean(f, gold)
    n, rest = 8, 8
    cov = ((y - y.mean()) * (f[:8] - f[:8].mean())).mean()
    spread = f[:8].var() / n + f[8:].var() / rest
    weight = cov / n / spread
    assert found.weight == pytest.approx(weight)
    assert found.estimate.estimate == pytest.approx(
        y.mean() + weight * (f[8:].mean() - f[:8].mean())
    )


def test_the_reliability_diagram_shows_each_bin_with_its_interval():
    rng = np.random.default_rng(8)
    p = rng.beta(2, 2, 600)
    found = calibration(p, rng.random(600) < p, np.arange(600) // 5, bins=5)
    axes = plot_calibration({"shown first": found, "shown second": found})
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [len(line.get_ydata()) for line in points] == [5, 5]
    assert list(points[0].get_ydata()) == [rate.estimate for _, rate, _ in found.bins]
    # The diagonal, and for each group five intervals and one line.
    assert len(axes.lines) == 1 + 2 * (5 + 1)
    assert "shown second: error" in axes.get_legend().get_texts()[1].get_text()
