"""What could not be read: told, counted by one rule, and bounded."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.agreement import cohen_kappa
from pairjudge_lab.statistics.pairs import pair_up
from pairjudge_lab.statistics.position import bias_report, position_bias
from pairjudge_lab.statistics.position_totals import CELLS, position_totals
from pairjudge_lab.statistics.simulation import Plan, simulate_study
from pairjudge_lab.statistics.unread import unread_bounds
from tests.statistics.pairs_of import bias_of, table_of


def test_what_could_not_be_read_is_told():
    table = table_of("AB", "A?", "??").assign(gold=["A", "B"] * 3)
    report = bias_report(table, resamples=10)
    (row,) = report.rows
    assert report.statuses == {"unread": 3, "parsed": 3}
    assert row.bounds["accuracy"] == pytest.approx((3 / 6, 6 / 6))
    assert "j: had the 2 unread pairs gone the worst way or the best: consistency 33.3 to" in str(
        report
    )
    assert report.to_frame().accuracy_best.tolist() == [1.0]


def test_one_rule_for_what_could_not_be_read():
    table = table_of("AB", "A?", "??", "BA").assign(gold=["A", "B"] * 4)
    (left,) = bias_report(table).rows
    (wrong,) = bias_report(table, unread="wrong").rows
    assert left.consistency.estimate == 1
    assert wrong.consistency.estimate == wrong.consistency_all.estimate == 2 / 4
    # Right are both verdicts of the first pair and the one that was read of the second.
    assert left.accuracy.estimate == pytest.approx(3 / 5)
    assert wrong.accuracy.estimate == left.accuracy_all.estimate == pytest.approx(3 / 8)
    assert (left.accuracy_shown.estimate, wrong.accuracy_shown.estimate) == (2 / 3, 2 / 4)
    assert (left.both_right.estimate, wrong.both_right.estimate) == (1 / 2, 1 / 4)
    # What the order does is over what was read in either case.
    assert left.position_effect == wrong.position_effect
    assert "counts against the judge" in str(bias_report(table, unread="wrong"))
    with pytest.raises(UserError, match="unread is 'left out' or 'wrong', not 'zero'"):
        bias_report(table, unread="zero")


def test_what_was_read_of_a_pair_narrows_the_bounds():
    # Half-read pairs whose read half went to the first: they can add to the first or be even.
    row = bias_of(*["AB"] * 6, *["BA"] * 4, *["A?"] * 4, *["B?"] * 2)
    assert row.bounds["position_effect"] == pytest.approx(
        ((0 * 4 - 1 * 2) / 16, (1 * 4 - 0 * 2) / 16)
    )
    low, high = row.bounds_intervals["position_effect"]
    assert low < -2 / 16
    assert high > 4 / 16
    # Of the six unread verdicts q favour the first: 4 - 2 + (2 q - 1) 6 = 0.
    assert row.tipping == pytest.approx(0.5 - (4 - 2) / (2 * 6))
    assert row.bounds["order_effect"] == (-np.inf, np.inf)
    assert row.bounds["kappa"][0] < 0.5 < row.bounds["kappa"][1] == 1


@given(st.lists(st.sampled_from(["AB", "BA", "AA", "BC", "CC", "A?", "?B", "C?"]), min_size=7,
                max_size=9))  # fmt: skip
@settings(max_examples=4)
def test_the_bounds_are_reached_and_never_passed(pairs):
    """Every way to fill in what was not read, up to three halves."""
    from itertools import product

    pairs = ["A?", *[p for p in pairs if "?" not in p][:6], *[p for p in pairs if "?" in p][:2]]
    (row,) = bias_report(table_of(*pairs)).rows
    found = {name: [] for name in ("consistency", "position_effect", "kappa")}
    for filled in product("ABC", repeat=sum(p.count("?") for p in pairs)):
        left = iter(filled)
        whole = ["".join(next(left) if c == "?" else c for c in p) for p in pairs]
        one = position_totals(pair_up(table_of(*whole))[0]).whole
        found["consistency"].append(one["consistent"] / one["read"])
        found["position_effect"].append((one["lean_first"] - one["lean_second"]) / one["read"])
        kappa = float(cohen_kappa(np.array([one[c] for c in CELLS]).reshape(3, 3)))
        if np.isfinite(kappa):
            found["kappa"].append(kappa)
    for name, values in found.items():
        if values:
            low, high = row.bounds[name]
            assert low <= min(values) + 1e-9
            assert max(values) - 1e-9 <= high
            if name != "kappa":
                assert (low, high) == pytest.approx((min(values), max(values)))


def test_the_interval_of_the_bounds_holds_what_was_hidden():
    """What is unread when wrong more often than when right, no figure over read pairs can see."""
    rng, held, studies = np.random.default_rng(5), 0, 40
    plan = Plan(problems=40, tie=0, unread=0)

    def lose(table):
        lost = rng.random(len(table)) < np.where(table.verdict != table.gold, 0.4, 0.05)
        return pair_up(table.assign(verdict=table.verdict.mask(lost, "invalid")))[0]

    whole = simulate_study(replace(plan, problems=10_000), rng)
    truth = position_bias(pair_up(whole)[0], rng).consistency.estimate
    assert position_bias(lose(whole), rng).consistency.estimate > truth + 0.02
    for _ in range(studies):
        pairs = lose(simulate_study(plan, rng))
        low, high = unread_bounds(pairs, position_totals(pairs)).intervals["consistency"]
        held += low <= truth <= high
    assert held >= 0.93 * studies
