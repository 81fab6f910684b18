"""Limits that may be looked at after every problem, against their formula and planted truths."""

import numpy as np
import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.monitoring import (
    Monitor,
    StopWhen,
    confidence_sequence,
    monitor_judge,
)
from pairjudge_lab.statistics.simulation import Plan, simulate_study


def written_out(values, mean):
    """The largest capital that ever bet on values above ``mean``, step by step."""
    seen, spread, capital, largest = [], [0.25], 1.0, 1.0
    for t, x in enumerate(values, start=1):
        bet = np.sqrt(2 * np.log(2 / 0.05) / (sum(spread) / t * t * np.log(1 + t)))
        capital *= 1 + min(bet, 0.5 / mean) * (x - mean)
        largest = max(largest, capital)
        seen.append(x)
        spread.append((x - (0.5 + sum(seen)) / (t + 1)) ** 2)
    return largest


def test_all_alike_by_hand():
    """Ten ones: every bet is the largest, so the capital against m is ((1 + m) / 2m)^10."""
    monitor = Monitor()
    for _ in range(10):
        found = monitor.add(1.0)
    root = 40 ** (1 / 10)
    assert found.low == pytest.approx(1 / (2 * root - 1), abs=0.001)
    assert (found.high, found.estimate, found.n) == (1.0, 1.0, 10)


def test_limits_are_where_the_capital_reaches_forty():
    values = np.random.default_rng(0).beta(3, 2, 40)
    low, high = confidence_sequence(values)
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()
    for limit, seen in ((low[-1], values), (1 - high[-1], 1 - values)):
        assert written_out(seen, limit) >= 40 - 1e-9
        assert written_out(seen, limit + 0.001) < 40
    monitor = Monitor()
    for value in values:
        found = monitor.add(value)
    assert (found.low, found.high) == (low[-1], high[-1])
    assert found.estimate == pytest.approx(values.mean())


def test_other_bounds_are_the_same_rescaled():
    values = np.random.default_rng(1).random(30)
    low, high = confidence_sequence(values)
    wide_low, wide_high = confidence_sequence(2 * values - 1, low=-1)
    assert wide_low == pytest.approx(2 * low - 1)
    assert wide_high == pytest.approx(2 * high - 1)


def misses(draw, truth, *, studies, problems):
    low, high = confidence_sequence(draw((studies, problems)), steps=200)
    return ((low > truth) | (high < truth)).any(axis=1).sum()


def test_hardly_any_study_ever_misses():
    rng = np.random.default_rng(2)
    found = misses(lambda s: rng.random(s) < 0.903, 0.903, studies=150, problems=80)
    # 5 % of 150 is 7.5; 16 is three standard errors above.
    assert found <= 16


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda rng, s: rng.random(s) < 0.503, 0.503),
        (lambda rng, s: rng.random(s) < 0.983, 0.983),
        (lambda rng, s: rng.binomial(4, rng.beta(4, 1, s)) / 4, 0.8),
        (lambda rng, s: (1 + rng.binomial(3, 0.4, s) / 3 - rng.binomial(3, 0.3, s) / 3) / 2, 0.55),
    ],
)
def test_continuous_looking_misses_in_five_of_a_hundred_at_most(draw, truth):
    """Where an ordinary 95 % interval, looked at after every problem, misses far more often."""
    rng, studies = np.random.default_rng(3), 1000
    assert misses(lambda s: draw(rng, s), truth, studies=studies, problems=300) <= 71
    values = draw(rng, (studies, 300)).astype(float)
    sizes = np.arange(1, 301)
    mean = values.cumsum(axis=1) / sizes
    spread = np.sqrt(np.maximum((values**2).cumsum(axis=1) / sizes - mean**2, 0) / sizes)
    ordinary = (np.abs(mean - truth) > 1.96 * spread)[:, 30:].any(axis=1)
    assert ordinary.mean() > 0.15


def test_a_study_without_an_effect_is_hardly_ever_stopped_for_one():
    rng, alarms = np.random.default_rng(4), 0
    plan = Plan(problems=40, pairs=2, position_effect=0.0, position_spread=0.2)
    for _ in range(30):
        watched = monitor_judge(
            simulate_study(plan, rng),
            figures=["position effect"],
            stop={"position effect": StopWhen(excludes=0.0)},
        )
        alarms += watched["position effect"].stopped is not None
    assert alarms <= 4


def test_a_planted_effect_stops_a_study_early():
    table = simulate_study(Plan(problems=80, position_effect=0.6), np.random.default_rng(5))
    found = monitor_judge(
        table,
        stop={
            "position effect": StopWhen(excludes=0.0),
            "consistency": StopWhen(width=0.05, problems=70),
        },
    )
    effect = found["position effect"]
    assert effect.stopped[0] < 40
    assert effect.stopped[1] == "0 is excluded"
    assert effect.steps[effect.stopped[0] - 2].low <= 0 < effect.steps[effect.stopped[0] - 1].low
    assert found["consistency"].stopped == (70, "70 problems")
    assert found["accuracy"].stopped is None
    assert "may stop after" in str(effect)
    assert list(effect.to_frame().columns) == ["problems", "estimate", "low", "high"]
    # Three figures share the error.
    assert effect.steps[0].level == pytest.approx(1 - 0.05 / 3)


def test_figures_are_means_over_problems():
    table = simulate_study(Plan(problems=12, unread=0.0), np.random.default_rng(6))
    found = monitor_judge(table, figures=["accuracy"])["accuracy"]
    hits = (table.verdict == table.gold).groupby(table.problem_id).mean()
    assert found.steps[-1].estimate == pytest.approx(hits.mean())
    assert (found.skipped, found.unread) == (0, 0)


def test_what_was_not_read_is_left_out_or_bounded():
    table = simulate_study(Plan(problems=30, unread=0.0), np.random.default_rng(7))
    table.loc[table.problem_id == 3, "verdict"] = "invalid"
    out = monitor_judge(table, figures=["consistency"])["consistency"]
    assert (len(out.steps), out.skipped, out.unread) == (29, 1, 4)
    assert "4 unread, 1 problems skipped" in str(out)
    both = monitor_judge(table, figures=["consistency"], unread="bounds")["consistency"]
    assert (len(both.steps), both.skipped) == (30, 0)
    assert both.steps[-1].low <= out.steps[-1].low
    monitor = Monitor()
    assert np.isnan(monitor.add(float("nan")).estimate)
    assert (monitor.skipped, monitor.problems) == (1, 0)


def test_rules_to_stop():
    found = Estimate(0.2, 0.1, 0.3, 9, "x")
    assert StopWhen(width=0.2).reason(found) == "no wider than 0.2"
    assert StopWhen(width=0.1).reason(found) is None
    assert StopWhen(within=(0.0, 0.3)).reason(found) == "within 0 and 0.3"
    assert StopWhen(excludes=0.2, problems=10).reason(found) is None
    with pytest.raises(UserError, match="a rule to stop needs"):
        StopWhen()


def test_what_cannot_be_watched():
    table = simulate_study(Plan(problems=3), np.random.default_rng(8))
    with pytest.raises(UserError, match="one judge is watched at a time"):
        monitor_judge(table.assign(judge=["a", "b"] * (len(table) // 2)))
    with pytest.raises(UserError, match="figures are consistency"):
        monitor_judge(table, figures=["kappa"])
    with pytest.raises(UserError, match="'accuracy', which is not watched"):
        monitor_judge(table, figures=["consistency"], stop={"accuracy": StopWhen(problems=3)})
    with pytest.raises(UserError, match="'left out' or within 'bounds'"):
        monitor_judge(table, unread="dropped")
    with pytest.raises(UserError, match=r"problem 1: a value lies between 0 and 1, got 1\.5"):
        Monitor().add(1.5)
    with pytest.raises(UserError, match="a level is between 0 and 1"):
        Monitor(level=95)
    with pytest.raises(UserError, match="values lie between 0 and 1; leave out"):
        confidence_sequence(np.array([0.5, np.nan]))
