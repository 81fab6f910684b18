"""The threshold from which verdicts may be trusted: worked examples and planted truth."""

from math import comb, exp, log, prod

import numpy as np
import pytest
from scipy.stats import beta

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.selective import (
    THRESHOLDS,
    betting_p,
    choose_threshold,
    thresholds_of,
)


def verdicts(counts):
    """(sure, verdicts, disagreements) of one verdict a problem each."""
    sure = np.repeat([c[0] for c in counts], [c[1] for c in counts])
    agrees = np.concatenate([np.r_[np.zeros(bad), np.ones(n - bad)] for _, n, bad in counts])
    return [str(i) for i in range(len(sure))], sure, agrees


def test_thresholds_are_tested_from_the_strictest_down_by_the_exact_binomial():
    """Of 60 verdicts above .9 one disagrees: P(X <= 1) of 60 at .1 is .0138. With the 40 above .8,
    of which 3 do, P(X <= 4) of 100 is .024. With 100 above .7 and 20, P(X <= 24) of 200 is .86."""
    data = verdicts([(0.95, 60, 1), (0.85, 40, 3), (0.75, 100, 20), (0.6, 1000, 0)])
    found = choose_threshold(*data, thresholds=[0.9, 0.5, 0.8, 0.7], unit="verdict")
    assert found.threshold == 0.8
    assert [t.threshold for t in found.tested] == [0.9, 0.8, 0.7], "nothing after one that failed"
    assert [t.disagreements for t in found.tested] == [1, 4, 24]
    by_hand = sum(comb(60, k) * 0.1**k * 0.9 ** (60 - k) for k in (0, 1))
    assert found.tested[0].p == pytest.approx(by_hand) == pytest.approx(0.0138, abs=1e-4)
    # p at most delta is the paper's rule: the upper limit of the risk is at most alpha.
    for one in found.tested:
        limit = beta.ppf(0.9, one.disagreements + 1, one.verdicts - one.disagreements)
        assert one.passed == (limit <= 0.1)
    assert "threshold 0.8" in str(found)
    assert "independently of each other" in str(found)
    assert list(found.to_frame()["passed"]) == [True, True, False]


def test_the_bound_by_problem_is_a_bet_against_too_much_disagreement():
    values, mean = np.array([0.0, 0.0, 0.25, 0.0, 0.5] * 20), 0.3
    wealth = [prod(1 - f / (1 - mean) * (x - mean) for x in values) for f in (0.5, 0.75, 0.95)]
    assert betting_p(values, mean) == pytest.approx(min(1, 3 / sum(wealth)))
    assert betting_p(values, mean) < 0.01
    assert betting_p(values, 0.15) == 1.0
    assert betting_p(np.array([]), 0.3) == 1.0
    # Where nothing disagrees, 28 problems show 10 % at an error of 10 %; the binomial needs 22.
    assert betting_p(np.zeros(27), 0.1) > 0.1 >= betting_p(np.zeros(28), 0.1)
    assert 0.9**21 > 0.1 >= 0.9**22
    assert betting_p(np.zeros(200), 0.1) == pytest.approx(
        3 / sum(exp(200 * log(1 + f / 9)) for f in (0.5, 0.75, 0.95))
    )


def test_what_cannot_be_promised_is_said():
    data = verdicts([(0.9, 10, 0)])
    found = choose_threshold(*data, thresholds=[0.95, 0.9])
    assert found.threshold is None
    assert "no threshold: at the strictest, 0.95, 0 of 0 verdicts" in str(found)
    problems, sure, agrees = verdicts([(0.99, 100, 0)])
    agrees[:10] = np.nan
    some = choose_threshold(problems, sure, agrees, thresholds=[0.9])
    assert (some.unknown, some.problems) == (10, 90)
    assert some.threshold == 0.9
    assert "in any way" in some.assumes
    never = choose_threshold(problems, np.full(100, np.nan), agrees)
    assert never.threshold is None
    for wrong, message in (
        ({"risk": 0.0}, "risk is a share"),
        ({"error": 1.0}, "error is a share"),
        ({"unit": "candidate"}, "problem or verdict"),
        ({"thresholds": []}, "no thresholds"),
    ):
        with pytest.raises(UserError, match=message):
            choose_threshold(problems, sure, agrees, **wrong)
    with pytest.raises(UserError, match="one problem, sureness and agreement"):
        choose_threshold(problems, sure[:5], agrees)
    with pytest.raises(UserError, match="not known of a single verdict"):
        choose_threshold(problems, sure, np.full(100, np.nan))


def test_thresholds_of_a_judges_own_sureness():
    """Half of the four problems are at least .8 sure of something; from there on in even steps."""
    problems = np.repeat(["a", "b", "c", "d"], 5)
    sure = np.r_[np.full(5, 0.9), [0.8, 0.7, 0.6, 0.5, 0.4], np.full(5, 0.3), np.full(5, np.nan)]
    steps = thresholds_of(problems, sure, 11)
    assert steps == sorted(steps, reverse=True)
    assert (steps[0], steps[-1]) == (0.8, 0.3)
    assert set(steps) <= set(sure)
    assert thresholds_of(["a", "b"], [0.5, 0.5]) == [0.5]
    with pytest.raises(UserError, match="not sure of a single verdict"):
        thresholds_of(["a"], [np.nan])
    assert list(THRESHOLDS) == sorted(THRESHOLDS, reverse=True)


LEVELS = np.array([0.99, 0.95, 0.9, 0.8, 0.7, 0.6])
WRONG = np.array([0.02, 0.05, 0.06, 0.08, 0.32, 0.34])
"""By sureness, the chance that a verdict disagrees. Of all that are at least so sure: .02, .035,
.043, .053, .106, .145, so that a promise of .1 holds down to .8 and at no lower threshold."""


def calibration(rng, problems, each, spread):
    """Verdicts of which the share ``spread`` of the problems holds all that disagree."""
    level = rng.integers(0, len(LEVELS), (problems, each))
    hard = rng.random((problems, 1)) < spread
    wrong = rng.random(level.shape) < WRONG[level] / spread * hard
    names = np.repeat(np.arange(problems), each)
    return names, LEVELS[level].ravel(), 1.0 - wrong.ravel()


def broken(unit, problems, each, spread, studies, seed, *, error=0.1):
    """The share of calibration sets whose threshold does not hold what was promised."""
    rng = np.random.default_rng(seed)
    chosen = [
        choose_threshold(
            *calibration(rng, problems, each, spread), thresholds=LEVELS, unit=unit, error=error
        ).threshold
        for _ in range(studies)
    ]
    return float(np.mean([t is not None and t < 0.8 for t in chosen])), chosen


def test_the_promise_is_kept_where_verdicts_of_a_problem_go_wrong_together():
    """The bound by problem holds; the one by verdict does not, and is not said to."""
    rate, chosen = broken("problem", 60, 40, 0.34, 300, 0)
    assert rate <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / 300)
    assert np.mean([t is not None for t in chosen]) > 0.5, "and it does choose thresholds"
    by_verdict, _ = broken("verdict", 60, 40, 0.34, 300, 0)
    assert by_verdict > 0.1 + 2 * np.sqrt(0.1 * 0.9 / 300)


def test_the_promise_is_kept_by_the_binomial_where_verdicts_are_independent():
    rate, chosen = broken("verdict", 300, 1, 1.0, 400, 1)
    assert rate <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / 400)
    assert np.mean([t is not None for t in chosen]) > 0.5
