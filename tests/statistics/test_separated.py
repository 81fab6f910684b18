"""Strengths where somebody never lost: Firth's penalty, and draws from a posterior."""

import csv

import numpy as np
import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.bradley_terry import bradley_terry
from pairjudge_lab.statistics.posterior import strengths_posterior
from pairjudge_lab.statistics.separated import penalised_bradley_terry

# a never loses, c never wins; the numbers are how often.
GAMES = [
    ("a", "b", "A", 1), ("b", "a", "B", 1), ("a", "c", "A", 1), ("c", "a", "B", 2),
    ("b", "c", "A", 1), ("c", "b", "B", 1),
]  # fmt: skip


def columns(games):
    first, second, outcome, weight = zip(*games, strict=True)
    return (list(first), list(second), list(outcome)), np.array(weight, dtype=float)


def baseball(shared):
    rows = list(csv.DictReader((shared / "baseball.csv").read_text().splitlines()))
    games = [(r["home_team"], r["away_team"], "A", int(r["home_wins"])) for r in rows]
    games += [(r["home_team"], r["away_team"], "B", int(r["away_wins"])) for r in rows]
    return columns(games)


def test_firth_by_hand():
    """Two items: the penalty is half a win for each, so n wins of n are ln((n + 1/2) / (1/2))."""
    fit = penalised_bradley_terry(["a"] * 7, ["b"] * 7, ["A"] * 7, order_effect=False)
    estimate, low, high = fit.difference("a", "b")
    assert estimate == pytest.approx(np.log(7.5 / 0.5), abs=1e-6)
    assert 0 < low < estimate < high < np.inf
    assert fit.theta == pytest.approx([estimate / 2, -estimate / 2])


def test_firth_on_separated_data():
    """The figures of firthmodels 0.8.2 (FirthLogisticRegression, profile limits)."""
    names, weight = columns(GAMES)
    with pytest.raises(UserError, match="only ever won"):
        bradley_terry(*names, weight=weight)
    fit = penalised_bradley_terry(*names, weight=weight)
    assert fit.difference("a", "c") == pytest.approx((2.582110, 0.291970, 7.176310), abs=1e-4)
    assert fit.difference("b", "c") == pytest.approx((1.291055, -0.923998, 5.810871), abs=1e-4)
    assert fit.order_limits() == pytest.approx((-0.032493, -2.686499, 2.982321), abs=1e-4)
    assert fit.penalised == pytest.approx(-1.963585, abs=1e-6)
    assert "Firth's penalty" in str(fit)


def test_firths_errors_are_those_of_the_information():
    """firthmodels 0.8.2 prints another error of the order effect, 0.878: that of data to which the
    penalty's own observations are added, each comparison's weight by its leverage."""
    names, weight = columns(GAMES)
    fit = penalised_bradley_terry(*names, weight=weight)
    items = {"b": 0, "c": 1}
    design = np.zeros((len(GAMES), 3))
    for row, (first, second, _, _) in enumerate(GAMES):
        for name, sign in ((first, 1), (second, -1)):
            if name in items:
                design[row, items[name]] += sign
        design[row, 2] = 1
    strengths = np.append(fit.theta[1:] - fit.theta[0], fit.order_effect)
    chance = 1 / (1 + np.exp(-design @ strengths))
    own = weight * chance * (1 - chance)
    covariance = np.linalg.inv(design.T @ (own[:, None] * design))
    assert fit.errors[-1] == pytest.approx(np.sqrt(covariance[2, 2]))
    leverage = own * np.einsum("ij,jk,ik->i", design, covariance, design)
    more = (weight + leverage) * chance * (1 - chance)
    theirs = np.linalg.inv(design.T @ (more[:, None] * design))
    assert np.sqrt(theirs[2, 2]) == pytest.approx(0.8780, abs=1e-4)


def test_firth_on_baseball(shared):
    """Agresti's baseball data; the figures of firthmodels 0.8.2."""
    names, weight = baseball(shared)
    fit = penalised_bradley_terry(*names, weight=weight)
    theirs = [1.111176, 0.683991, 1.433781, 1.574069, 1.245043, 1.289613]
    assert fit.theta[1:] - fit.theta[0] == pytest.approx(theirs, abs=1e-5)
    assert fit.order_limits() == pytest.approx((0.293928, 0.042587, 0.549504), abs=1e-5)
    assert fit.difference("Boston", "Baltimore") == pytest.approx(
        (1.111176, 0.475266, 1.784195), abs=1e-4
    )
    # Between maximum likelihood (R's BradleyTerry2) and no effect at all.
    plain = bradley_terry(*names, weight=weight, reference="Baltimore")
    assert plain.order_effect == pytest.approx(0.3023, abs=1e-4)
    assert 0 < fit.order_effect < plain.order_effect


def test_the_prior_is_the_ridge_of_choix(shared):
    """choix 0.4.1, opt_pairwise(alpha=0.25): a normal prior of variance 1 / (2 alpha)."""
    names, weight = baseball(shared)
    fit = bradley_terry(*names, weight=weight, order_effect=False, prior=np.sqrt(2))
    theirs = [-1.017600, 0.055117, -0.357482, 0.375256, 0.516176, 0.191441, 0.237092]
    assert fit.theta == pytest.approx(theirs, abs=1e-5)


def studies(count, rng, gamma=0.8):
    for _ in range(count):
        first = rng.integers(0, 2, 24)
        won = rng.random(24) < 1 / (1 + np.exp(-np.where(first == 0, 1.0, -1.0) - gamma))
        names = np.array(["a", "b"])
        yield names[first], names[1 - first], np.where(won, "A", "B")


def test_firth_is_nearer_a_planted_truth_than_maximum_likelihood():
    found, plain = [], []
    for data in studies(60, np.random.default_rng(0)):
        found.append(penalised_bradley_terry(*data).order_effect)
        try:
            plain.append(bradley_terry(*data).order_effect)
        except UserError:
            plain.append(4.0)
    assert abs(np.mean(found) - 0.8) < np.mean(plain) - 0.8


@pytest.mark.slow
def test_firths_limits_hold_a_planted_truth():
    found = [penalised_bradley_terry(*d) for d in studies(60, np.random.default_rng(6))]
    limits = np.array([fit.order_limits() for fit in found])
    # 95 % of 60 is 57; five fewer is three standard errors.
    assert ((limits[:, 1] < 0.8) & (limits[:, 2] > 0.8)).sum() >= 52


def test_clusters_make_limits_wider():
    rng = np.random.default_rng(1)
    lean = np.repeat(rng.normal(0.3, 1.5, 30), 12)
    first = rng.integers(0, 3, 360)
    second = (first + rng.integers(1, 3, 360)) % 3
    names = np.array(["a", "b", "c"])
    outcome = np.where(rng.random(360) < 1 / (1 + np.exp(-lean)), "A", "B")
    plain = penalised_bradley_terry(names[first], names[second], outcome)
    fit = penalised_bradley_terry(
        names[first], names[second], outcome, cluster=np.repeat(np.arange(30), 12)
    )
    _, low, high = fit.order_limits()
    _, tight_low, tight_high = plain.order_limits()
    assert high - low > 1.5 * (tight_high - tight_low)
    assert fit.theta == pytest.approx(plain.theta)
    # In large samples the sandwich is bradley_terry's.
    other = bradley_terry(
        names[first], names[second], outcome, cluster=np.repeat(np.arange(30), 12)
    )
    assert fit.errors == pytest.approx(other.robust_errors, rel=0.05)


def test_the_posterior_against_integration_by_numbers():
    """Two items and an order effect, on a grid of both."""
    names, weight = columns([("a", "b", "A", 5), ("b", "a", "B", 4), ("a", "b", "tie", 1)])
    found = strengths_posterior(*names, weight=weight, rng=np.random.default_rng(2), prior=1.5)
    gap, gamma = np.meshgrid(np.linspace(-3, 13, 321), np.linspace(-7, 7, 281), indexing="ij")

    def log_win(z):
        return -np.logaddexp(0, -z)

    # Of two strengths with variance 1.5^2 the difference has twice that.
    log = 5.5 * log_win(gap + gamma) + 0.5 * log_win(-gap - gamma) + 4 * log_win(gap - gamma)
    log = log - gap**2 / (4 * 1.5**2) - gamma**2 / (2 * 1.5**2)
    mass = np.exp(log - log.max())
    mass /= mass.sum()
    drawn = found.theta[:, 0] - found.theta[:, 1]
    mean, spread = (mass * gap).sum(), np.sqrt((mass * gap**2).sum() - (mass * gap).sum() ** 2)
    assert drawn.mean() == pytest.approx(mean, abs=0.1)
    assert drawn.std() == pytest.approx(spread, rel=0.08)
    assert found.order_effect.mean() == pytest.approx((mass * gamma).sum(), abs=0.1)
    assert found.above("a", "b") == pytest.approx(mass[gap > 0].sum(), abs=0.02)
    assert found.mixing < 1.05


def test_the_posterior_holds_truths_drawn_from_the_prior():
    rng, inside, studies = np.random.default_rng(3), 0, 20
    names = np.array(["a", "b", "c", "d"])
    for _ in range(studies):
        theta, gamma = rng.normal(0, 2, 4), rng.normal(0, 2)
        theta -= theta.mean()
        first = rng.integers(0, 4, 15)
        second = (first + rng.integers(1, 4, 15)) % 4
        won = rng.random(15) < 1 / (1 + np.exp(theta[second] - theta[first] - gamma))
        found = strengths_posterior(
            names[first], names[second], np.where(won, "A", "B"), rng=rng, draws=400
        ).to_frame(level=0.8)
        assert list(found.parameter) == [*names, "(order)"]
        inside += found.low[0] < theta[0] < found.high[0]
        inside += found.low[4] < gamma < found.high[4]
    # 80 % of 40 is 32; three standard errors are 7.6.
    assert inside >= 24


def test_the_posterior_in_words():
    names, weight = columns(GAMES)
    found = strengths_posterior(*names, weight=weight, rng=np.random.default_rng(4), draws=400)
    frame = found.to_frame().set_index("parameter")
    assert frame.best[["a", "b", "c"]].sum() == pytest.approx(1)
    assert frame.best["a"] > 0.8
    assert np.isfinite(frame[["mean", "sd", "low", "high"]]).all().all()
    assert "400 draws, normal prior with standard deviation 2" in str(found)
    assert found.theta.sum(axis=1) == pytest.approx(np.zeros(400))


@pytest.mark.parametrize("fit", [penalised_bradley_terry, strengths_posterior])
def test_what_cannot_be_fitted(fit):
    more = {"rng": np.random.default_rng(0)} if fit is strengths_posterior else {}
    with pytest.raises(UserError, match="comparison 2 ended in 'no'; an outcome is A, B or tie"):
        fit(["a", "b"], ["b", "a"], ["A", "no"], **more)
    with pytest.raises(UserError, match="comparison 1: 'a' meets itself"):
        fit(["a"], ["a"], ["A"], **more)
    with pytest.raises(UserError, match="strengths need comparisons"):
        fit([], [], [], **more)
    with pytest.raises(UserError, match="none of them negative"):
        fit(["a"], ["b"], ["A"], weight=np.array([-1.0]), **more)


def test_what_else_cannot_be_asked():
    with pytest.raises(UserError, match="no chain of comparisons joins all items"):
        penalised_bradley_terry(["a", "c"], ["b", "d"], ["A", "A"])
    fit = penalised_bradley_terry(["a"], ["b"], ["A"], order_effect=False)
    with pytest.raises(UserError, match="the model has no order effect"):
        fit.order_limits()
    with pytest.raises(UserError, match="no item 'z'; there are: a, b"):
        fit.difference("a", "z")
    with pytest.raises(UserError, match="clustered errors need two clusters"):
        penalised_bradley_terry(["a"], ["b"], ["A"], cluster=["p"], order_effect=False)
    with pytest.raises(UserError, match="show pairs in both orders"):
        penalised_bradley_terry(["a"], ["b"], ["A"])
    for wrong, message in (({"prior": 0}, "is positive, got 0"), ({"draws": 9}, "100 draws")):
        with pytest.raises(UserError, match=message):
            strengths_posterior(["a"], ["b"], ["A"], rng=np.random.default_rng(0), **wrong)


def test_clusters_that_cancel_leave_an_interval_of_some_width():
    names = list("ab" * 12), list("ba" * 12), list("AB" * 12)
    clustered = penalised_bradley_terry(*names, cluster=[i // 2 for i in range(24)])
    apart = penalised_bradley_terry(*names)
    for found, wider in ((clustered.order_limits(), apart.order_limits()),):
        assert found[0] == pytest.approx(0, abs=1e-6)
        assert 0.2 < found[2] == pytest.approx(-found[1])
        assert found[2] < wider[2]
