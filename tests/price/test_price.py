"""The price of a bias: worked examples, second implementations, planted truth, refusals."""

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab.price import EFFECTS, margins_of, price, prices_frame
from pairjudge_lab.price.margins import TERMS, collect, fit
from pairjudge_lab.price.removal import pooled, without_fitted
from pairjudge_lab.price.simulation import Planted, planted_study
from pairjudge_lab.records import Candidate, Pool, Problem, UserError
from pairjudge_lab.replay import Recording
from pairjudge_lab.tournaments import tournament
from pairjudge_lab.verdicts.codes import FIRST, MISSING, NEITHER, SECOND, TIE, UNREAD


def study(seed=0, **plan):
    return planted_study(Planted(**plan), np.random.default_rng(seed))


def small(codes, right=(True, False), answers=("1", "2")):
    candidates = tuple(
        Candidate("x" * (i + 1), a, r) for i, (a, r) in enumerate(zip(answers, right, strict=True))
    )
    pool = Pool(Problem("p", "", "1"), candidates, tuple(range(len(right))))
    return Recording(pool, np.array(codes, dtype=np.int8))


def test_without_ties_the_fit_is_statsmodels_logistic_regression():
    import statsmodels.api as sm

    matches = collect(study(problems=120)[0])
    found = fit(matches)
    peer = sm.Logit((matches.side == 1).astype(int), matches.features).fit(disp=0)
    assert found.theta[:3] == pytest.approx(peer.params, abs=2e-3)
    assert found.theta[3] == 0


def test_with_ties_the_fit_is_statsmodels_ordered_model():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    matches = collect(study(problems=80, threshold=0.8, length=0.5)[0])
    found = fit(matches)
    peer = OrderedModel(matches.side, matches.features[:, [0, 2]], distr="logit")
    params = peer.fit(method="bfgs", disp=0).params
    low, high = peer.transform_threshold_params(params)[1:3]
    assert found.theta[[0, 2]] == pytest.approx(params[:2], abs=3e-3)
    assert found.theta[1] == pytest.approx(-(low + high) / 2, abs=3e-3)
    assert found.theta[3] == pytest.approx((high - low) / 2, abs=3e-3)


def test_planted_coefficients_are_found():
    matches = collect(study(problems=300, position=1.2, length=0.8, threshold=0.5)[0])
    found = fit(matches)
    for term, planted in zip(TERMS, (1.5, 1.2, 0.8), strict=True):
        assert abs(found.theta[TERMS.index(term)] - planted) < 4 * found.error(term)


def test_known_margins_are_fitted_by_least_squares():
    recordings, margins = study(problems=40, position=0.7)
    matches = collect(recordings, margins)
    peer = np.linalg.lstsq(matches.features, matches.margin, rcond=None)[0]
    assert fit(matches).theta == pytest.approx(peer, abs=1e-3)


def test_subtracting_nothing_changes_nothing():
    recordings, _ = study(problems=20, threshold=0.6)
    matches = collect(recordings)
    theta = np.array([1.5, 0.0, 0.0, 0.6])
    chances = np.random.default_rng(1).random(len(matches.problem))
    for effect in ("position", "length"):
        same = without_fitted(recordings, matches, theta, effect, chances)
        for old, new in zip(recordings, same, strict=True):
            assert (old.codes == new.codes).all()


def test_a_judge_of_position_alone_says_nothing_without_it():
    """Always the first: what is left is a coin, about as often for either."""
    recordings, _ = study(problems=60, content=0.0, position=50.0)
    matches = collect(recordings)
    chances = np.random.default_rng(1).random(len(matches.problem))
    left = without_fitted(recordings, matches, fit(matches).theta, "position", chances)
    matches = collect(left)
    assert 0.45 < (matches.side == 1).mean() < 0.55


def test_what_was_not_played_and_not_read_stays():
    codes = [[[MISSING, UNREAD], [NEITHER, MISSING]]]
    recording = small(codes)
    matches = collect([recording])
    assert len(matches.problem) == 1
    (left,) = without_fitted(
        [recording], matches, np.array([0, 9.0, 0, 9.0]), None, np.array([0.5])
    )
    assert left.codes.tolist() == codes


def test_pooling_counts_readable_votes():
    def one(*said):
        return pooled([small([[[MISSING, code], [TIE, MISSING]] for code in said])])[0].codes[
            0, 0, 1
        ]

    assert one(FIRST, FIRST, SECOND) == FIRST
    assert one(SECOND, UNREAD, UNREAD) == SECOND
    assert one(FIRST, SECOND, TIE) == TIE
    assert one(NEITHER, NEITHER, TIE) == NEITHER
    assert one(UNREAD, UNREAD) == UNREAD
    assert one(FIRST, MISSING) == MISSING


def test_planted_position_costs_accuracy_and_taking_it_out_finds_it():
    recordings, margins = study(problems=150, position=3.0)
    by_verdicts = price(recordings, 8, effects=["position"], subsets=20)[0]
    by_margins = price(recordings, 8, effects=["position"], subsets=20, margins=margins)[0]
    for found in (by_verdicts, by_margins):
        assert found.lost.low > 0.1
        assert found.coefficient.low < 3.0 < found.coefficient.high
        assert found.lost.estimate == pytest.approx(found.per_problem.mean())
    assert abs(by_verdicts.lost.estimate - by_margins.lost.estimate) < 0.08


def test_asking_both_orders_is_worth_no_more_than_drawing_one():
    """Each pair meets once in a knockout, and orders that disagree are settled by a coin: the
    chance to go on is the mean of both orders either way."""
    recordings, _ = study(problems=150, position=2.0)
    found = price(recordings, 8, effects=["both orders"], subsets=100)[0]
    assert abs(found.lost.estimate) < 0.01


def test_pooling_repetitions_pays_against_noise():
    recordings, _ = study(problems=100, repetitions=7, position=0.0)
    found = price(recordings, 8, effects=["noise"], subsets=20)[0]
    assert found.lost.low > 0
    assert found.coefficient is None


def test_the_other_rules_of_the_tournament_are_kept():
    recordings, _ = study(problems=10)
    kind = tournament("knockout", order="random", budget=0)
    found = price(recordings, 8, effects=["both orders"], by=kind, subsets=5)[0]
    rates = [np.mean([c.correct for c in r.pool.candidates]) for r in recordings]
    assert abs(found.without.estimate - np.mean(rates)) < 0.2
    assert len(prices_frame([found])) == 1


def test_the_same_seed_gives_the_same_price():
    recordings, _ = study(problems=10)
    one, two = (price(recordings, 4, subsets=5, seed=3) for _ in range(2))
    assert [p.effect for p in one] == [e for e in EFFECTS if e != "noise"]
    assert [p.lost for p in one] == [p.lost for p in two]


def test_margins_are_read_from_a_table_by_place():
    recording = small([[[MISSING, FIRST], [SECOND, MISSING]]])
    table = pd.DataFrame(
        {
            "problem_id": ["p", "p", "other"],
            "response_a": ["0", "1", "0"],
            "response_b": ["1", "0", "1"],
            "a_probability": [0.5, 1.0, 0.5],
            "b_probability": [0.5, 0.5, 0.5],
        }
    )
    (found,) = margins_of([recording], table)
    assert found[0, 0, 1] == 0
    assert found[0, 1, 0] == pytest.approx(np.log((1 - 1e-6) / 1e-6))
    assert np.isnan(found[0, 0, 0])
    with pytest.raises(UserError, match="no probabilities"):
        margins_of([recording], table.drop(columns="a_probability"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"effects": ["size"]}, "no effect 'size'"),
        ({"effects": ["noise"]}, "needs repetitions"),
        ({"n": 16}, "16 candidates"),
    ],
)
def test_what_cannot_be_priced_is_refused(given, said):
    recordings, _ = study(problems=5)
    with pytest.raises(UserError, match=said):
        price(recordings, **{"n": 4, "subsets": 2, **given})


def test_unknown_truth_and_no_verdicts_are_refused():
    with pytest.raises(UserError, match="which candidates are right"):
        collect([small([[[MISSING, FIRST], [FIRST, MISSING]]], right=(None, None))])
    with pytest.raises(UserError, match="no verdict was read"):
        collect([small([[[MISSING, UNREAD], [UNREAD, MISSING]]])])
