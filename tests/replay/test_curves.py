"""Curves from recorded verdicts: the numbers, their errors, and what is refused."""

import csv
import json
from itertools import combinations

import numpy as np
import pytest

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.cli import main
from pairjudge_lab.datasets.paper import paper_table
from pairjudge_lab.datasets.samples import load_groups
from pairjudge_lab.datasets.verdicts import load_verdicts, verdict_costs
from pairjudge_lab.plots.scaling import plot_curve, plot_over_table
from pairjudge_lab.records import Candidate, Pool, Problem, UserError
from pairjudge_lab.replay import Recording, curve, record, without_verdicts
from pairjudge_lab.replay.simulation import known_curve, known_study
from pairjudge_lab.replay.structure import predicted_knockout, problem_structure
from pairjudge_lab.replay.voting import best_mean_verdict, weighted_votes
from pairjudge_lab.verdicts.codes import FIRST, NEITHER, SECOND, TIE
from tests.conftest import make_pool


def judged(pool, chance, rng):
    """A recording in which each label is right with this chance."""
    right = np.array([bool(c.correct) for c in pool.candidates])
    n = len(right)
    first = np.where(rng.random((n, n)) < chance, right[:, None], ~right[:, None])
    second = np.where(rng.random((n, n)) < chance, right[None, :], ~right[None, :])
    codes = np.select([first & second, first, second], [TIE, FIRST, SECOND], NEITHER)
    return Recording(pool, codes[None].astype(np.int8))


@pytest.fixture(scope="module")
def recordings():
    rng = np.random.default_rng(0)
    pools = [
        make_pool([bool(r) for r in rng.random(8) < 0.4], name=f"p{i}", groups=None)
        for i in range(40)
    ]
    return [judged(pool, 0.85, rng) for pool in pools]


@pytest.fixture(scope="module")
def found(recordings):
    names = ["pass", "random", "majority", "mean-verdict", "knockout", "knockout:both", "swiss"]
    return curve(recordings, names, [1, 2, 4, 8], subsets=60, seed=1)


def test_one_candidate_is_the_mean_for_everybody(found, recordings):
    mean = np.mean([[c.correct for c in r.pool.candidates] for r in recordings])
    for name in ("pass", "random", "majority"):
        assert found.of(name)[0].accuracy.estimate == pytest.approx(mean)
        assert found.of(name)[0].monte_carlo == 0
    for name in ("mean-verdict", "knockout", "swiss"):
        point = found.of(name)[0]
        assert abs(point.accuracy.estimate - mean) < 4 * point.monte_carlo
        assert point.calls == 0


def test_selectors_share_their_subsets(found):
    alone = [found.of(name)[0].per_problem for name in ("knockout", "knockout:both", "swiss")]
    assert np.array_equal(alone[0], alone[1])
    assert np.array_equal(alone[0], alone[2])


def test_a_curve_lies_between_random_and_pass(found):
    for name in ("mean-verdict", "knockout", "knockout:both", "swiss"):
        for point, low, high in zip(
            found.of(name), found.of("random"), found.of("pass"), strict=True
        ):
            slack = 4 * point.monte_carlo
            assert low.accuracy.estimate - slack <= point.accuracy.estimate
            assert point.accuracy.estimate <= high.accuracy.estimate + slack
    both, one = found.of("knockout:both")[-1], found.of("knockout")[-1]
    assert one.calls < both.calls <= 14


def test_the_sampling_error_is_what_repeating_shows(recordings):
    points = [curve(recordings, ["knockout"], [4], subsets=20, seed=s).points[0] for s in range(30)]
    spread = np.std([p.accuracy.estimate for p in points], ddof=1)
    assert spread == pytest.approx(np.mean([p.monte_carlo for p in points]), rel=0.4)


def test_a_tolerance_is_reached(recordings):
    loose = curve(recordings, ["knockout"], [4], subsets=10).points[0]
    tight = curve(recordings, ["knockout"], [4], subsets=10, tolerance=0.002).points[0]
    assert loose.monte_carlo > 0.002 >= tight.monte_carlo
    assert tight.subsets > loose.subsets


def test_intervals_cover_the_truth():
    """Problems drawn from a population whose curve is known; the large one is in the benchmarks."""
    rng, studies, held = np.random.default_rng(4), 150, {2: 0, 8: 0}
    truth = known_curve(list(held))
    for _ in range(studies):
        for point in curve(known_study(rng, 60), ["knockout"], list(held), subsets=20).points:
            held[point.n] += point.accuracy.low <= truth[point.n] <= point.accuracy.high
    # 95 % of 150 is 142.5; three standard errors are 8.
    assert all(134 <= count <= 149 for count in held.values()), held


def test_mean_verdict_agrees_with_counting(recordings):
    recording = recordings[0]
    right = np.array([float(c.correct) for c in recording.pool.candidates])
    for k in (2, 3):
        subsets = np.array(list(combinations(range(8), k)), dtype=np.int32)
        ours = best_mean_verdict(recording, subsets, right)
        for subset, value in zip(subsets.tolist(), ours, strict=True):
            called = {i: [] for i in subset}
            for i in subset:
                for j in subset:
                    if i != j:
                        code = recording.codes[0, i, j]
                        called[i].append(code in (TIE, FIRST))
                        called[j].append(code in (TIE, SECOND))
            score = {i: np.mean(v) for i, v in called.items()}
            best = [i for i in subset if score[i] == max(score.values())]
            assert value == pytest.approx(np.mean([right[i] for i in best]))


def test_weighted_votes_by_hand():
    right = np.array([1.0, 0.0, 0.0, 1.0])
    subsets = np.array([[0, 1, 2, 3]], dtype=np.int32)
    assert weighted_votes([0, 1, 1, 2], [0.9, 0.3, 0.3, 0.1], right, subsets) == [1.0]
    assert weighted_votes([0, 1, 1, 2], [0.6, 0.3, 0.3, 0.1], right, subsets) == [0.5]
    assert weighted_votes([None] * 4, [1] * 4, right, subsets) == [0.5]


def test_comparisons_are_paired_and_adjusted(found):
    rows = found.compare("majority")
    assert {row.second for row in rows} == {"majority"}
    assert all(row.p <= row.p_adjusted for row in rows)
    row = next(r for r in rows if r.first == "knockout" and r.n == 8)
    assert row.difference.low <= row.difference.estimate <= row.difference.high
    same = next(
        r for r in found.compare() if {r.first, r.second} == {"pass", "random"} and r.n == 1
    )
    assert same.p > 0.9
    with pytest.raises(UserError, match="no selector 'luck' in the curve"):
        found.compare("luck")


def test_what_is_refused(recordings):
    bare = without_verdicts([r.pool for r in recordings])
    unknown = Pool(Problem("u", "?"), (Candidate("x"),) * 8)
    for call, message in (
        (lambda: curve(bare, ["knockout"], [2]), "'knockout' needs a judge's verdicts"),
        (lambda: curve(bare, ["luck"], [2]), "no selector named 'luck'; there are: pass, random"),
        (lambda: curve(bare, ["best-score"], [2]), "needs a 'score' for every candidate"),
        (lambda: curve(bare, ["pass"], [9]), "no problem has 9 candidates whose truth is known"),
        (lambda: curve(bare, ["pass"], [0]), "N is 1 or more, got 0"),
        (
            lambda: curve(without_verdicts([unknown]), ["pass"], [2]),
            "Left out: 1 \\(it is not known",
        ),
        (lambda: curve(bare, ["pass"], [2], subsets=0), "subsets is at least 1"),
    ):
        with pytest.raises(UserError, match=message):
            call()


def test_small_and_unknown_pools_are_left_out_and_counted(recordings):
    small = make_pool([True, False], name="small")
    unknown = Pool(Problem("u", "?"), (Candidate("x"),) * 8)
    pools = [*(r.pool for r in recordings), small, unknown]
    found = curve(without_verdicts(pools), ["pass"], [1, 4])
    assert len(found.problems) == 40
    assert found.left_out == {
        "it is not known which candidates are right": 1,
        "fewer than 4 candidates": 1,
    }


def test_structure_and_prediction():
    recordings = known_study(np.random.default_rng(7), 60, p_gen=0.4, size=16)
    structure = problem_structure(recordings)
    assert structure.p_comp.mean() == pytest.approx(0.8, abs=0.02)
    assert structure.p_gen.mean() == pytest.approx(0.4, abs=0.05)
    assert structure.difficulty.tolist() == pytest.approx((1 - structure.p_gen).tolist())
    (measured,) = curve(recordings, ["knockout"], [8], subsets=200).points
    ((_, predicted),) = predicted_knockout(structure, [8])
    # Drawn from 16 without replacement, 8 candidates hold a little more variety than the
    # recursion's independent ones.
    assert predicted == pytest.approx(measured.accuracy.estimate, abs=0.03)
    bounds = dict(predicted_knockout(structure, [2, 6, 8], bound=True))
    assert bounds[8] <= predicted
    assert 6 in bounds


def test_real_pools_without_verdicts(shared):
    """Published: Qwen2.5-Math best score 94 and any 96 per cent of 8; Game of 24 and mock AIME."""

    def last(source, names, n, group=None):
        groups = load_groups(shared / source)
        pools = [prepare(p) for p in (groups[group] if group else next(iter(groups.values())))]
        found = curve(without_verdicts(pools), names, [1, n])
        return {(p.selector, p.n): round(100 * p.accuracy.estimate, 2) for p in found.points}

    qwen = last("math_pools_qwen.jsonl", ["pass", "majority", "best-score"], 8)
    assert qwen["pass", 1] == 91.0
    assert (qwen["pass", 8], qwen["best-score", 8], qwen["majority", 8]) == (96.0, 94.0, 92.5)
    for prompt, mean, most in (("io", 7.34, 33), ("cot", 4.03, 49)):
        labels = last("game24_labels.csv", ["pass"], 100, prompt)
        assert (labels["pass", 1], labels["pass", 100]) == (mean, most)
    claude = last(
        "aime_samples.csv", ["pass", "majority"], 16, "anthropic/claude-3-5-sonnet-20240620"
    )
    assert (claude["pass", 1], claude["pass", 16]) == (6.53, 31.11)
    gsm8k = last("gsm8k_pools.jsonl", ["pass"], 4)
    assert gsm8k["pass", 1] == pytest.approx((21.68 + 39.04 + 34.72 + 56.25) / 4, abs=0.01)


def test_curve_on_the_command_line(tmp_path, capsys):
    out = tmp_path / "out"
    args = ["curve", "embedded", "embedded", "--limit", "12", "--n", "1,4", "--subsets", "20"]
    args += ["--selectors", "pass,majority,knockout,knockout:both", "--out", str(out)]
    assert main([*args, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {(p["selector"], p["n"]) for p in facts["points"]} == {
        (s, n) for s in ("pass", "majority", "knockout", "knockout:both") for n in (1, 4)
    }
    for point in facts["points"]:
        assert point["low"] <= point["accuracy"] <= point["high"]
        assert (point["calls"] > 0) == (point["selector"].startswith("knock") and point["n"] > 1)
        assert point["judge_tokens"] is not None
    with (out / "curve.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["selector"] for row in rows] == [p["selector"] for p in facts["points"]]
    for picture in ("curve.svg", "curve-calls.svg", "curve-tokens.svg"):
        assert "<svg" in (out / picture).read_text()
    assert main(args) == 0
    assert "knockout:both" in capsys.readouterr().out
    for bad, message in (
        (["curve", "embedded", "--selectors", "knockout", "--out", str(out)], "judge's verdicts"),
        (["curve", "embedded", "--by", "model", "--out", str(out)], "--by is for .csv files"),
        (["curve", "nowhere.csv", "--out", str(out)], "no such file: nowhere.csv"),
    ):
        assert main(bad) == 2
        assert message in capsys.readouterr().err


def test_csv_samples(tmp_path, capsys):
    path = tmp_path / "s.csv"
    path.write_text(
        "model,problem_id,answer,correct,gold\n<m>,p,1,1,1\n<m>,p,2,0,1\n/n,p,1,1,1\n/n,p,,0,1\n"
    )
    groups = load_groups(path)
    assert list(groups) == ["<m>", "/n"]
    (pool,) = groups["/n"]
    assert [c.answer for c in pool.candidates] == ["1", None]
    out = tmp_path / "out"
    assert main(["curve", str(path), "--selectors", "pass", "--n", "1,2", "--out", str(out)]) == 0
    assert {p.name for p in out.iterdir()} == {
        "curve-1.svg", "curve-2.svg", "curve.csv", "curve.json",
    }  # fmt: skip
    for text, message in (
        ("problem_id,x\np,1\n", "a CSV of samples has problem_id and labels"),
        ("problem_id,labels\np,012\n", "row 2: labels are a string of 0 and 1; got '012'"),
        ("problem_id,correct\np,yes\n", "row 2: correct is 0, 1 or empty; got 'yes'"),
        (
            "problem_id,correct,score\np,1,much\n",
            "row 2: score, where not empty, is a finite number",
        ),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            load_groups(path)
    with pytest.raises(UserError, match="no column 'colour'"):
        load_groups(path, by="colour")


def test_the_papers_table():
    table = paper_table("MATH-500", "Llama-3.1-8B-Instruct")
    assert table["PairJudge RM"] == {16: 61.0, 32: 64.6, 64: 65.6}
    assert table["Majority voting"] == {16: 57.0, 32: 58.8, 64: 58.8}
    assert table["Pass@1"] == {1: 42.0}
    generators = ("Llama-3.1-8B-Instruct", "Qwen2.5-7B-Instruct", "Llama-3.1-70B-Instruct")
    for benchmark, printed in (("MATH-500", 73.0), ("Olympiad Bench", 33.9)):
        tables = [paper_table(benchmark, generator)["PairJudge RM"] for generator in generators]
        mean = np.mean([value for table in tables for value in table.values()])
        assert round(mean, 1) == printed, "the mean that the paper prints"
    with pytest.raises(UserError, match="no benchmark 'GSM8K' in the paper's table"):
        paper_table("GSM8K", "x")


def test_pictures(found, recordings):
    axes = plot_curve(found, expected=[(1, 0.4), (8, 0.7)])
    labels = [t.get_text() for t in axes.get_legend().get_texts()]
    assert labels == [*found.selectors, "knockout, independent matches"]
    calls = plot_curve(found, against="calls")
    assert "pass, no calls" in [t.get_text() for t in calls.get_legend().get_texts()]
    assert plot_curve(found, against="tokens").get_xlabel().startswith("tokens")
    with pytest.raises(ValueError, match="against is one of n, calls, tokens"):
        plot_curve(found, against="price")
    over = plot_over_table(
        paper_table("MATH-500", "Qwen2.5-7B-Instruct"), {"mine": found.of("knockout")}
    )
    assert "mine (own run)" in [t.get_text() for t in over.get_legend().get_texts()]


def test_costs_come_from_the_recorded_verdicts():
    table = load_verdicts("embedded")
    pools = [prepare(pool) for pool in load_pools("embedded", limit=3)]
    costs = verdict_costs(table)
    (point,) = curve(record(pools, table), ["knockout"], [16], subsets=5, costs=costs).points
    assert point.judge_tokens == pytest.approx(
        point.calls * np.mean([costs[p.problem.id][0] for p in pools]), rel=0.3
    )
    (free,) = curve(record(pools, table), ["pass"], [16], costs=costs).points
    assert (free.calls, free.judge_tokens, free.judge_seconds) == (0, 0, 0)
    assert verdict_costs(table.drop(columns="seconds")) is None
