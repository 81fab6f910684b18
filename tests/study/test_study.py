"""From problems to a page: planned first, stopped by a budget, gone on with after a kill."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pairjudge_lab import FunctionJudge, Problem, UserError, load_pools, load_verdicts
from pairjudge_lab.cli import main
from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.study import Budget, Price, Study
from pairjudge_lab.study.planning import plan_study
from pairjudge_lab.study.run import run_study
from tests.sampling.test_sampling import Scripted

PROBLEMS = [Problem(f"p{i}", f"What is {i} + {i}?", str(2 * i)) for i in range(20)]


def answer(request):
    """Right for even samples, wrong in its own way for each odd one."""
    twice = 2 * int(re.search(r"What is (\d+)", request.messages[-1][1])[1])
    said = twice if request.repetition % 2 == 0 else twice + request.repetition
    text = f"({request.repetition}) The answer is \\boxed{{{said}}}."
    return Completion(text, prompt_tokens=10, completion_tokens=5, seconds=0.01)


def judge(question, a, b):
    twice = 2 * int(re.search(r"What is (\d+)", question)[1])
    return tuple(f"{{{twice}}}" in text for text in (a, b))


def study(**more):
    facts = {"n": 4, "judge": FunctionJudge(judge, "perfect"), "budget": Budget(), **more}
    return Study(facts.pop("problems", PROBLEMS), {"g": Scripted(answer)}, **facts)


def test_a_study_from_problems_to_verdicts(tmp_path):
    run = run_study(study(), tmp_path)
    assert len(run.pools) == 20
    assert len(run.verdicts) == 20 * 4 * 3
    assert run.stopped == ""
    assert run.counts["sampled"] == 80
    assert run.counts["verdicts"]["judged"] == 240
    assert (run.spent.calls, run.spent.tokens) == (240, 80 * 15)
    pools = load_pools(tmp_path / "pools.parquet")
    assert [c.correct for c in pools[3].candidates] == [True, False, True, False]
    assert len(load_verdicts(tmp_path / "verdicts.parquet")) == 240


def test_done_work_is_not_done_again(tmp_path):
    first = run_study(study(), tmp_path)
    engine = Scripted(answer)
    again = Study(PROBLEMS, {"g": engine}, FunctionJudge(judge, "perfect"), 4)
    second = run_study(again, tmp_path)
    assert engine.asked == []
    assert second.counts["verdicts"]["judged"] == 0
    assert second.verdicts.equals(first.verdicts)
    assert second.spent == first.spent


def test_the_plan_counts_and_its_trial_is_kept(tmp_path):
    planned = study(prices={"g": Price(1.0, 2.0)})
    plan = plan_study(planned, tmp_path)
    assert (plan.solutions, plan.matches) == (80, 240)
    assert plan.sampling_tokens == 80 * (10 + 5), "prompts are read for every sample"
    assert plan.dollars == pytest.approx(80 * (10 * 1 + 5 * 2) / 1e6)
    assert plan.trial == {"solutions": 4, "verdicts": 8}
    engine = Scripted(answer)
    again = Study(
        PROBLEMS, {"g": engine}, FunctionJudge(judge, "perfect"), 4, prices=planned.prices
    )
    assert plan_study(again, tmp_path) == plan
    assert engine.asked == []
    run = run_study(again, tmp_path)
    assert len(engine.asked) == 76, "the trial's four are there"
    assert run.spent.calls == 240
    assert run.spent.tokens == plan.sampling_tokens + plan.judging_tokens


def test_the_plan_counts_each_generators_own_prompts(tmp_path):
    """Two generators of two prices, one of whom reads and writes three times as much: what the
    plan says is what the study then costs."""

    def long(request):
        return replace(answer(request), prompt_tokens=30, completion_tokens=15)

    prices = {"short": Price(1.0, 2.0), "long": Price(3.0, 5.0)}
    both = {"short": Scripted(answer), "long": Scripted(long)}
    both["long"].identity = {"engine": "long"}
    planned = Study(PROBLEMS, both, FunctionJudge(judge, "perfect"), 4, prices=prices)
    plan = plan_study(planned, tmp_path)
    assert plan.sampling_tokens == 80 * (15 + 45)
    assert plan.dollars == pytest.approx(80 * (10 + 5 * 2 + 30 * 3 + 15 * 5) / 1e6)
    spent = run_study(planned, tmp_path).spent
    assert spent.tokens == plan.sampling_tokens
    assert spent.dollars == pytest.approx(plan.dollars)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(calls=50), "the budget of 50 calls is spent"),
        (Budget(tokens=200), "the budget of 200 tokens is spent"),
        (Budget(dollars=0.0002), "the budget of 0.0002 dollars is spent"),
    ],
)
def test_it_stops_at_a_budget_with_what_it_has(tmp_path, budget, words):
    # A budget that sampling spends leaves nothing to judge, so these leave room for some.
    small = study(budget=budget, prices={"g": Price(0.0, 1.0)})
    if budget.calls is None:
        with pytest.raises(UserError, match=f"nothing was judged: {words}"):
            run_study(small, tmp_path)
    else:
        run = run_study(small, tmp_path)
        assert run.stopped == words
        assert 0 < len(run.pools) < 20
        assert len(run.verdicts) == 12 * len(run.pools)
    whole = run_study(study(), tmp_path)
    assert len(whole.pools) == 20, "with more to spend it goes on"
    assert whole.stopped == ""


def test_prices():
    assert Price.parse("0.5,2").of(1_000_000, 500_000) == 1.5
    for wrong in ("x", "1", "1,2,3", "-1,2", "1e99,1"):
        with pytest.raises(UserError, match="a price is IN,OUT"):
            Price.parse(wrong)


ARGS = [
    "study", "embedded", "--generator", "tiny-solver", "--judge", "tiny", "--limit", "4", "-n", "3",
    "--max-new-tokens", "60", "--tournaments", "knockout", "--subsets", "20",
]  # fmt: skip


def test_one_line_makes_a_page(tmp_path, capsys):
    assert main([*ARGS, "--out", str(tmp_path), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "4 problems, 12 solutions to sample" in told
    assert not (tmp_path / "report.html").exists()
    assert main([*ARGS, "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "24 asked" in told
    page = (tmp_path / "report.html").read_text("utf-8")
    curve = pd.read_csv(tmp_path / "curve.csv")
    beside = ["pass", "random", "majority", "likelihood", "self-certainty", "knockout"]
    assert list(curve["selector"].unique()) == beside
    assert all(name in page for name in beside)
    assert "data:image" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "not defined to" not in page, "of four problems there is no interval"
    for name in ("curve.csv", "bias.csv", "curve.svg", "bias.svg", "findings.json", "plan.json"):
        assert (tmp_path / name).stat().st_size > 50, name


def test_generators_are_sampled_while_the_judge_says_labels_at_once(tmp_path, capsys):
    words = [*ARGS, "--fast", "--temperature", "1.1", "--limit", "2", "--out", str(tmp_path)]
    assert main([*words, "--dry-run"]) == 0
    assert "label-only" not in capsys.readouterr().err
    assert main(words) == 0
    verdicts = pd.read_parquet(tmp_path / "verdicts.parquet")
    assert set(verdicts["completion_tokens"]) <= {0, 1, 2}, "nothing was written but the labels"
    assert verdicts["a_probability"].notna().all()
    findings = (tmp_path / "findings.json").read_text("utf-8")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert '"-inf"' in findings
    assert ">-\u221e<" in page, "what is infinite is shown so"


def test_figures_of_several_generators_are_not_compared(tmp_path):
    """What one generator thinks of its solutions is on another scale than what another does."""
    from pairjudge_lab.study.page import write_findings

    def told(request):
        return replace(answer(request), mean_logprob=-0.5, self_certainty=9.0)

    other = Scripted(told)
    other.identity = {"engine": "other"}
    for generators, shown in (
        ({"g": Scripted(told)}, True),
        ({"g": Scripted(told), "h": other}, False),
    ):
        folder = tmp_path / str(len(generators))
        folder.mkdir()
        planned = Study(PROBLEMS[:6], generators, FunctionJudge(judge, "perfect"), 2)
        write_findings(run_study(planned, folder), folder, ["knockout"], title="t", subsets=5)
        selectors = set(pd.read_csv(folder / "curve.csv")["selector"])
        assert ({"likelihood", "self-certainty"} <= selectors) is shown
        assert {"majority", "knockout"} <= selectors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tournaments", "nonsense"], "no tournament named 'nonsense'"),
        (["--budget-dollars", "3"], "needs --judge-price or --generator-price"),
        (["--judge-price", "free"], "a price is IN,OUT"),
        (["--generator", "tiny-solver"], "each --generator is named once"),
    ],
)
def test_bad_input(words, message, tmp_path, capsys):
    assert main([*ARGS, "--out", str(tmp_path / "o"), *words]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_any_moment_it_goes_on_to_the_same_page(tmp_path):
    """Ten runs are killed, each a little later; nothing is sampled or judged twice."""
    command = [sys.executable, "-m", "pairjudge_lab", *ARGS]
    subprocess.run([*command, "--out", str(tmp_path / "whole")], check=True, capture_output=True)
    folder = tmp_path / "killed"
    for number in range(10):
        with subprocess.Popen(
            [*command, "--out", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            # Later each time, so that other stages are met; how far it comes does not matter.
            time.sleep(1.0 + 0.8 * number)
            os.kill(process.pid, signal.SIGKILL)
    subprocess.run([*command, "--out", str(folder)], check=True, capture_output=True)
    for name in ("curve.csv", "bias.csv"):
        killed, whole = (pd.read_csv(f / name) for f in (folder, tmp_path / "whole"))
        # How long the judge took is measured, and differs from run to run.
        timed = [c for c in whole.columns if c.endswith("seconds")]
        pd.testing.assert_frame_equal(killed.drop(columns=timed), whole.drop(columns=timed))
    findings = [json.loads((f / "findings.json").read_text()) for f in (folder, tmp_path / "whole")]
    assert findings[0]["spent"] == findings[1]["spent"]
    assert Path(folder / "report.html").exists()


def tokens(judge, count):
    """A judge whose every verdict takes so many tokens of each kind."""

    class Costly:
        capacity = 64
        identity = {"name": "costly", "tokens": count}

        def judge(self, matches):
            return [
                replace(verdict, prompt_tokens=count, completion_tokens=count)
                for verdict in judge.judge(matches)
            ]

    return Costly()


def test_a_plan_is_of_its_judge_repetitions_and_prices(tmp_path):
    perfect = FunctionJudge(judge, "perfect")
    cheap = study(judge=tokens(perfect, 10), prices={"judge": Price(1.0, 1.0)})
    first = plan_study(cheap, tmp_path)
    assert first.judging_tokens == 240 * 20
    assert first.dollars == pytest.approx(240 * 20 / 1e6)
    dear = replace(cheap, judge=tokens(perfect, 1000), repetitions=5)
    second = plan_study(dear, tmp_path)
    assert (second.matches, second.judging_tokens) == (5 * 240, 5 * 240 * 2000)
    dearer = plan_study(replace(dear, prices={"judge": Price(100.0, 0.0)}), tmp_path)
    assert dearer.dollars == pytest.approx(5 * 240 * 1000 * 100 / 1e6)
    assert plan_study(cheap, tmp_path) == first, "what its trial took is remembered, its time too"


def test_a_study_counts_its_own_judge_alone(tmp_path):
    perfect = FunctionJudge(judge, "perfect")
    small = study(problems=PROBLEMS[:3])
    first = run_study(small, tmp_path).spent
    other = replace(small, judge=tokens(perfect, 7), budget=Budget(calls=37))
    second = run_study(other, tmp_path)
    assert (second.spent.calls, second.stopped) == (36, "")
    assert second.spent.tokens == first.tokens + 36 * 14
    assert run_study(small, tmp_path).spent == first


def test_candidates_of_another_study_are_not_used_after_a_break(tmp_path):
    """A run that breaks off between the candidates and the note on them, as on a full disk."""
    two, three = (study(problems=PROBLEMS[:2], n=n) for n in (2, 3))
    run_study(two, tmp_path)
    note = (tmp_path / "pools.json").read_text()
    run_study(three, tmp_path)
    (tmp_path / "pools.json").write_text(note)
    again = run_study(two, tmp_path)
    assert [len(pool) for pool in again.pools] == [2, 2]
    assert [len(pool) for pool in load_pools(tmp_path / "pools.parquet")] == [2, 2]


def test_a_judge_that_needs_to_know_who_is_right_can_be_planned(tmp_path):
    from pairjudge_lab import load_judge

    plan = plan_study(study(judge=load_judge("simulated:accuracy=0.8")), tmp_path)
    assert plan.trial["verdicts"] == 8
