"""Cascades on recorded verdicts: replay and the live judge are one, and the command."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import (
    Arena,
    Match,
    Pool,
    Status,
    UserError,
    Verdict,
    all_ordered_pairs,
    load_judge,
    load_pools,
    load_verdicts,
    prepare,
    tournament,
)
from pairjudge_lab.arena import problem_rng
from pairjudge_lab.cli import main
from pairjudge_lab.judges.cascade import CascadeJudge, CascadeRule, settle
from pairjudge_lab.judges.cascade_tables import (
    cascade_account,
    cascade_evidence,
    cascade_table,
)
from pairjudge_lab.judges.recorded import RecordedJudge
from pairjudge_lab.replay import record, replay
from pairjudge_lab.verdicts.table import matches_table


def apart(pool):
    """The pool without two texts alike, of which a live judge is asked about one alone."""
    some = (replace(c, text=f"{c.text}\n({i})") for i, c in enumerate(pool.candidates))
    return replace(pool, candidates=tuple(some))


@pytest.fixture(scope="module")
def recorded():
    """Twelve problems of six candidates; the first judge is the tiny one, made less sure and
    sometimes unread, the second a simulated one."""
    pools = [apart(prepare(pool.first(6))) for pool in load_pools("embedded", limit=12)]
    table = load_verdicts("embedded")
    ids = {pool.problem.id for pool in pools}
    mine = table["problem_id"].isin(ids)
    for name in ("response_a", "response_b"):
        mine &= table[name].astype(int) < 6
    table = table[mine].reset_index(drop=True)
    rng = np.random.default_rng(0)
    for side in ("a", "b"):
        sure = 1 - 0.5 * rng.random(len(table))
        table[f"{side}_probability"] = np.where(table[f"{side}_correct"], sure, 1 - sure)
    lost = rng.random(len(table)) < 0.05
    table.loc[lost, ["a_correct", "b_correct", "a_probability", "b_probability"]] = None
    table.loc[lost, ["verdict", "kind", "status"]] = ["invalid", None, "unparsed"]
    matches = [m for pool in pools for m in all_ordered_pairs(pool)]
    other = load_judge("simulated:accuracy=0.9,position_bias=0.2")
    return pools, table, matches_table("strong", matches, other.judge(matches))


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.7, 1.1])
@pytest.mark.parametrize("name", ["knockout", "round-robin", "swiss"])
def test_live_and_replay_agree_exactly(recorded, threshold, name):
    pools, first, second = recorded
    rule = CascadeRule(threshold)
    judge = CascadeJudge(
        RecordedJudge(first, "tiny", "1"), RecordedJudge(second, "strong", "2"), rule
    )
    kind = tournament(name)
    arena = Arena(judge)
    live = arena.play(pools, kind, seed=5)
    table = cascade_table(first, second, rule)
    recordings = record(pools, table)
    replayed = [replay(one, kind, problem_rng(5, one.pool.problem.id)) for one in recordings]
    for here, there in zip(live, replayed, strict=True):
        assert (here.candidate, here.calls) == (there.candidate, there.calls)
        assert here.statuses == there.statuses


def test_every_recorded_verdict_is_what_the_live_cascade_says(recorded):
    pools, first, second = recorded
    rule = CascadeRule(0.6)
    judge = CascadeJudge(
        RecordedJudge(first, "tiny", "1"), RecordedJudge(second, "strong", "2"), rule
    )
    table = cascade_table(first, second, rule)
    matches = [m for pool in pools for m in all_ordered_pairs(pool)]
    place = ["problem_id", "response_a", "response_b", "repetition"]
    live = matches_table("cascade of tiny and strong", matches, judge.judge(matches))
    both = [t.sort_values(place).reset_index(drop=True) for t in (live, table)]
    pd.testing.assert_frame_equal(*both)
    account = cascade_account(table)
    assert account["answered"].sum() == len(table) == account["calls"].iloc[0]
    assert 0 < account["calls"].iloc[1] == account["answered"].iloc[1] < len(table)
    tokens = table[["prompt_tokens", "completion_tokens"]].sum().sum()
    assert account[["prompt_tokens", "completion_tokens"]].sum().sum() == tokens


def test_evidence_is_agreement_with_the_second_judge_or_the_truth(recorded):
    pools, first, second = recorded
    found = cascade_evidence(first, second)
    keys = ["problem_id", "response_a", "response_b"]
    both = second[[*keys, "verdict"]].merge(first[[*keys, "verdict"]], on=keys)
    read = both["verdict_y"] != "invalid"
    assert np.isnan(found.agrees).tolist() == (~read).tolist() == np.isnan(found.sure).tolist()
    said = (both["verdict_x"] == both["verdict_y"])[read].tolist()
    assert found.agrees[read].tolist() == said
    true = cascade_evidence(first, second, truth=pools)
    keyed = first.set_index(keys)
    by_hand = [
        [keyed.loc[(p.problem.id, str(m.a), str(m.b)), f"{s}_correct"] for s in "ab"]
        == [p.candidates[m.a].correct, p.candidates[m.b].correct]
        for p in pools
        for m in all_ordered_pairs(p)
        if keyed.loc[(p.problem.id, str(m.a), str(m.b)), "verdict"] != "invalid"
    ]
    assert true.agrees[~np.isnan(true.agrees)].tolist() == by_hand
    some = true.of([pools[0].problem.id])
    assert len(some.problems) == 30
    with pytest.raises(UserError, match="no verdict for problem"):
        cascade_evidence(first[:-1], second)
    with pytest.raises(UserError, match="come from 2 judges"):
        cascade_evidence(first.assign(judge=["a", "b"] * (len(first) // 2)), second)


def test_a_preference_is_compared_with_the_truth_where_one_of_two_is_right():
    pool = prepare(Pool.from_texts("2 + 2?", [f"\\boxed{{{x}}}" for x in (4, 5, 6)], answer="4"))
    matches = [Match(pool, 0, 1), Match(pool, 1, 0), Match(pool, 1, 2)]
    said = [
        Verdict(Status.PARSED, preference=p, a_probability=0.8, b_probability=0.1)
        for p in ("A", "tie", "A")
    ]
    table = matches_table("j", matches, said)
    found = cascade_evidence(table, table, truth=[pool])
    np.testing.assert_array_equal(found.agrees, [1, 0, np.nan])
    settled = settle([said[0]], None, ("x", "y"))
    assert settled.preference == "A"


def test_the_command_chooses_and_says_what_it_promises(recorded, tmp_path, capsys):
    _, first, _ = recorded
    # Equally sure everywhere, so that the strictest threshold leaves every problem.
    for side in "ab":
        told = first[f"{side}_correct"].map({True: 0.9, False: 0.1}).astype(float)
        first = first.assign(**{f"{side}_probability": told})
    files = [str(tmp_path / name) for name in ("first.parquet", "second.parquet", "c.parquet")]
    first.to_parquet(files[0])
    first.assign(judge="strong").to_parquet(files[1])
    command = ["cascade", "embedded", *files[:2], "--limit", "12"]
    assert (
        main([*command, "--agreement", "0.3", "--error", "0.5", "--out", files[2], "--json"]) == 0
    )
    facts = json.loads(capsys.readouterr().out)
    assert facts["guarantee"]["problems"] == 6
    assert facts["elsewhere"]["held_out"]
    table = load_verdicts(files[2])
    assert table["problem_id"].nunique() == 6
    assert sum(row["answered"] for row in facts["account"]) == len(table) == 180
    assert main([*command, "--threshold", "0.7"]) == 0
    assert "on all 12 problems the first judge decides" in capsys.readouterr().out
    assert main([*command, "--against", "truth"]) == 0
    said = capsys.readouterr().out
    assert "no threshold" in said
    assert "the strong judge is asked about everything" in said
    assert main([*command, "--calibration", "12"]) == 2
    assert "--calibration takes 1 to 11" in capsys.readouterr().err
    assert main([*command, "--agreement", "1"]) == 2
    assert "shares below 1" in capsys.readouterr().err
