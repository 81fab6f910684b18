"""Plans: worked by hand on planted pilots, and checked against the whole recording."""

import json

import numpy as np
import pytest

from pairjudge_lab import UserError, load_pools, load_verdicts, prepare
from pairjudge_lab.cli import main
from pairjudge_lab.planner import Configuration, Measured, make_plan, measure
from pairjudge_lab.planner.planning import frontier_of
from pairjudge_lab.plots.plan import plot_plan
from pairjudge_lab.replay import curve, record
from pairjudge_lab.replay.simulation import known_study


def planted(rows, ceiling=0.9, problems=40, seed=0):
    """A pilot whose configurations have these chances of being right and costs, problem by problem:
    a problem is solved by every configuration whose chance is above its difficulty."""
    rng = np.random.default_rng(seed)
    hard = (np.arange(problems) + 0.5) / problems
    rng.shuffle(hard)
    configurations = tuple(row[0] for row in rows)
    right = np.array([hard < row[1] for row in rows], dtype=float)
    calls = np.array([np.full(problems, float(row[2])) for row in rows])
    sizes = {c.n for c in configurations}
    names = tuple(f"p{i}" for i in range(problems))
    top = {n: (hard < ceiling).astype(float) for n in sizes}
    return Measured(configurations, names, right, {"calls": calls}, top, {})


KNOCKOUT = Configuration("knockout", 8, "j")
ROWS = [
    (Configuration("majority", 8), 0.4, 0),
    (KNOCKOUT, 0.6, 4),
    (Configuration("knockout", 16, "j"), 0.7, 8),
    (Configuration("knockout", 8, "j", "both"), 0.575, 8),
    (Configuration("knockout", 8, "strong"), 0.85, 4.5),
    (Configuration("round-robin", 8, "j"), 0.6, 28),
]


def test_the_best_within_the_budget_and_what_to_buy():
    plan = make_plan(planted(ROWS), 4, np.random.default_rng(0))
    assert plan.chosen.configuration == KNOCKOUT
    assert plan.chosen.accuracy.estimate == pytest.approx(0.6)
    on = [str(o.configuration) for o in plan.options if o.frontier]
    assert on == ["majority of 8", "knockout of 8, judge j", "knockout of 8, judge strong"]
    by = {p.what: p for p in plan.to_buy}
    assert list(by) == ["judge", "candidates", "second order", "perfect judge", "problems"]
    assert by["judge"].gain.estimate == pytest.approx(0.25)
    assert by["judge"].extra == pytest.approx(0.5)
    assert by["judge"].clear
    assert "0.5 over the budget" in by["judge"].words
    assert by["candidates"].to == ROWS[2][0]
    assert by["candidates"].gain.estimate == pytest.approx(0.1)
    assert by["second order"].gain.estimate == pytest.approx(-0.025)
    assert by["second order"].problems is None, "what loses is not shown by more problems"
    assert by["perfect judge"].gain.estimate == pytest.approx(0.3)
    assert not by["perfect judge"].measured
    assert "accuracy stays" in by["problems"].words
    text = str(plan)
    assert "Play knockout of 8, judge j: 4 calls a problem" in text
    assert "What to buy next" in text
    frame = plan.to_frame()
    assert len(frame) == 6
    assert frame["affordable"].tolist() == [True, True, False, False, False, False]
    assert frame["best"].sum() == pytest.approx(1.0)
    assert list(plan.purchases()["what"]) == list(by)


def test_problems_needed_are_those_of_the_paired_t_test():
    """A gain of .1 with standard deviation s: (z + .8416)^2 s^2 / .01 problems, z for two gains."""
    from scipy import stats

    plan = make_plan(planted(ROWS), 4, np.random.default_rng(0))
    (one,) = [p for p in plan.to_buy if p.what == "candidates"]
    difference = np.r_[np.ones(4), np.zeros(36)]
    reach = stats.norm.ppf(1 - 0.025 / 3) + stats.norm.ppf(0.8)
    expected = int(np.ceil((reach * difference.std(ddof=1) / 0.1) ** 2))
    assert one.problems == max(40, expected)


def test_with_all_the_money_and_with_none():
    plan = make_plan(planted(ROWS), 100, np.random.default_rng(0))
    assert plan.chosen.configuration.judge == "strong"
    assert plan.cheapest == plan.chosen
    # Shown to lose nothing: five others of the same verdicts, of which some cost less.
    alike = [(KNOCKOUT, 0.6, 4), (ROWS[5][0], 0.6, 28), (ROWS[2][0], 0.625, 30)]
    wide = make_plan(planted(alike, problems=400), 40, np.random.default_rng(0), margin=0.06)
    assert wide.chosen.configuration == ROWS[2][0]
    assert wide.cheapest.configuration == KNOCKOUT
    assert wide.cheapest.difference.low >= -0.06
    assert "Shown to lose at most 6 points to it" in str(wide)
    free = make_plan(planted(ROWS), 0, np.random.default_rng(0))
    assert free.chosen.configuration.tournament == "majority"
    assert free.to_buy[0].what == "first judge"
    assert free.to_buy[0].gain.estimate == pytest.approx(0.2)
    with pytest.raises(UserError, match="allows nothing: the cheapest is knockout of 8"):
        make_plan(planted(ROWS[1:]), 1, np.random.default_rng(0))
    with pytest.raises(UserError, match="6 problems or more"):
        make_plan(planted(ROWS, problems=5), 4, np.random.default_rng(0))
    with pytest.raises(UserError, match="'money' is not known"):
        make_plan(planted(ROWS), 4, np.random.default_rng(0), cost="money")


def test_the_frontier_by_a_second_way():
    rng = np.random.default_rng(1)
    for _ in range(200):
        size = int(rng.integers(1, 12))
        accuracy, price = rng.integers(0, 5, size) / 5, rng.integers(0, 5, size).astype(float)
        by_hand = [
            not any(
                (price[j] <= price[i] and accuracy[j] > accuracy[i])
                or (price[j] < price[i] and accuracy[j] >= accuracy[i])
                or (j < i and price[j] == price[i] and accuracy[j] == accuracy[i])
                for j in range(size)
            )
            for i in range(size)
        ]
        assert frontier_of(accuracy, price).tolist() == by_hand


def test_choosing_the_best_of_many_flatters_and_the_plan_takes_that_off():
    """Twenty configurations that are all alike: the best of a pilot is above them by luck."""
    rng = np.random.default_rng(2)
    naive, corrected = [], []
    for _ in range(60):
        right = (rng.random((20, 40)) < 0.5).astype(float)
        some = tuple(Configuration("knockout", n, "j") for n in range(2, 22))
        measured = Measured(
            some, tuple(map(str, range(40))), right, {"calls": np.ones((20, 40))},
            {c.n: np.ones(40) for c in some}, {},
        )  # fmt: skip
        plan = make_plan(measured, 1, rng, draws=100)
        naive.append(plan.chosen.accuracy.estimate)
        corrected.append(plan.expected)
    assert np.mean(naive) > 0.62
    assert abs(np.mean(corrected) - 0.5) < 0.5 * (np.mean(naive) - 0.5)


def test_a_configuration_is_worth_what_the_curve_says():
    """The same problems, subsets and draws as ``curve``; of a judge whose accuracy is known."""
    studied = known_study(np.random.default_rng(3), 12)
    measured = measure({"j": studied}, [4, 8], tournaments=["knockout"], votes=[1, 3], subsets=50)
    known = curve(studied, ["knockout", "knockout:both"], [4, 8], subsets=50)
    assert [str(c) for c in measured.configurations] == [
        "knockout of 4, judge j", "knockout of 4, both orders, judge j",
        "knockout of 8, judge j", "knockout of 8, both orders, judge j",
    ]  # fmt: skip
    for place, (selector, n) in enumerate(
        [("knockout", 4), ("knockout:both", 4), ("knockout", 8), ("knockout:both", 8)]
    ):
        (point,) = [p for p in known.of(selector) if p.n == n]
        np.testing.assert_array_equal(measured.accuracy[place], point.per_problem)
        assert measured.costs["calls"][place].mean() == pytest.approx(point.calls)
    part = measured.take([1, 5])
    alone = measure(
        {"j": [studied[1], studied[5]]}, [4, 8], tournaments=["knockout"], votes=[1], subsets=50
    )
    np.testing.assert_array_equal(part.accuracy, alone.accuracy)
    assert part.problems == alone.problems


def test_tokens_and_money():
    studied = known_study(np.random.default_rng(4), 8)
    tokens = {"j": {r.pool.problem.id: (100.0, 10.0) for r in studied}}
    prices = {"j": (1.0, 2.0), "generator": (4.0, 8.0)}
    found = measure(
        {"j": studied}, [4], tournaments=["knockout"], tokens=tokens, prices=prices, subsets=20
    )
    calls = found.costs["calls"][0]
    # A candidate is one character here, a question too: a quarter of a token each.
    np.testing.assert_allclose(found.costs["tokens"][0], 110 * calls + 4 * 0.25)
    expected = (120 * calls + 4 * (4 * 0.25 + 8 * 0.25)) / 1e6
    np.testing.assert_allclose(found.costs["money"][0], expected)
    with pytest.raises(UserError, match="no price for the judge 'j'"):
        measure({"j": studied}, [4], tokens=tokens, prices={"generator": (1.0, 1.0)})
    for wrong, message in (
        ({"sizes": [9]}, "N is 2 to 8"),
        ({"tournaments": ["lottery"]}, "no tournament named 'lottery'"),
        ({"tournaments": ["certified-knockout"]}, "cannot be played on recorded verdicts"),
    ):
        with pytest.raises(UserError, match=message):
            measure({"j": studied}, **wrong)
    with pytest.raises(UserError, match="recorded verdicts of one judge"):
        measure({})


@pytest.fixture(scope="module")
def whole():
    """The embedded recording, measured once: a part of it has the same values."""
    pools = [prepare(pool) for pool in load_pools("embedded")]
    recordings = record(pools, load_verdicts("embedded"))
    return measure({"tiny": recordings}, tournaments=["knockout", "swiss"], subsets=30)


def test_a_part_of_the_recording_foretells_the_whole(whole):
    """Pilots of 40 of the 200 problems: their intervals hold the whole's accuracy, what they choose
    is close to the best there is, and they see the gain of more candidates."""
    rng = np.random.default_rng(0)
    true = whole.accuracy.mean(axis=1)
    held, lost, gains = [], [], []
    for _ in range(30):
        pilot = whole.take(rng.choice(200, 40, replace=False))
        plan = make_plan(pilot, 7, rng, draws=200)
        by = {c: true[i] for i, c in enumerate(whole.configurations)}
        held += [o.accuracy.low <= by[o.configuration] <= o.accuracy.high for o in plan.options]
        affordable = [by[o.configuration] for o in plan.options if o.affordable]
        lost.append(max(affordable) - by[plan.chosen.configuration])
        small = make_plan(pilot, 2, rng, draws=50)
        gains += [p.gain.estimate for p in small.to_buy if p.what == "candidates"]
    assert np.mean(held) > 0.95
    assert np.mean(lost) < 0.02
    assert np.mean(np.array(gains) > 0) > 0.9


def test_the_command_plans(tmp_path, capsys):
    command = [
        "plan", "embedded", "--verdicts", "embedded", "--limit", "12", "--n", "2,4",
        "--tournaments", "knockout", "--subsets", "10",
    ]  # fmt: skip
    out = tmp_path / "plan"
    assert main([*command, "--budget", "2", "--out", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["problems"] == 12
    assert facts["spent"] <= 2
    assert {row["what"] for row in facts["to_buy"]} >= {"perfect judge", "problems"}
    for name in ("plan.json", "plan.csv", "plan.svg"):
        assert (out / name).stat().st_size > 0
    assert main([*command, "--budget", "400", "--cost", "tokens"]) == 0
    assert "tokens a problem" in capsys.readouterr().out
    priced = ["--budget", "1", "--cost", "money"]
    assert main([*command, *priced, "--price", "1,2", "--price", "generator=1,2"]) == 0
    assert "dollars a problem" in capsys.readouterr().out
    for wrong, message in (
        (["--budget", "1", "--cost", "money"], "needs --price"),
        (["--budget", "1", "--price", "huge=1,2"], "no judge 'huge'"),
        (["--budget", "-1"], "is 0 or more"),
        (["--budget", "1", "--verdicts", "embedded"], "two judges are called"),
    ):
        assert main([*command, *wrong]) == 2
        assert message in capsys.readouterr().err
    assert main(["plan", "embedded", "--budget", "1"]) == 2
    assert "needs --verdicts" in capsys.readouterr().err


def test_a_configuration_is_one_line_whatever_its_judge_is_called():
    assert str(Configuration("knockout", 8, "a\nb")) == "knockout of 8, judge a\\nb"


def test_a_table_of_several_judges_is_as_many_recordings(tmp_path, capsys):
    table = load_verdicts("study")
    labels = table[table["judge"].str.endswith(", labels")]
    labels.to_parquet(tmp_path / "two.parquet")
    words = ["plan", "study", "--limit", "8", "--budget", "9", "--subsets", "5", "--json"]
    assert main([*words, "--verdicts", str(tmp_path / "two.parquet")]) == 0
    facts = json.loads(capsys.readouterr().out)
    both = facts["options"]
    # Of one of these problems all candidates agree, so nobody judged it.
    assert facts["left_out"] == {"no verdicts": 1}
    judges = {row["judge"] for row in both if row["judge"]}
    assert judges == set(labels["judge"])
    (one, _) = sorted(judges)
    assert main([*words, "--verdicts", f"{one}=study"]) == 0
    told = json.loads(capsys.readouterr().out)["options"]
    assert {row["judge"] for row in told if row["judge"]} == {one}
    assert main([*words, "--verdicts", "nobody=study"]) == 2
    assert "no verdicts of the judge 'nobody'" in capsys.readouterr().err


def test_the_picture():
    plan = make_plan(planted(ROWS), 4, np.random.default_rng(0), draws=50)
    axes = plot_plan(plan)
    assert axes.get_title(loc="left") == "What a budget buys"
    labels = {text.get_text() for text in axes.get_legend().get_texts()}
    assert {"budget", "on the frontier", "knockout of 8, judge j"} <= labels
