"""Forecasts beyond what was drawn, over-optimisation, and when to stop, with planted truths."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.choosing_n import UntilSure
from pairjudge_lab.statistics.forecast import fit_chances, forecast_coverage
from pairjudge_lab.statistics.forecast_majority import forecast_majority
from pairjudge_lab.statistics.over_optimisation import proxy_curve


def planted(rng, problems=60, samples=16, a=0.6, b=2.0, never=0.15):
    p = np.where(rng.random(problems) < never, 0.0, rng.beta(a, b, problems))
    return p, rng.binomial(samples, p)


def truth(n, a=0.6, b=2.0, never=0.15):
    n = np.asarray(n)
    return (1 - never) * (1 - special.beta(a, b + n) / special.beta(a, b))


def test_the_fit_is_near_maximum_likelihood():
    """Against scipy's beta-binomial and a general optimiser, where there is much data."""
    _, right = planted(np.random.default_rng(0), problems=800)
    found = fit_chances(right, np.full(800, 16), rng=np.random.default_rng(1), draws=600)

    def loss(x):
        a, b, never = np.exp(x[0]), np.exp(x[1]), 1 / (1 + np.exp(-x[2]))
        return -np.log(
            (1 - never) * stats.betabinom.pmf(right, 16, a, b) + never * (right == 0)
        ).sum()

    a, b, never = optimize.minimize(loss, [0, 0, -2], method="Nelder-Mead").x
    assert np.log(found.a).mean() == pytest.approx(a, abs=0.15)
    assert np.log(found.b).mean() == pytest.approx(b, abs=0.15)
    assert found.never.mean() == pytest.approx(1 / (1 + np.exp(-never)), abs=0.05)
    assert found.mixing < 1.1


def test_a_planted_curve_is_within_the_limits():
    rng, inside, studies = np.random.default_rng(2), 0, 10
    for _ in range(studies):
        _, right = planted(rng)
        found = forecast_coverage(right, np.full(60, 16), [64, 512], rng=rng, draws=400)
        inside += ((found.low < truth(found.n)) & (truth(found.n) < found.high)).sum()
    # 95 % of 20 is 19; in pairs that go together, five fewer is more than three standard errors.
    assert inside >= 14


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b", "never"), [(0.6, 2.0, 0.15), (2.0, 6.0, 0.0), (0.2, 0.5, 0.3)])
def test_limits_hold_in_ninety_of_a_hundred_studies(a, b, never):
    rng, inside, studies = np.random.default_rng(3), 0, 100
    for _ in range(studies):
        _, right = planted(rng, a=a, b=b, never=never)
        found = forecast_coverage(right, np.full(60, 16), [128], rng=rng, draws=400)
        inside += found.low[0] < truth(128, a, b, never) < found.high[0]
    assert inside >= 0.95 * studies - 4 * np.sqrt(studies * 0.95 * 0.05)


def test_real_samples_held_back(shared):
    """100 samples of 100 puzzles: every fourth one forecasts how many all 100 solve.

    Of the prompt ``io`` more puzzles are solved in the end than random 25 samples forecast on
    average: many of its chances are smaller than the model expects.
    """
    rows = (shared / "game24_labels.csv").read_text().split()[1:]
    rng = np.random.default_rng(4)
    marks = {
        name: np.array([list(r.rsplit(",", 1)[1]) for r in rows if r.startswith(name)]) == "1"
        for name in ("cot,", "io,")
    }
    some = marks["cot,"][:, ::4].sum(axis=1)
    found = forecast_coverage(some, [25] * 100, [25, 100], rng=rng, these=True, draws=400)
    assert found.estimate[0] == pytest.approx((some > 0).mean())
    assert found.low[1] <= marks["cot,"].any(axis=1).mean() <= found.high[1]
    drawn = [rng.permuted(marks["io,"], axis=1)[:, :25].sum(axis=1) for _ in range(4)]
    said = [
        forecast_coverage(right, [25] * 100, [100], rng=rng, these=True, draws=200).estimate[0]
        for right in drawn
    ]
    assert np.mean(said) < marks["io,"].any(axis=1).mean() == 0.33


def test_a_forecast_in_words():
    _, right = planted(np.random.default_rng(5), problems=30)
    found = forecast_coverage(
        right, np.full(30, 16), [8, 16, 32, 4096, 8192], rng=np.random.default_rng(6), draws=200
    )
    assert list(found.to_frame().forecast) == [False, False, True, True, True]
    assert (np.diff(found.estimate) > 0).all()
    assert found.enough(0.05) == 4096
    assert "pass@N, 30 problems with up to 16 samples, 95 % limits" in str(found)
    for wrong, message in (
        (([1] * 3, [2] * 3, [4]), "6 problems or more"),
        (([3] * 6, [2] * 6, [4]), "problem 1: 3 right of 2 samples"),
        (([1] * 6, [2] * 6, []), "numbers of samples from 1 up"),
    ):
        with pytest.raises(UserError, match=message):
            forecast_coverage(*wrong, rng=np.random.default_rng(0))


def test_the_majority_at_many_samples():
    """Right answers half as likely as, or twice as likely as, the one wrong answer."""
    rng, answers, right = np.random.default_rng(7), [], []
    for problem in range(24):
        said = rng.choice(3, 60, p=[0.5, 0.25, 0.25] if problem % 3 else [0.25, 0.5, 0.25])
        answers.append([None if x == 2 else int(x) for x in said])
        right.append(said == 0)
    found = forecast_majority(answers, right, [1, 200], rng=np.random.default_rng(8), draws=100)
    # Two problems in three have a right majority; one sample is right by the mean of the chances.
    assert found.low[1] < 2 / 3 < found.high[1]
    assert found.estimate[1] == pytest.approx(2 / 3, abs=0.06)
    assert found.estimate[0] == pytest.approx(np.mean([r.mean() for r in right]), abs=0.04)
    with pytest.raises(UserError, match="the lists differ in length"):
        forecast_majority([["a"]], [[True, False]], [2], rng=rng)


def pools(rng, problems=40, size=32, fooled=0.04):
    """A judge that scores right responses 1 higher, and a few wrong ones far too high."""
    scores, right = [], []
    for _ in range(problems):
        truth_ = rng.random(size) < 0.4
        score = rng.normal(size=size) + truth_ + 6 * (~truth_ & (rng.random(size) < fooled))
        scores.append(score)
        right.append(truth_)
    return scores, right


def test_over_optimisation_is_found_where_it_is_planted():
    n = [1, 2, 4, 8, 16, 32]
    curve = proxy_curve(*pools(np.random.default_rng(9)), n, rng=np.random.default_rng(10))
    assert 1 < curve.optimum < 32
    assert curve.optimum_range[0] <= curve.optimum <= curve.optimum_range[1] < 32
    assert curve.loss.high < 0
    assert (np.diff(curve.score) > 0).all()
    assert 1 < curve.fitted_optimum < 32
    assert curve.fitted(n) == pytest.approx([e.estimate for e in curve.accuracy], abs=0.06)
    assert "best at n =" in str(curve)
    honest = proxy_curve(
        *pools(np.random.default_rng(9), fooled=0), n, rng=np.random.default_rng(10)
    )
    assert honest.optimum >= 16
    assert honest.loss.high >= 0


def test_the_highest_score_by_counting():
    scores, right = [[3.0, 1.0, 2.0]], [[True, False, True]]
    curve = proxy_curve(scores, right, [1, 2, 3], rng=np.random.default_rng(0), resamples=10)
    assert curve.score == pytest.approx([2, (3 + 3 + 2) / 3, 3])
    assert [e.estimate for e in curve.accuracy] == pytest.approx([2 / 3, 1, 1])
    for wrong, message in (
        ((scores, right, [2, 3, 4]), "growing from 1"),
        ((scores, right, [1, 2, 4]), "problem 1: 3 scores of 3 candidates"),
        (([[1.0, np.nan, 2.0]], right, [1, 2, 3]), "every candidate needs a score"),
    ):
        with pytest.raises(UserError, match=message):
            proxy_curve(*wrong, rng=np.random.default_rng(0))


def test_sampling_stops_by_hand():
    """n votes for one answer after its first: the evidence is 2^n / (n + 1), wanted 2 / error."""
    until, error = UntilSure(error=0.05), 0.05
    needed = next(n for n in range(50) if 2**n / (n + 1) >= 2 / error)
    sure = [until.add("x").sure for _ in range(20)]
    assert sure.index(True) == needed == 9
    leading = UntilSure().add(None)
    assert (leading.answer, leading.silent, leading.sure) == (None, 1, False)
    with pytest.raises(UserError, match="an error is between 0 and 1"):
        UntilSure(error=5)


def test_it_hardly_ever_stops_with_another_answer():
    rng, wrong, samples, studies = np.random.default_rng(11), 0, [], 100
    for _ in range(studies):
        until = UntilSure(error=0.1)
        for answer in rng.choice(5, 400, p=[0.35, 0.3, 0.15, 0.1, 0.1]):
            leading = until.add(int(answer))
            if leading.sure:
                wrong += leading.answer != 0
                break
        samples.append(leading.samples)
    # At most 10 % of 100; nine more is three standard errors.
    assert wrong <= 19
    until = UntilSure(error=0.1)
    easy = [until.add(int(x)) for x in rng.choice(3, 60, p=[0.9, 0.05, 0.05])]
    assert next(e.samples for e in easy if e.sure) < np.median(samples)
