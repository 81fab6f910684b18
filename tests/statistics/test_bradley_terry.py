import evalica
import numpy as np
import pandas as pd
import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.bradley_terry import bradley_terry


def planted(rows, items, gamma, seed, clusters=None):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=items)
    theta -= theta.mean()
    i = rng.integers(0, items, rows)
    j = (i + rng.integers(1, items, rows)) % items
    lean = np.zeros(rows)
    cluster = None
    if clusters:
        cluster = rng.integers(0, clusters, rows)
        lean = rng.normal(size=clusters)[cluster]
    wins = rng.random(rows) < 1 / (1 + np.exp(theta[j] - theta[i] - gamma - lean))
    names = np.array([f"m{k}" for k in range(items)])
    return theta, names[i], names[j], np.where(wins, "A", "B"), cluster


def test_the_worked_example():
    """Wikipedia's four players, A to D."""
    games = [("A", "B", 2, 3), ("A", "D", 1, 4), ("B", "C", 5, 3), ("C", "D", 1, 3)]
    first = [a for a, b, x, y in games for _ in (x, y)]
    second = [b for a, b, x, y in games for _ in (x, y)]
    weight = np.array([w for *_, x, y in games for w in (x, y)])
    fit = bradley_terry(first, second, ["A", "B"] * 4, weight=weight, order_effect=False)
    assert np.exp(fit.theta) == pytest.approx([0.639835, 1.043314, 0.659810, 2.270377], abs=1e-6)


def test_it_agrees_with_evalica():
    _, first, second, outcome, _ = planted(4000, 8, 0.0, 1)
    fit = bradley_terry(first, second, outcome, order_effect=False)
    winners = [evalica.Winner.X if o == "A" else evalica.Winner.Y for o in outcome]
    theirs = evalica.bradley_terry(list(first), list(second), winners, tolerance=1e-12).scores
    ours = pd.Series(np.exp(fit.theta), index=list(fit.items))
    assert (ours / ours.sum()).to_numpy() == pytest.approx(
        (theirs / theirs.sum()).reindex(ours.index).to_numpy(), abs=1e-6
    )


def test_a_planted_order_effect_is_recovered():
    theta, first, second, outcome, _ = planted(60_000, 10, 0.3, 2)
    fit = bradley_terry(first, second, outcome)
    assert abs(fit.order_effect - 0.3) < 3 * fit.errors[-1]
    order = [int(name[1:]) for name in fit.items]
    assert np.all(np.abs(fit.theta - theta[order]) < 4 * fit.errors[:-1])


def test_errors_agree_with_statsmodels():
    """The model is a logistic regression; the robust errors are its clustered ones."""
    import statsmodels.api as sm

    _, first, second, outcome, cluster = planted(3000, 5, 0.2, 3, clusters=60)
    fit = bradley_terry(first, second, outcome, cluster=cluster, reference="m0")
    design = np.zeros((3000, 5))
    for k in range(1, 5):
        design[:, k - 1] = (first == f"m{k}").astype(float) - (second == f"m{k}")
    design[:, 4] = 1
    model = sm.Logit(outcome == "A", design)
    plain = model.fit(disp=False)
    robust = model.fit(disp=False, cov_type="cluster", cov_kwds={"groups": cluster})
    assert [*fit.theta[1:], fit.order_effect] == pytest.approx(plain.params, abs=1e-6)
    assert fit.errors[1:] == pytest.approx(plain.bse, abs=1e-6)
    # statsmodels multiplies by (n - 1) / (n - k) besides clusters / (clusters - 1).
    assert fit.robust_errors[1:] * np.sqrt(2999 / 2995) == pytest.approx(robust.bse, rel=1e-4)
    assert fit.robust_errors[-1] > 1.5 * fit.errors[-1]


def test_bootstraps_agree_with_the_robust_errors():
    _, first, second, outcome, cluster = planted(4000, 5, 0.2, 4, clusters=80)
    fit = bradley_terry(
        first, second, outcome, cluster=cluster, bootstraps=300, rng=np.random.default_rng(0)
    )
    spread = fit.bootstrap.std(axis=0)
    assert spread == pytest.approx(fit.robust_errors, rel=0.25)


def test_ties_by_davidson():
    rng = np.random.default_rng(5)
    theta, gamma, log_nu = np.array([0.8, 0.0, -0.8]), 0.25, -0.3
    i = rng.integers(0, 3, 30_000)
    j = (i + rng.integers(1, 3, 30_000)) % 3
    weights = np.exp(
        np.stack([theta[i] + gamma, theta[j], log_nu + (theta[i] + theta[j]) / 2], axis=1)
    )
    chances = weights / weights.sum(axis=1, keepdims=True)
    drawn = (rng.random((30_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    names = np.array(["a", "b", "c"])
    fit = bradley_terry(names[i], names[j], np.array(["A", "B", "tie"])[drawn])
    found = [*fit.theta, fit.order_effect, fit.tie]
    assert np.all(np.abs(np.array(found) - [*theta, gamma, log_nu]) < 4 * fit.errors)
    assert set(fit.to_frame().parameter) == {"a", "b", "c", "(order)", "(tie)"}


def test_the_fit_is_the_maximum_and_its_errors_the_curvature_there():
    """Against the likelihood of Davidson's model written out, and differentiated by numbers."""
    rng = np.random.default_rng(6)
    i = rng.integers(0, 4, 400)
    j = (i + rng.integers(1, 4, 400)) % 4
    said = rng.integers(0, 3, 400)
    names = np.array(["a", "b", "c", "d"])
    fit = bradley_terry(names[i], names[j], np.array(["A", "B", "tie"])[said], reference="a")

    def likelihood(parameters):
        theta, gamma, tie = np.array([0, *parameters[:3]]), parameters[3], parameters[4]
        weights = [theta[i] + gamma, theta[j], tie + (theta[i] + theta[j]) / 2]
        return (np.choose(said, weights) - np.logaddexp.reduce(weights)).sum()

    found = np.array([*fit.theta[1:], fit.order_effect, fit.tie])
    assert likelihood(found) == pytest.approx(fit.log_likelihood, abs=1e-8)
    steps = 1e-3 * np.eye(5)
    slope = [(likelihood(found + s) - likelihood(found - s)) / 2e-3 for s in steps]
    assert slope == pytest.approx(np.zeros(5), abs=1e-3)
    curvature = np.array([
        [sum(x * y * likelihood(found + x * s + y * r) for x in (1, -1) for y in (1, -1)) / 4e-6
         for r in steps] for s in steps
    ])  # fmt: skip
    errors = np.sqrt(np.diag(np.linalg.inv(-curvature)))
    assert fit.errors[1:] == pytest.approx(errors, rel=1e-3)


@pytest.mark.parametrize(
    ("first", "second", "outcome", "more", "message"),
    [
        ("ab", "ba", ["A", "no"], {}, "comparison 2 ended in 'no'; an outcome is A, B or tie"),
        ("aa", "ab", ["A", "A"], {}, "comparison 1: 'a' meets itself"),
        ("", "", [], {}, "strengths need comparisons of two items each, got 0 and 0"),
        (["a", None], "ba", ["A", "B"], {}, "comparison 2: the first item has no name"),
        (["a", "b"], ["b", float("nan")], ["A", "B"], {}, "comparison 2: the second item has no"),
        ("ab", "ba", ["A", "A"], {"reference": "z"}, "no item 'z' to refer to"),
        ("ac", "bd", ["A", "A"], {}, "no chain of comparisons joins all items"),
        ("aab", "bcc", ["A", "A", "A"], {}, "a strength has no finite estimate"),
        ("ab", "ba", ["A", "A"], {"bootstraps": 2}, "a strength or effect has no finite|pass rng"),
    ],
)
def test_what_cannot_be_fitted(first, second, outcome, more, message):
    with pytest.raises(UserError, match=message):
        bradley_terry(list(first), list(second), outcome, **more)


def test_a_prior_makes_separated_data_finite():
    """Against a general optimiser of the posterior; one item never loses."""
    from scipy import optimize

    first, second = list("aabbca"), list("bccaab")
    outcome = ["A", "B", "A", "B", "B", "B"]
    ahead = ["A", "A", "A", "B", "B", "A"]
    with pytest.raises(UserError, match="gather more comparisons, or give a prior"):
        bradley_terry(first, second, ahead)
    found = bradley_terry(first, second, ahead, prior=1.5)
    wins = np.array([o == "A" for o in ahead], dtype=float)
    i, j = (np.array(["abc".index(name) for name in names]) for names in (first, second))

    def loss(x):
        z = x[i] - x[j] + x[3]
        return float((np.logaddexp(0, z) - wins * z).sum() + (x @ x) / (2 * 1.5**2))

    mode = optimize.minimize(loss, np.zeros(4), tol=1e-12).x
    assert [*found.theta, found.order_effect] == pytest.approx(
        [*(mode[:3] - mode[:3].mean()), mode[3]], abs=1e-4
    )
    assert np.isfinite(found.errors).all()
    weak = bradley_terry(first, second, outcome, prior=1e4)
    assert weak.theta == pytest.approx(bradley_terry(first, second, outcome).theta, abs=1e-4)
    with pytest.raises(UserError, match="standard deviation is positive, got 0"):
        bradley_terry(first, second, outcome, prior=0)


@pytest.mark.parametrize("weight", [[1, 1, -1, 1], [1, 1, np.nan, 1], [1]])
def test_weights_that_are_none_are_refused(weight):
    with pytest.raises(UserError, match="a number from 0 for each of the 4 comparisons"):
        bradley_terry(list("abab"), list("baba"), list("ABAB"), weight=weight)


def test_ties_alone_and_columns_of_other_lengths_are_named():
    with pytest.raises(UserError, match="tie parameter has no finite estimate: nearly all"):
        bradley_terry(list("aab"), list("bcc"), ["tie"] * 3, order_effect=False)
    with pytest.raises(UserError, match="4 first names, 4 second names and 2 outcomes"):
        bradley_terry(list("abab"), list("baba"), list("AB"))
