"""The small-sample limits: worked examples, second implementations, and planted truths."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.clusters import effective, moderated
from pairjudge_lab.statistics.contingency import sign_flip
from pairjudge_lab.statistics.figures import Figures
from pairjudge_lab.statistics.intervals import mean_interval, paired_difference
from pairjudge_lab.statistics.limits import (
    difference_limits,
    difference_p,
    kappa_limits,
    one_sided_p,
    share_limits,
)
from pairjudge_lab.statistics.order import order_limits
from pairjudge_lab.statistics.totals import Totals

sizes = st.lists(st.integers(1, 7), min_size=6, max_size=10)


@given(sizes, st.integers(0, 10**6))
@settings(max_examples=15)
def test_the_spread_by_matrices_and_by_integration(counts, seed):
    """CR2 of a regression on a constant, units and all, its likelihood integrated finely."""
    rng = np.random.default_rng(seed)
    b = np.array(counts, dtype=float)
    a = rng.binomial(b.astype(int), rng.random(len(b)))
    g, n = a - a.sum() / b.sum() * b, b.sum()
    typical = np.square(b).sum() / n
    found = moderated(g, b, np.array(1.0), np.array(1e9))
    cluster = np.repeat(np.arange(len(b)), b.astype(int))
    residual_maker = np.eye(len(cluster)) - 1 / n
    adjusted = np.stack(
        [np.sqrt(1 / (1 - b[k] / n)) * (cluster == k) @ residual_maker / n for k in range(len(b))]
    )
    same = cluster[:, None] == cluster[None, :]

    def moments(rho):
        sigma = np.where(same, rho, 0.0)
        np.fill_diagonal(sigma, 1.0)
        gram = adjusted @ sigma @ adjusted.T
        return np.trace(gram), np.trace(gram) ** 2 / np.square(gram).sum()

    seen = (np.square(g) / (1 - b / n)).sum() / n**2
    extra = np.square(b).sum() - n
    rho = np.clip((np.square(g).sum() - n) / extra, 0, 1) if extra else 0.0
    df = moments(rho)[1]
    effects = np.exp(np.linspace(np.log(1 / typical**2), np.log(typical), 4000)[1:-1])
    if typical == 1:
        assert found.design_effect == pytest.approx(1)
        return
    rhos = np.clip((effects - 1) / (typical - 1), 0, 1)
    (none, _), (full, _) = moments(0.0), moments(1.0)
    expected = effects * (none + (full - none) * rhos) / (1 + rhos * (typical - 1))
    prior = np.where(effects < 1, effects**2, 0.25 + 0.75 * effects ** (-2 * (1 - 1 / typical)))
    weights = prior * np.exp(-df / 2 * (np.log(expected) + seen / expected))
    mean = (weights * effects).sum() / weights.sum()
    assert found.weights.sum() == pytest.approx(1)
    assert found.design_effect == pytest.approx(mean, rel=0.02)
    # The quantile is the mixture's.
    q = found.quantile(0.9)
    assert found.tail(q) == pytest.approx(0.05, abs=1e-6)
    assert found.tail(-q) == pytest.approx(0.95, abs=1e-6)


def test_many_problems_give_cr2_and_the_normal_quantile():
    rng = np.random.default_rng(5)
    b = np.full(4000, 5.0)
    a = rng.binomial(5, rng.beta(2, 2, 4000)).astype(float)
    share = a.sum() / b.sum()
    found = moderated(a - share * b, b, share * (1 - share), np.array(1e9))
    variance = np.square(a - share * b).sum() * 4000 / 3999 / b.sum() ** 2
    assert found.design_effect * share * (1 - share) / b.sum() == pytest.approx(variance, rel=0.005)
    assert found.quantile(0.95) == pytest.approx(stats.norm.ppf(0.975), abs=0.005)


def test_single_units_give_wilsons_limits():
    hits = np.array([1.0] * 52 + [0.0] * 28)
    _, low, high = share_limits(hits, np.ones(80))
    assert (float(low), float(high)) == pytest.approx((0.54080, 0.74545), abs=2e-3)


@pytest.mark.parametrize(("plus", "minus", "n"), [(24, 4, 80), (3, 0, 50), (0, 0, 40), (9, 9, 60)])
def test_single_units_give_tangos_limits(plus, minus, n):
    """Against Tango's test with its restricted likelihood maximised by a general optimiser."""

    def statistic(gap):
        def loss(q):
            p, rest = q + gap, 1 - 2 * q - gap
            cells = [(plus, p), (minus, q), (n - plus - minus, rest)]
            return -sum(c * np.log(max(v, 1e-300)) for c, v in cells if c)

        least, most = max(0.0, -gap), (1 - gap) / 2
        q = optimize.minimize_scalar(
            loss, bounds=(least, most), method="bounded", options={"xatol": 1e-12}
        ).x
        return (plus - minus - n * gap) / np.sqrt(n * (2 * q + gap - gap**2))

    z, gap = stats.norm.ppf(0.975), (plus - minus) / n
    ends = (
        optimize.brentq(lambda d: abs(statistic(d)) - z, *sorted((gap + side * 1e-9, side * 0.999)))
        for side in (-1, 1)
    )
    signs = np.array([1.0] * plus + [-1.0] * minus + [0.0] * (n - plus - minus))
    _, low, high = difference_limits(np.maximum(signs, 0), np.maximum(-signs, 0), np.ones(n))
    assert (float(low), float(high)) == pytest.approx(list(ends), abs=3e-3)


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=30), st.sampled_from([0.9, 0.95, 0.99]))
@settings(max_examples=40)
def test_an_interval_holds_zero_exactly_when_its_p_says_so(differences, level):
    data = np.round(np.array(differences), 3)
    one, two = np.maximum(data, 0), np.maximum(-data, 0)
    found, p = paired_difference(one, two, level=level)
    assert found.low - 1e-9 <= found.estimate <= found.high + 1e-9
    if abs(p - (1 - level)) > 1e-6 and 1 - level > 2.0 ** (1 - len(data)):
        assert (found.low <= 0 <= found.high) == (p > 1 - level)


def test_differences_that_do_not_vary():
    """Equal differences of a few problems prove little, and one problem proves nothing."""
    assert np.isnan(paired_difference([0.9], [0.4])[1])
    found, p = paired_difference([0.9] * 7, [0.4] * 7)
    assert p == 2.0**-6
    assert found.low < 0.5 < found.high
    assert paired_difference([0.5] * 9, [0.5] * 9)[1] == 1


def test_a_value_that_is_nearly_one_changes_little():
    sure = mean_interval([1.0] * 50)
    for value in (0.9999, 0.995, 0.9):
        found = mean_interval([1.0] * 49 + [value])
        assert abs(found.low - sure.low) < 0.03
    nearly = mean_interval([1.0] * 49 + [1e-4])
    assert abs(nearly.low - mean_interval([1.0] * 49 + [0.0]).low) < 0.04


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=9))
def test_sign_flips_agree_with_trying_them_all(halves):
    d = np.array(halves) / 2
    signs = np.array(list(product([1, -1], repeat=len(d))))
    p = np.mean(np.abs((signs * np.abs(d)).sum(axis=1)) >= abs(d.sum()) - 1e-9)
    assert sign_flip(d).p == pytest.approx(p, abs=1e-9)


def test_a_judge_with_ties_has_its_planted_order_effect():
    """Davidson's model with strengths of every pair's own; ln(P / R) / 2 would say .35."""
    rng, gamma = np.random.default_rng(0), 0.5
    theta = rng.normal(size=200_000)
    said = []
    for sign in (1, -1):
        weights = np.stack(
            [np.exp((sign * theta + gamma) / 2), np.exp(-(sign * theta + gamma) / 2),
             np.full(theta.size, 0.7)]
        )  # fmt: skip
        chances = (weights / weights.sum(axis=0)).cumsum(axis=0)
        said.append((rng.random(theta.size) > chances).sum(axis=0))
    one, other = said
    counts = [
        (one == 0) & (other == 0),
        (one == 1) & (other == 1),
        ((one == 0) & (other == 2)) | ((one == 2) & (other == 0)),
        ((one == 1) & (other == 2)) | ((one == 2) & (other == 1)),
    ]
    totals = [np.add.reduceat(c.astype(float), np.arange(0, theta.size, 20)) for c in counts]
    found, low, high = order_limits(*totals)
    assert found == pytest.approx(gamma, abs=0.02)
    assert low < gamma < high
    primacy, recency = (totals[k].sum() + totals[k + 2].sum() for k in (0, 1))
    assert np.log(primacy / recency) / 2 < 0.4


def test_one_sided_tests_and_equivalence():
    rng = np.random.default_rng(1)
    d = rng.choice([1.0, -1.0, 0.0], p=[0.05, 0.05, 0.9], size=(1500, 60))
    plus, minus = np.maximum(d, 0), np.maximum(-d, 0)
    b = np.ones_like(d)
    for side, margin in ((1, 0.0), (-1, 0.0)):
        up, down = (plus, minus) if side == 1 else (minus, plus)
        assert (one_sided_p(up, down, b, margin) < 0.05).mean() < 0.07
    assert (difference_p(plus, minus, b) < 0.05).mean() < 0.06
    # Planted on the margin, "no effect beyond it" is shown to one study in twenty.
    d = rng.choice([1.0, -1.0, 0.0], p=[0.15, 0.05, 0.8], size=(1500, 200))
    plus, minus = np.maximum(d, 0), np.maximum(-d, 0)
    shown = one_sided_p(minus, plus, np.ones_like(d), -0.1) < 0.05
    assert 0.03 < shown.mean() < 0.07


def _clustered(rng, studies, b, rate, rho):
    """Totals of hits with a correlation ``rho`` within problems."""
    if rho:
        rate = rng.beta(rate * (1 / rho - 1), (1 - rate) * (1 / rho - 1), (studies, len(b)))
    return rng.binomial(b, rate, (studies, len(b))).astype(float)


@pytest.mark.parametrize(
    ("b", "rate", "rho", "most"),
    [
        ([4] * 60, 0.7, 0.1, 0.97),
        ([5] * 8, 0.6, 0.1, 0.985),
        ([20, 20] + [1] * 10, 0.7, 0.05, 0.998),
        ([4] * 30, 0.98, 0.0, 0.985),
        ([8] * 15, 0.95, 0.4, 0.985),
        ([1] * 40, 0.9, 0.0, 0.98),
    ],
)
def test_shares_are_covered(b, rate, rho, most):
    a = _clustered(np.random.default_rng(3), 3000, b, rate, rho)
    _, low, high = share_limits(a, np.tile(b, (3000, 1)))
    held = ((low <= rate) & (rate <= high)).mean()
    # Three standard errors of the simulation are 1.2 points.
    assert 0.925 <= held <= most


def test_kappa_is_covered_and_its_estimate_is_kappas():
    rng = np.random.default_rng(4)
    both = np.array([[0.4, 0.05, 0.02], [0.06, 0.3, 0.02], [0.02, 0.03, 0.1]])
    cells = rng.multinomial(4, both.ravel(), size=(2000, 25)).reshape(2000, 25, 3, 3)
    found, low, high = kappa_limits(cells)
    from statsmodels.stats.inter_rater import cohens_kappa

    assert found[0] == pytest.approx(cohens_kappa(cells[0].sum(axis=0)).kappa)
    truth = cohens_kappa(both * 1e6).kappa
    assert 0.935 <= ((low <= truth) & (truth <= high)).mean() <= 0.975


def test_methods_and_weights():
    totals = Totals.of({"hits": np.array([10.0, 1, 0, 2, 1, 1, 2, 1]),
                        "of": np.array([20.0, 1, 1, 2, 2, 1, 2, 1])})  # fmt: skip
    by_pairs = Figures(totals).share("hits", "of")
    by_problems = Figures(totals, weight="problems").share("hits", "of")
    assert by_pairs.estimate == pytest.approx(18 / 30)
    assert by_problems.estimate == pytest.approx(np.mean([0.5, 1, 0, 1, 0.5, 1, 1, 1]))
    boot = Figures(totals, method="bootstrap", rng=np.random.default_rng(0)).share("hits", "of")
    assert boot.estimate == by_pairs.estimate
    assert boot.method == "bootstrap over problems"
    for wrong in ({"method": "magic"}, {"weight": "verdicts"}):
        with pytest.raises(UserError, match=r" is .+ or .+, not "):
            Figures(totals, **wrong)


def test_fewer_than_six_problems_give_no_interval():
    for n, there in ((5, False), (6, True)):
        found = Figures(Totals.of({"a": np.ones(n), "b": np.full(n, 2.0)})).share("a", "b")
        assert np.isfinite(found.low) == there
        assert found.few == there
    assert effective(np.array([1.0, 1.0, 0.0])) == pytest.approx(2)
