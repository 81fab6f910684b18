import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.pairs import pair_up
from pairjudge_lab.statistics.position import bias_report, position_bias
from pairjudge_lab.statistics.simulation import Plan, simulate_study
from tests.statistics.pairs_of import bias_of, table_of


@pytest.mark.parametrize(
    ("pair", "kind"),
    [
        ("AB", "consistent"), ("BA", "consistent"), ("CC", "consistent"),
        ("AA", "primacy"), ("AC", "primacy"), ("CA", "primacy"),
        ("BB", "recency"), ("BC", "recency"), ("CB", "recency"),
        ("A?", "unread"), ("?B", "unread"), ("??", "unread"),
    ],
)  # fmt: skip
def test_every_kind_of_pair(pair, kind):
    row = bias_of(pair, "AB")
    expected = Counter(["consistent", kind])
    kinds = ("consistent", "primacy", "recency", "unread")
    assert {k: getattr(row, k) for k in kinds} == {k: expected[k] for k in kinds}


def test_gpt_4_on_mt_bench():
    """Counts implied by Table 2 of MT-Bench: 52 consistent, 24 first, 4 second."""
    row = bias_of(*["AB"] * 52, *["AA"] * 24, *["BB"] * 4)
    assert (row.consistent, row.primacy, row.recency) == (52, 24, 4)
    assert row.fairness.estimate == -0.25
    assert row.consistency.estimate == 0.65
    assert row.conflict_rate.estimate == pytest.approx(0.35)
    tests = {t.name: t for t in row.tests}
    assert tests["McNemar"].statistic == pytest.approx(14.2857, abs=1e-4)
    assert tests["McNemar, exact"].p == pytest.approx(1.79991e-4, abs=1e-9)
    assert tests["McNemar, clustered by problem"].statistic == pytest.approx(14.2857, abs=1e-4)
    assert row.order_effect.estimate == pytest.approx(0.895880, abs=1e-6)
    # With one pair a problem the limits are those of the share P / (P + R) on half the logit scale.
    from scipy import stats

    found = stats.binomtest(24, 28).proportion_ci(0.95, method="wilson")
    ends = [np.log(share / (1 - share)) / 2 for share in (found.low, found.high)]
    assert (row.order_effect.low, row.order_effect.high) == pytest.approx(ends, abs=0.03)
    found = stats.binomtest(52, 80).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((0.54080, 0.74545), abs=1e-5)
    assert row.consistency.low == pytest.approx(found.low, abs=0.02)


def test_the_two_denominators_of_fairness():
    row = bias_of("AA", "BB", "BB", "AB", "??")
    assert row.fairness.estimate == pytest.approx(1 / 4)
    assert row.fairness_all == pytest.approx(1 / 5)
    assert row.bounds["consistency"] == pytest.approx((1 / 5, 2 / 5))
    # One pair to the first position, two to the second, one that could have gone to either.
    assert row.bounds["position_effect"] == pytest.approx(((1 - 2 - 1) / 5, (1 - 2 + 1) / 5))
    assert "accuracy" not in row.bounds


def test_nothing_changed_and_everything_changed():
    calm = bias_of(*["AB"] * 30)
    assert calm.order_effect.estimate == 0
    assert calm.position_effect.low < 0 < calm.position_effect.high
    assert calm.consistency.low < 1 == calm.consistency.high
    stuck = bias_of(*["AA"] * 30)
    # All of 30 pairs to the first: any effect beyond some limit would have done the same.
    assert 0 < stuck.order_effect.low < stuck.order_effect.high == np.inf
    assert stuck.position_effect.estimate == 1
    assert json.loads(json.dumps(stuck.row(), allow_nan=False))["order_effect"]["high"] == "inf"


def test_one_problem_gives_no_interval():
    row = bias_of("AB", "AA", problems=[0, 0])
    assert np.isnan(row.consistency.low)
    assert json.dumps(row.row(), allow_nan=False)


def test_unpaired_verdicts_are_counted():
    table = table_of("AB", "AA").iloc[:-1]
    (row,) = bias_report(table, resamples=10).rows
    assert (row.pairs, row.unpaired, row.verdicts) == (1, 1, 3)
    assert "1 verdicts without a counterpart" in str(bias_report(table, resamples=10))


@given(st.lists(st.sampled_from(["AB", "BA", "AA", "BB", "AC", "CB", "CC", "A?"]), min_size=2))
@settings(max_examples=12)
def test_swapping_the_positions_turns_the_bias_round(pairs):
    row = bias_of(*pairs)
    turned = bias_of(*(p.translate(str.maketrans("AB", "BA")) for p in pairs))
    assert (row.primacy, row.recency) == (turned.recency, turned.primacy)
    assert row.consistent == turned.consistent
    assert row.position_effect.estimate == pytest.approx(
        -turned.position_effect.estimate, nan_ok=True
    )
    assert row.order_effect.estimate == pytest.approx(-turned.order_effect.estimate)


@given(st.integers(0, 99))
@settings(max_examples=12)
def test_counts_agree_with_counting_by_hand(seed):
    rng = np.random.default_rng(seed)
    plan = Plan(problems=5, pairs=3, repetitions=2, tie=0.2, unread=0.2)
    table = simulate_study(plan, rng).sample(frac=0.9, random_state=seed)
    (row,) = bias_report(table, resamples=10).rows
    by_key = {
        (r.repetition, r.problem_id, r.response_a, r.response_b): r.verdict
        for r in table.itertuples()
    }
    kinds = Counter()
    for (repetition, problem, a, b), said in by_key.items():
        other = by_key.get((repetition, problem, b, a))
        if a > b or other is None:
            continue
        said_of_both = "".join({"A": "A", "B": "B", "tie": "C"}.get(v, "?") for v in (said, other))
        kinds[
            "unread" if "?" in said_of_both
            else "consistent" if said_of_both in ("AB", "BA", "CC")
            else "primacy" if said_of_both in ("AA", "AC", "CA")
            else "recency"
        ] += 1  # fmt: skip
    assert (row.consistent, row.primacy, row.recency, row.unread) == tuple(
        kinds[k] for k in ("consistent", "primacy", "recency", "unread")
    )
    assert row.verdicts == len(table) == 2 * row.pairs + row.unpaired


def test_a_planted_position_effect_is_recovered():
    plan = Plan(problems=4000, pairs=5, position_effect=0.05, tie=0, unread=0)
    (row,) = bias_report(simulate_study(plan, np.random.default_rng(1))).rows
    assert row.position_effect.low < 0.05 < row.position_effect.high
    assert row.position_effect.high - row.position_effect.low < 0.02
    assert row.p_adjusted < 1e-6


def test_noise_alone_is_not_called_bias():
    rng, called, studies = np.random.default_rng(2), 0, 80
    plan = Plan(position_effect=0, position_spread=0, noise=0.5)
    for _ in range(studies):
        (pairs,) = pair_up(simulate_study(plan, rng))
        called += position_bias(pairs, rng, resamples=1).tests[0].p < 0.05
    # 5 % of 80 is 4; 10 is three standard errors above.
    assert called <= 10


def test_intervals_cover_the_truth():
    """A small version of benchmarks/coverage.py."""
    rng, plan, studies = np.random.default_rng(3), Plan(), 60
    (large,) = pair_up(simulate_study(Plan(problems=20_000), rng))
    truth = position_bias(large, rng, resamples=1)
    held = Counter()
    names = (
        "consistency",
        "position_effect",
        "order_effect",
        "kappa",
        "accuracy",
        "first_position",
    )
    for _ in range(studies):
        (pairs,) = pair_up(simulate_study(plan, rng))
        row = position_bias(pairs, rng, resamples=1)
        for name in names:
            found = getattr(row, name)
            held[name] += found.low <= getattr(truth, name).estimate <= found.high
    # 95 % of 60 is 57; three standard errors are 5.
    assert all(held[name] > 51 for name in names), held


def test_many_judges_are_adjusted_for():
    table = pd.concat(
        table_of(*["AA"] * lean, *["BB"] * (10 - lean), *["AB"] * 20, judge=f"j{lean}")
        for lean in (5, 8, 9, 10)
    )
    report = bias_report(table, resamples=50)
    raw = np.array([row.tests[0].p for row in report.rows])
    order = np.argsort(raw)
    hand = np.minimum.accumulate((raw[order] * 4 / np.arange(1, 5))[::-1])[::-1]
    assert np.array([row.p_adjusted for row in report.rows])[order] == pytest.approx(hand)


def test_a_group_by_any_column():
    table = table_of("AB", "AA", "BB").assign(subject=["s", "s", "t", "t", "t", "t"])
    assert [row.group for row in bias_report(table, by="subject", resamples=10).rows] == ["s", "t"]
    with pytest.raises(UserError, match="no column 'colour'; there are: judge, problem_id"):
        bias_report(table, by="colour")
    frame = bias_report(table, by=None, resamples=10).to_frame()
    assert {"consistency", "consistency_low", "position_effect", "p", "p_adjusted"} <= set(frame)
    assert len(frame) == 1


def test_a_report_prints_as_text_in_jupyter_too():
    table = table_of("AB", "AA", judge="<b>bold</b>")
    html = bias_report(table, resamples=10)._repr_html_()
    assert "&lt;b&gt;bold" in html
    assert "<b>" not in html


def test_pairs_that_cannot_be():
    twice = pd.concat([table_of("AB"), table_of("AB")])
    with pytest.raises(UserError, match="'x0' is shown before 'y0' twice in one repetition"):
        pair_up(twice)
    with pytest.raises(UserError, match="unknown verdict 'maybe'"):
        pair_up(table_of("AB").assign(verdict="maybe"))
    with pytest.raises(UserError, match="paired with itself"):
        pair_up(table_of("AB").assign(response_a="z", response_b="z"))


def test_clusters_widen_the_error():
    pairs = ["AA"] * 24 + ["BB"] * 12
    lone = bias_of(*pairs)
    together = bias_of(*pairs, problems=[i // 6 for i in range(36)])
    for name in ("order_effect", "position_effect", "first_position"):
        wide, narrow = getattr(together, name), getattr(lone, name)
        assert wide.estimate == pytest.approx(narrow.estimate)
        assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    assert together.design_effect > 3 > 1.1 > lone.design_effect


def test_pairs_of_identical_texts_are_left_out_and_counted():
    table = table_of("AB", "AA", "AA", "BB").assign(problem_id="p")
    texts = {("p", f"{side}{i}"): f"{side}{i}" for side in "xy" for i in range(4)}
    texts["p", "y1"] = texts["p", "x1"]
    texts["p", "x3"], texts["p", "y3"] = texts["p", "x2"], texts["p", "y2"]
    (pairs,) = pair_up(table, texts=texts)
    assert (len(pairs), pairs.identical, pairs.distinct, pairs.unpaired) == (3, 1, 2, 0)
    report = bias_report(table, texts=texts)
    assert (report.rows[0].primacy, report.rows[0].recency) == (1, 1)
    assert "1 pairs of identical texts" in str(report)
    with pytest.raises(UserError, match="there is no text of response 'y3' of problem 'p'"):
        pair_up(table, texts={k: v for k, v in texts.items() if k[1] != "y3"})


def test_the_same_name_is_the_same_thing():
    table = table_of("AB", "AA").assign(problem_id=[1, "1", "q", "q"])
    composed, apart = "caf\u00e9", "cafe\u0301"
    table.loc[2, "response_a"] = table.loc[3, "response_b"] = composed
    table.loc[3, "response_b"] = apart
    (pairs,) = pair_up(table)
    assert (len(pairs), pairs.problems) == (2, 2)
    for column in ("judge", "problem_id", "response_b"):
        missing = table.copy()
        missing.loc[1, column] = None
        with pytest.raises(UserError, match="is missing; every row needs one"):
            pair_up(missing)


def test_gold_that_contradicts_itself_is_refused():
    table = table_of("AB", "AA").assign(gold=["A", "B", "A", "A"])
    with pytest.raises(UserError, match="rows 3 and 4: gold is 'A' in both orders of 'y1' and"):
        pair_up(table)


def test_no_interval_below_six_problems_and_a_word_below_ten():
    for n, said in ((5, "No intervals for 'j': fewer than 6"), (9, "with caution: fewer than 10")):
        report = bias_report(table_of(*["AB", "AA", "AB"] * 3).iloc[: 2 * n])
        assert said in str(report)
        assert np.isnan(report.rows[0].consistency.low) == (n < 6)
        assert np.isfinite(report.rows[0].p)
    # What counts is where a pair was read in both orders.
    unread = table_of(*["AB", "AA", "AB"] * 3)
    unread.loc[unread["problem_id"].isin(unread["problem_id"].unique()[3:]), "verdict"] = "invalid"
    assert "No intervals for 'j': fewer than 6" in str(bias_report(unread))


def test_pairs_or_problems_count_the_same():
    table = table_of(*["AB"] * 12, *["AA"] * 6, problems=[0] * 6 + list(range(1, 7)) + [7] * 6)
    by_pairs, by_problems = (
        bias_report(table, weight=weight).rows[0] for weight in ("pairs", "problems")
    )
    assert by_pairs.consistency.estimate == pytest.approx(12 / 18)
    assert by_problems.consistency.estimate == pytest.approx(7 / 8)
    assert "Every problem counts the same" in str(bias_report(table, weight="problems"))


def test_no_effect_within_a_margin_is_shown_or_not():
    few, many = (table_of(*["AB", "BA"] * n, "AA", "BB") for n in (10, 200))
    assert bias_report(few, margin=0.05).rows[0].equivalence > 0.05
    report = bias_report(many, margin=0.05)
    assert report.rows[0].equivalence < 0.05
    assert "within 5 points of 0" in str(report)
    assert np.isnan(bias_report(many).rows[0].equivalence)
    with pytest.raises(UserError, match="the margin is a share between 0 and 1"):
        bias_report(few, margin=5)


def test_the_largest_of_many_judges_is_judged_by_its_adjusted_p():
    even = ["AB"] * 20 + ["AA", "BB"] * 5
    judges = [table_of(*even, judge=f"even {k}") for k in range(8)]
    lean = table_of(*["AB"] * 20, *["AA"] * 8, *["BB"] * 1, judge="lean")
    worst = bias_report(pd.concat([*judges, lean])).largest
    assert worst.group == "lean"
    assert worst.p < 0.05 < worst.p_adjusted


def test_a_judge_of_which_nothing_was_read_has_no_p_and_changes_no_others():
    real = table_of(*["AA"] * 9, "AB", "AB", "BA").assign(judge="real")
    alone = bias_report(real).rows[0]
    both = bias_report(pd.concat([real, real.assign(judge="never", verdict="invalid")]))
    never, again = sorted(both.rows, key=lambda row: row.group)
    assert never.group == "never"
    assert all(np.isnan(x) for x in (never.p, never.p_adjusted, never.order_effect.estimate))
    assert never.row()["order_effect"]["estimate"] is None
    assert (again.p, again.p_adjusted) == (alone.p, alone.p_adjusted)
