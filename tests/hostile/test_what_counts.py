"""What is counted is of one judge, of one kind, read, and the same in any order."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import Status, UserError, Verdict
from pairjudge_lab.answers import prepare
from pairjudge_lab.cli import main
from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.judges.cascade import CascadeRule
from pairjudge_lab.judges.cascade_tables import cascade_table
from pairjudge_lab.judges.pooling import pool_verdicts
from pairjudge_lab.planner import measure
from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay import record
from pairjudge_lab.statistics.agreement import raters_by_item
from pairjudge_lab.statistics.bradley_terry import bradley_terry
from pairjudge_lab.statistics.discrimination import right_favoured
from pairjudge_lab.statistics.labels import label_report
from pairjudge_lab.statistics.stability import stability
from pairjudge_lab.statistics.transitivity import transitivity

READ = Status.PARSED


def rows(*said, judge="j", problems=8):
    """One ordered pair of each problem, and what was said of it in each repetition."""
    return [
        {"judge": judge, "repetition": k, "problem_id": f"p{i}", "response_a": a,
         "response_b": b, "verdict": verdict}
        for i in range(problems) for k, verdict in enumerate(said)
        for a, b in (("0", "1"), ("1", "0"))
    ]  # fmt: skip


TRUTH = {(f"p{i}", str(k)): k == 0 for i in range(8) for k in range(2)}
OF_ONE_JUDGE = {
    "stability": stability,
    "transitivity": transitivity,
    "right favoured": lambda table: right_favoured(table, TRUTH),
}


@pytest.mark.parametrize("name", OF_ONE_JUDGE)
def test_two_judges_are_no_repetitions_of_one(name):
    table = pd.DataFrame([*rows("A"), *rows("B", judge="k")])
    with pytest.raises(UserError, match=r"several|one judge|2 judges"):
        OF_ONE_JUDGE[name](table)


@pytest.mark.parametrize("name", [*OF_ONE_JUDGE, "raters"])
def test_a_word_that_is_no_verdict_is_not_counted_as_a_tie(name):
    table = pd.DataFrame(rows("A", "yes"))
    with pytest.raises(UserError, match="unknown verdict 'yes'"):
        {**OF_ONE_JUDGE, "raters": raters_by_item}[name](table)


def labels(*opponents, problems=8):
    """Response 0 shown first against each opponent, once for each of the labels given with it."""
    return pd.DataFrame(
        {"judge": "j", "repetition": k, "problem_id": f"p{i}", "response_a": "0", "response_b": b,
         "a_correct": said, "b_correct": False, "kind": "labels",
         "verdict": "A" if said else "neither"}
        for i in range(problems) for b, labels in opponents for k, said in enumerate(labels)
    )  # fmt: skip


def test_repetitions_of_one_opponent_are_no_different_opponents():
    truth = {(f"p{i}", str(k)): k == 0 for i in range(8) for k in range(3)}

    def context(*opponents):
        return label_report(labels(*opponents), truth).context.estimate

    assert np.isnan(context(("1", [True, False])))
    assert context(("1", [True]), ("2", [False])) == 1.0
    # Of four pairs of verdicts against different opponents two are unlike.
    assert context(("1", [True, False]), ("2", [False, True])) == 0.5
    assert context(("1", [True, True]), ("2", [True, False])) == 0.5


def test_a_fault_is_no_vote_and_no_verdict():
    said = Verdict(READ, preference="A", reasoning_tokens=100, cached_tokens=7)
    lost = Verdict(Status.FAILED, reason="the server is away")
    for pooling in ("majority", "mean"):
        pooled = pool_verdicts([said, lost, said], pooling)
        assert (pooled.status, pooled.preference) == (Status.FAILED, None)
        assert pooled.reason == "the server is away"
        assert (pooled.reasoning_tokens, pooled.cached_tokens) == (200, 14)
    assert pool_verdicts([said, replace(said, status=Status.UNPARSED, preference=None)],
                         "majority").preference == "A"  # fmt: skip


def test_matches_that_only_the_cheap_judge_has(tmp_path):
    sure = {"kind": "preference", "a_probability": 0.9, "b_probability": 0.1}
    cheap = pd.DataFrame(rows("A", judge="c", problems=2)).assign(**sure)
    strong = pd.DataFrame(rows("A", judge="s", problems=1)).assign(kind="preference")
    with pytest.raises(UserError, match=r"no verdict for problem 'p1'.*\(2 such pairs\)"):
        cascade_table(cheap, strong, CascadeRule(0.8))
    assert len(cascade_table(cheap[cheap["problem_id"] == "p0"], strong, CascadeRule(0.8))) == 2


def pool(number, *, silent=False):
    candidates = [
        Candidate("I cannot say" if silent else f"\\boxed{{{5 + k % 2}}}", correct=k % 2 == 0)
        for k in range(4)
    ]
    return Pool(Problem(f"p{number}", "q", "5"), tuple(candidates))


WORDS = {(True, True): "tie", (True, False): "A", (False, True): "B", (False, False): "neither"}


def judged(**more):
    """A judge of labels who is right of all candidates of eight problems."""
    return pd.DataFrame(
        {"judge": "j", "repetition": 0, "problem_id": f"p{i}", "response_a": str(a),
         "response_b": str(b), "a_correct": a % 2 == 0, "b_correct": b % 2 == 0,
         "verdict": WORDS[a % 2 == 0, b % 2 == 0], **more}
        for i in range(8) for a, b in itertools.permutations(range(4), 2)
    )  # fmt: skip


def test_the_first_problem_does_not_decide_whether_there_is_a_majority():
    found = []
    for order in (range(8), reversed(range(8))):
        pools = [prepare(pool(i, silent=i == 0)) for i in order]
        measured = measure({"j": record(pools, judged())}, [2, 4], tournaments=(), votes=(1,))
        found.append([str(one) for one in measured.configurations])
    assert found[0] == found[1]
    assert "majority of 4" in found[0]


def test_a_price_of_ones_own_counts_wherever_it_stands(tmp_path, capsys):
    save_pools([pool(i) for i in range(8)], tmp_path / "p.jsonl")
    judged(prompt_tokens=10, completion_tokens=1).to_parquet(tmp_path / "v.parquet")
    words = ["plan", str(tmp_path / "p.jsonl"), "--verdicts", str(tmp_path / "v.parquet"), "--json",
             "--budget", "100", "--cost", "money", "--subsets", "5", "--n", "2",
             "--tournaments", "knockout", "--votes", "1"]  # fmt: skip
    costs = []
    for prices in (["j=1000,1000", "1,1"], ["1,1", "j=1000,1000"]):
        given = [word for price in prices for word in ("--price", price)]
        assert main([*words, *given]) == 0
        told = json.loads(capsys.readouterr().out)
        costs.append(max(option["cost"] for option in told["options"]))
    assert costs[0] == costs[1] > 0.001
    for twice in (["1,1", "2,2"], ["j=1,1", "j=2,2"]):
        assert main([*words, *(w for price in twice for w in ("--price", price))]) == 2
        assert "has two prices" in capsys.readouterr().err


def test_tokens_that_are_not_known_of_a_problem_cost_nothing_by_silence(tmp_path, capsys):
    save_pools([pool(i) for i in range(8)], tmp_path / "p.jsonl")
    table = judged(prompt_tokens=10.0, completion_tokens=1.0)
    table.loc[table["problem_id"] == "p3", ["prompt_tokens", "completion_tokens"]] = np.nan
    table.to_parquet(tmp_path / "v.parquet")
    words = ["plan", str(tmp_path / "p.jsonl"), "--verdicts", str(tmp_path / "v.parquet"),
             "--budget", "100", "--cost", "tokens", "--subsets", "5", "--n", "2",
             "--tournaments", "knockout", "--votes", "1"]  # fmt: skip
    assert main(words) == 2
    assert "tokens" in capsys.readouterr().err


def test_a_comparison_without_its_cluster_is_named():
    first, second = [*"abcabc"], [*"bcabca"]
    cluster = ["x", None, "y", "x", "y", "x"]
    with pytest.raises(UserError, match="row 2: the cluster is missing"):
        bradley_terry(first, second, [*"AAABBB"], cluster=cluster)
