"""Length, style, own family, lapses and random effects, against statsmodels and planted truths."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.bradley_terry import bradley_terry
from pairjudge_lab.statistics.clustered_logit import clustered_logit
from pairjudge_lab.statistics.covariates import (
    order_covariates,
    own_family,
    preference_covariates,
    style_counts,
    style_differences,
)
from pairjudge_lab.statistics.lapses import lapse_rate
from pairjudge_lab.statistics.order import order_limits
from pairjudge_lab.statistics.random_effects import random_effects

# Springall (1973): 9 treatments, wins of the second over the first, losses and ties; as in R's
# BradleyTerry2, whose page says that treatments differ by no more than the response surface says.
WINS = [
    2, 0, 5, 2, 0, 12, 13, 10, 6, 17, 9, 8, 24, 16, 15, 22, 14, 11,
    24, 22, 17, 3, 2, 12, 10, 8, 5, 20, 15, 13, 27, 19, 18, 2, 2, 6,
]  # fmt: skip
LOSSES = [
    16, 21, 10, 15, 22, 3, 9, 12, 11, 2, 6, 12, 2, 3, 2, 2, 4, 4,
    1, 0, 2, 14, 18, 6, 6, 9, 11, 0, 2, 5, 1, 1, 2, 13, 21, 8,
]  # fmt: skip
TIES = [
    7, 1, 10, 7, 2, 9, 5, 3, 5, 7, 8, 6, 0, 5, 7, 4, 5, 7,
    3, 3, 6, 9, 4, 5, 6, 11, 9, 2, 5, 9, 0, 5, 2, 8, 5, 8,
]  # fmt: skip


def test_a_response_surface_against_statsmodels():
    """Springall's strengths by flavour and gel: a regression on counts, a tie half a win."""
    pairs = [(i, j) for i in range(9) for j in range(i + 1, 9)]
    flavour, gel = np.tile([0.6, 4.8, 9.0], 3), np.repeat([0.0, 2.4, 4.8], 3)
    surface = np.column_stack([flavour, gel, flavour**2, gel**2, flavour * gel])
    rows, outcome = [], []
    for (i, j), won, lost, tied in zip(pairs, WINS, LOSSES, TIES, strict=True):
        rows += [(j, i)] * (won + lost + tied)
        outcome += ["A"] * won + ["B"] * lost + ["tie"] * tied
    first, second = np.array(rows).T
    names = ["flavour", "gel", "flavour^2", "gel^2", "flavour gel"]
    change = dict(zip(names, (surface[first] - surface[second]).T, strict=True))
    fit = preference_covariates(
        first, second, outcome, change, np.arange(len(first)), strengths=False, order_effect=False
    )
    design = np.array([surface[j] - surface[i] for i, j in pairs])
    won = np.array(WINS) + np.array(TIES) / 2
    lost = np.array(LOSSES) + np.array(TIES) / 2
    theirs = sm.GLM(np.column_stack([won, lost]), design, family=sm.families.Binomial()).fit()
    assert [e.estimate for e in fit.estimates] == pytest.approx(theirs.params, abs=1e-6)
    assert fit.plain_errors == pytest.approx(theirs.bse, rel=1e-5)
    # A tie is no coin: counted as half, it varies less.
    assert (fit.errors < fit.plain_errors).all()


def test_without_covariates_it_is_bradley_terry_with_clustered_errors():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 3, 300)
    second = (first + rng.integers(1, 3, 300)) % 3
    names, problem = np.array(["a", "b", "c"]), np.repeat(np.arange(30), 10)
    outcome = np.where(rng.random(300) < 0.6, "A", "B")
    fit = preference_covariates(names[first], names[second], outcome, {}, problem)
    plain = bradley_terry(names[first], names[second], outcome, cluster=problem, reference="a")
    assert fit["b"].estimate == pytest.approx(plain.theta[1], abs=1e-6)
    assert fit["(order)"].estimate == pytest.approx(plain.order_effect, abs=1e-6)
    assert fit.errors == pytest.approx(plain.robust_errors[1:], rel=1e-5)


def study(rng, problems=40, each=12, length=0.8, spread=0.7):
    rows = problems * each
    problem = np.repeat(np.arange(problems), each)
    first = rng.integers(0, 3, rows)
    second = (first + rng.integers(1, 3, rows)) % 3
    theta, z = np.array([0.5, 0.0, -0.5]), rng.normal(0, 0.5, rows)
    liking = length + spread * rng.standard_normal(problems)[problem]
    logit = theta[first] - theta[second] + 0.2 + liking * z
    names = np.array(["a", "b", "c"])
    outcome = np.where(rng.random(rows) < stats.logistic.cdf(logit), "A", "B")
    return names[first], names[second], outcome, {"length": z}, problem


def test_profile_limits_are_where_the_likelihood_has_fallen():
    data = study(np.random.default_rng(1), problems=20)
    fit = preference_covariates(*data)
    place = fit.names.index("length")
    first, second, outcome, change, _ = data
    design = np.zeros((len(first), 3))
    for k, name in enumerate(["b", "c"]):
        design[:, k] = (first == name).astype(float) - (second == name)
    design[:, 2] = 1
    won = (outcome == "A").astype(float)

    def height(value):
        offset = value * change["length"]
        return sm.GLM(won, design, family=sm.families.Binomial(), offset=offset).fit().llf

    best = fit["length"]
    fall = stats.t.ppf(0.975, 19) ** 2 * fit.design_effects[place] / 2
    for end in (best.low, best.high):
        assert height(best.estimate) - height(end) == pytest.approx(fall, rel=1e-2)
    assert best.method == "profile, clustered"


def test_a_planted_liking_for_length_is_held():
    rng, inside, studies = np.random.default_rng(2), 0, 12
    for _ in range(studies):
        found = preference_covariates(*study(rng), strengths=False)["length"]
        inside += found.low < 0.8 < found.high
    # 95 % of 12 is 11.4; three fewer is more than three standard errors.
    assert inside >= 9


def test_where_everything_points_one_way_a_limit_is_infinite():
    won = np.ones(20)
    fit = clustered_logit(np.ones((20, 1)), ["(order)"], won, np.arange(20) // 2)
    found = fit["(order)"]
    assert (found.estimate, found.high) == (np.inf, np.inf)
    assert 0 < found.low < 5


def test_the_order_without_covariates_is_the_conditional_estimate():
    one = ["A"] * 9 + ["B"] * 4 + ["A"] * 5 + ["tie"] * 2 + ["A"] * 6 + ["invalid"] * 3
    other = ["A"] * 9 + ["B"] * 4 + ["tie"] * 5 + ["B"] * 2 + ["B"] * 6 + ["A"] * 3
    fit = order_covariates(one, other, {}, np.arange(29))
    gamma, *_ = order_limits(np.array([9]), np.array([4]), np.array([5]), np.array([2]))
    assert fit["(order)"].estimate == pytest.approx(float(gamma), abs=1e-4)
    assert fit.left_out == (("unread pairs", 3), ("pairs that say nothing of the order", 6))
    assert "3 unread pairs" in str(fit)


def test_a_planted_slope_of_the_order_effect():
    """The order tells more where the lengths differ less, whatever the responses are worth."""
    rng, rows = np.random.default_rng(3), 3000
    gap, worth = rng.uniform(-1, 1, rows), rng.normal(0, 1, rows)
    gamma = 0.6 - 0.5 * gap
    one = np.where(rng.random(rows) < stats.logistic.cdf(worth + gamma), "A", "B")
    other = np.where(rng.random(rows) < stats.logistic.cdf(-worth + gamma), "A", "B")
    fit = order_covariates(one, other, {"gap": gap}, np.arange(rows) // 10)
    assert abs(fit["(order)"].estimate - 0.6) < 3 * fit.errors[0]
    assert abs(fit["gap"].estimate + 0.5) < 3 * fit.errors[1]
    assert fit["gap"].high < 0


def test_style_is_counted():
    text = "# Plan\n\n- one $x^2$\n- **two**\n1. three\n\n$$\ny\n$$\n```python\n- no\n```\n"
    found = style_counts(text)
    assert (found["headings"], found["bold"], found["code blocks"]) == (1, 1, 1)
    assert found["formulas"] == 2
    assert found["list items"] == 4
    assert found["characters"] == len(text)
    assert style_counts("it costs $5, or - 3")["list items"] == 0
    apart = style_differences(["ab", "# x"], ["abcdef", "x"])
    assert apart["characters"] == pytest.approx([-0.5, 0.5])
    assert apart["headings"] == pytest.approx([0, 1])
    assert list(own_family("gpt", ["gpt", "gpt", "x"], ["x", "gpt", "gpt"])) == [1, 0, -1]


def attend(rng, rate, rows=1200):
    better = rng.choice([-1.0, 1.0], rows)
    sure = rng.choice([1.0, 6.0], rows)
    first = rng.random(rows) < stats.logistic.cdf(0.3 + sure * better)
    first = np.where(rng.random(rows) < rate, rng.random(rows) < 0.5, first)
    return np.column_stack([np.ones(rows), sure * better]), first.astype(float)


def test_a_planted_lapse_rate_is_held():
    rng = np.random.default_rng(4)
    for rate in (0.0, 0.2):
        found, beta = lapse_rate(*attend(rng, rate), np.arange(1200) // 10)
        assert found.low <= rate < found.high < rate + 0.12
        assert beta == pytest.approx([0.3, 1.0], abs=0.5)
    assert found.low > 0.05


def test_lapses_are_the_maximum_of_the_likelihood():
    """Against a general optimiser of the likelihood written out."""
    from scipy import optimize

    design, won = attend(np.random.default_rng(5), 0.15, rows=400)

    def loss(p):
        rate = 1 / (1 + np.exp(-p[0]))
        chance = rate / 2 + (1 - rate) * stats.logistic.cdf(design @ p[1:])
        return -np.log(np.where(won == 1, chance, 1 - chance)).sum()

    best = optimize.minimize(loss, [-2, 0, 1], method="Nelder-Mead", options={"maxiter": 2000}).x
    found, beta = lapse_rate(design, won, np.arange(400))
    assert found.estimate == pytest.approx(1 / (1 + np.exp(-best[0])), abs=0.005)
    assert beta == pytest.approx(best[1:], abs=0.05)


def test_random_effects_of_judges_and_problems():
    rng = np.random.default_rng(6)
    judge, problem = np.repeat(np.arange(8), 480), np.tile(np.repeat(np.arange(40), 12), 8)
    by_judge, by_problem = rng.normal(0, 0.9, 8), rng.normal(0, 0.5, 40)
    x = rng.choice([-0.5, 0.5], len(judge))
    logit = 0.4 + 0.7 * x + by_judge[judge] + by_problem[problem]
    won = rng.random(len(judge)) < stats.logistic.cdf(logit)
    fit = random_effects(
        won, {"judge": judge, "problem": problem},
        design=np.column_stack([np.ones(len(x)), x]), names=["(order)", "length"],
    )  # fmt: skip
    assert fit.fixed[1] == pytest.approx(0.7, abs=0.25)
    value, low, high = fit.spread["judge"]
    assert low < by_judge.std(ddof=1) < high
    assert fit.spread["problem"][0] == pytest.approx(by_problem.std(ddof=1), abs=0.2)
    found = [fit.effects["judge"][str(k)] for k in range(8)]
    assert np.corrcoef(found, by_judge)[0, 1] > 0.95
    assert "sd of judge" in str(fit)
    assert value == fit.to_frame().estimate[2]


def test_what_cannot_be_fitted():
    data = study(np.random.default_rng(7), problems=6, each=4)
    first, second, outcome, _, problem = data
    with pytest.raises(UserError, match="'length' needs a number for each of the 24 rows"):
        preference_covariates(first, second, outcome, {"length": [1.0]}, problem)
    with pytest.raises(UserError, match="cannot be told apart in 24 rows"):
        preference_covariates(first, second, outcome, {"one": np.ones(24)}, problem)
    with pytest.raises(UserError, match="each of them A, B, tie or invalid"):
        order_covariates(["A"], ["C"], {}, [1])
    with pytest.raises(UserError, match="no row is left"):
        order_covariates(["A"], ["B"], {}, [1])
    with pytest.raises(UserError, match="leave ties out"):
        lapse_rate(np.ones((2, 1)), np.array([0.5, 1]), [0, 1])
    with pytest.raises(UserError, match="'judge' has 2 levels in 4 rows"):
        random_effects([0, 1, 1, 0], {"judge": list("aabb")})
    few = preference_covariates(first, second, outcome, {}, problem // 3)
    assert few["(order)"].method == "none"


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_a_separated_covariate_is_infinite_and_its_limit_has_its_unit(unit):
    z = np.random.default_rng(0).normal(size=40)
    outcome = ["A" if value > 0 else "B" for value in z]
    names = ["a"] * 40, ["b"] * 40
    more = {"strengths": False, "order_effect": False}
    fitted = preference_covariates(*names, outcome, {"z": z * unit}, list(range(40)), **more)
    (found,) = fitted.estimates
    assert found.estimate == found.high == np.inf
    assert found.low * unit == pytest.approx(13, rel=0.005)


def test_first_in_every_pair_is_infinite_however_the_columns_are_coded():
    (found,) = order_covariates(["A"] * 20, ["A"] * 20, {}, list(range(20))).estimates
    assert found.estimate == found.high == np.inf
    assert 0.5 < found.low < 2


@pytest.mark.parametrize("problems", [8, 20, 80])
def test_a_consistent_judge_in_both_orders_has_an_interval_of_some_width(problems):
    """The rows of each cluster cancel, which is no proof that nothing varies."""
    first, second, outcome, cluster = [], [], [], []
    for problem in range(problems):
        first += [f"{problem}x", f"{problem}y"]
        second += [f"{problem}y", f"{problem}x"]
        outcome += ["A", "B"]
        cluster += [problem] * 2
    fitted = preference_covariates(first, second, outcome, {}, cluster, strengths=False)
    (found,) = fitted.estimates
    assert found.estimate == pytest.approx(0, abs=1e-6)
    assert 0.5 / problems < found.high == pytest.approx(-found.low, rel=0.01)
    assert found.high < 1


def test_a_large_but_finite_effect_is_not_taken_for_an_infinite_one():
    won = np.ones(4000)
    won[-1] = 0
    fit = clustered_logit(np.ones((4000, 1)), ["x"], won, np.arange(4000) % 40)
    (found,) = fit.estimates
    assert found.estimate == pytest.approx(np.log(3999), abs=1e-4)
    assert np.isfinite(found.low)
    assert np.isfinite(found.high)


@pytest.mark.parametrize("mixed", [False, True])
def test_a_strength_that_is_infinite_has_an_open_limit(mixed):
    """Item c never wins; without mixed the order decides all matches of a and b too."""
    rng = np.random.default_rng(0)
    first, second, outcome, cluster = [], [], [], []
    for problem in range(20):
        for one, other in ("ab", "ba", "ac", "cb"):
            first.append(one)
            second.append(other)
            cluster.append(problem)
            drawn = "AB"[int(rng.integers(2))] if mixed else "A"
            outcome.append("A" if other == "c" else "B" if one == "c" else drawn)
    fit = preference_covariates(first, second, outcome, {}, cluster)
    c = fit["c"]
    assert c.estimate == c.low == -np.inf
    assert np.isnan(c.high)
    order, b = fit["(order)"], fit["b"]
    if mixed:
        assert order.low < order.estimate < order.high
        assert abs(order.estimate) < 2
    else:
        assert order.estimate == order.high == np.inf
        assert 0 < order.low < np.inf
    assert b.high - b.low > 0.5
