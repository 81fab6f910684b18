"""Cascades: which judge decides, what it costs, and that replay and the live judge are one."""

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
    Store,
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
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.judges.cascade import CascadeJudge, CascadeRule, settle, sureness
from pairjudge_lab.judges.cascade_tables import (
    cascade_account,
    cascade_evidence,
    cascade_table,
)
from pairjudge_lab.judges.majority import MajorityJudge
from pairjudge_lab.judges.recorded import RecordedJudge
from pairjudge_lab.records import StreamingJudge, VerdictKind
from pairjudge_lab.replay import record, replay
from pairjudge_lab.verdicts.table import matches_table

READ, TIE = Status.PARSED, "tie"


def labels(a, b, p=None, q=None, **more):
    return Verdict(READ, a, b, a_probability=p, b_probability=q, **more)


@pytest.mark.parametrize(
    ("first", "sure"),
    [
        ([labels(True, False, 0.9, 0.2)], 0.9 * 0.8),
        ([labels(False, False, 0.9, 0.2)], 0.1 * 0.8),
        ([labels(True, False)], None),
        ([Verdict(Status.UNPARSED)], None),
        ([Verdict(READ, preference="B", a_probability=0.1, b_probability=0.7)], 0.7),
        ([Verdict(READ, preference="tie", a_probability=0.1, b_probability=0.7)], 0.2),
        ([labels(True, False)] * 4 + [labels(True, True)], 0.8),
        ([labels(True, False)] * 3 + [Verdict(Status.UNPARSED)] * 2, 0.6),
        ([labels(True, False), labels(False, True)], None),
    ],
)
def test_how_sure_a_judge_is(first, sure):
    assert sureness(first) == (None if sure is None else pytest.approx(sure))


class Scripted:
    """A judge of whole batches that says what a table of its own has for both candidates."""

    kind = VerdictKind.LABELS

    def __init__(self, name, say, capacity=8):
        self.identity, self.capacity = {"name": name}, capacity
        self.say, self.asked = say, []

    def judge(self, matches):
        self.asked += [(m.a, m.b, m.repetition) for m in matches]
        return [self.say(m) for m in matches]


POOL = Pool.from_texts("What is 2 + 2?", ["4", "four", "5", "6"])


def cheap(match):
    p = 0.99 if match.a < match.b else 0.6
    return labels(True, False, p, 1 - p, prompt_tokens=10, completion_tokens=1, seconds=0.5)


def strong(match):
    return labels(False, False, prompt_tokens=10, completion_tokens=50, seconds=2.0, text="Hm.")


def test_the_first_decides_what_it_is_sure_of_and_the_second_the_rest():
    one, two = Scripted("cheap", cheap), Scripted("strong", strong, 3)
    judge = CascadeJudge(one, two, CascadeRule(0.9))
    assert isinstance(judge, StreamingJudge)
    assert judge.kind is VerdictKind.LABELS
    assert judge.capacity == 3
    matches = all_ordered_pairs(POOL)
    verdicts = judge.judge(matches)
    for match, verdict in zip(matches, verdicts, strict=True):
        sure = match.a < match.b
        assert verdict.outcome == ("A" if sure else "neither")
        assert verdict.prompt_tokens == (10 if sure else 20)
        assert verdict.completion_tokens == (1 if sure else 51)
        assert verdict.seconds == (0.5 if sure else 2.5)
        # The probabilities are those of the judge that decided.
        assert (verdict.a_probability is not None) == sure
    assert len(one.asked) == 12
    assert sorted(two.asked) == sorted((m.a, m.b, 0) for m in matches if m.a > m.b)
    account = cascade_account(matches_table("c", matches, verdicts))
    assert account.to_dict("records") == [
        {"judge": "cheap", "answered": 6, "calls": 12, "prompt_tokens": 120,
         "completion_tokens": 12, "seconds": 6.0},
        {"judge": "strong", "answered": 6, "calls": 6, "prompt_tokens": 60,
         "completion_tokens": 300, "seconds": 12.0},
    ]  # fmt: skip


def test_a_threshold_of_0_and_one_above_1_are_either_judge_alone():
    matches = all_ordered_pairs(POOL)
    for threshold, alone in ((0.0, cheap), (1.1, strong)):
        one, two = Scripted("cheap", cheap), Scripted("strong", strong)
        said = CascadeJudge(one, two, CascadeRule(threshold)).judge(matches)
        assert [v.outcome for v in said] == [alone(m).outcome for m in matches]
    assert len(two.asked) == 12


def test_what_the_first_judge_cannot_read_goes_on_and_what_failed_does_not():
    def broken(match):
        if match.a == 0:
            return Verdict(Status.FAILED, reason="the server is away")
        return Verdict(Status.UNPARSED) if match.a == 1 else cheap(match)

    one, two = Scripted("cheap", broken), Scripted("strong", strong)
    store = Store()
    matches = all_ordered_pairs(POOL)
    said = Arena(CascadeJudge(one, two, CascadeRule(0.9)), store).judge(matches)
    assert {m.a: v.status for m, v in zip(matches, said, strict=True) if m.a < 2} == {
        0: Status.FAILED, 1: Status.PARSED,
    }  # fmt: skip
    assert said[0].reason == "the server is away"
    assert len(store) == 9, "what failed is asked again another time"
    assert not [place for place in two.asked if place[0] == 0]


def test_a_judge_that_is_never_sure_is_refused():
    silent = Scripted("silent", lambda m: labels(True, False))
    judge = CascadeJudge(silent, Scripted("strong", strong), CascadeRule(0.9))
    with pytest.raises(UserError, match="tells no probabilities"):
        judge.judge(all_ordered_pairs(POOL))
    matches = all_ordered_pairs(POOL)
    tables = [matches_table(j.identity["name"], matches, j.judge(matches))
              for j in (silent, Scripted("strong", strong))]  # fmt: skip
    with pytest.raises(UserError, match="tells no probabilities"):
        cascade_table(*tables, CascadeRule(0.9))
    with pytest.raises(UserError, match="threshold is 0 or more"):
        CascadeRule(-0.1)
    with pytest.raises(UserError, match="votes are 1 to 1000"):
        CascadeRule(0.5, 0)
    names = Scripted("names", strong)
    names.kind = VerdictKind.PREFERENCE
    with pytest.raises(UserError, match="both must give labels, or both preferences"):
        CascadeJudge(silent, names, CascadeRule(0.9))
    with pytest.raises(UserError, match="no account of a cascade"):
        cascade_account(tables[1])


def test_the_identity_holds_both_judges_and_the_rule():
    def digest(*judges, rule):
        return json.dumps(CascadeJudge(*judges, rule).identity, sort_keys=True)

    a, b = Scripted("a", cheap), Scripted("b", strong)
    some = {
        digest(a, b, rule=CascadeRule(0.9)),
        digest(a, b, rule=CascadeRule(0.8)),
        digest(a, b, rule=CascadeRule(0.9, 3)),
        digest(b, a, rule=CascadeRule(0.9)),
        digest(a, a, rule=CascadeRule(0.9)),
    }
    assert len(some) == 5
    assert CascadeJudge(a, a, CascadeRule(0.9)).names == ("a (first)", "a (second)")


def test_several_votes():
    """Of three votes of the first judge, none shared with another repetition of the match."""
    one = Scripted("cheap", lambda m: labels(m.repetition % 3 != 1 or m.a == 0, False))
    two = Scripted("strong", strong)
    judge = CascadeJudge(one, two, CascadeRule(0.9, votes=3))
    first, other, again = judge.judge([Match(POOL, 0, 1), Match(POOL, 1, 0), Match(POOL, 1, 0, 1)])
    assert (first.outcome, other.outcome, again.outcome) == ("A", "neither", "neither")
    assert {r for a, _, r in one.asked if a == 1} == {0, 1, 2, 3, 4, 5}
    assert json.loads(other.text.partition("\n")[0])["cascade"][0]["sure"] == pytest.approx(2 / 3)
    greedy = Scripted("greedy", cheap)
    greedy.config = GenerationConfig(temperature=0.0)
    with pytest.raises(UserError, match="decodes greedily"):
        CascadeJudge(greedy, two, CascadeRule(0.9, votes=3))


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
    other = load_judge("simulated:accuracy=0.9,slot_bias=0.2")
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
    with pytest.raises(UserError, match="keep the rows of one"):
        cascade_evidence(first.assign(judge=["a", "b"] * (len(first) // 2)), second)


def test_a_preference_is_compared_with_the_truth_where_one_of_two_is_right():
    pool = prepare(Pool.from_texts("2 + 2?", [f"\\boxed{{{x}}}" for x in (4, 5, 6)], answer="4"))
    matches = [Match(pool, 0, 1), Match(pool, 1, 0), Match(pool, 1, 2)]
    said = [
        Verdict(READ, preference=p, a_probability=0.8, b_probability=0.1) for p in ("A", TIE, "A")
    ]
    table = matches_table("j", matches, said)
    found = cascade_evidence(table, table, truth=[pool])
    np.testing.assert_array_equal(found.agrees, [1, 0, np.nan])
    settled = settle([said[0]], None, ("x", "y"))
    assert settled.preference == "A"


def test_majority_voting_is_a_judge_without_calls():
    texts = ["\\boxed{4}", "It is \\boxed{4}.", "\\boxed{4.0}", "\\boxed{5}", "nothing"]
    pool = prepare(Pool.from_texts("2 + 2?", texts, answer="4"))
    judge = MajorityJudge([pool])
    verdict, other = judge.judge([Match(pool, 0, 3), Match(pool, 4, 1)])
    assert (verdict.a_correct, verdict.b_correct) == (True, False)
    assert (verdict.a_probability, verdict.b_probability) == (0.6, 0.2)
    assert (other.a_correct, other.b_correct, other.a_probability) == (False, True, 0.0)
    assert (verdict.prompt_tokens, verdict.completion_tokens) == (0, 0)
    names = MajorityJudge([pool], VerdictKind.PREFERENCE)
    said = names.judge([Match(pool, 0, 3), Match(pool, 0, 1), Match(pool, 4, 3)])
    assert [v.preference for v in said] == ["A", "tie", "B"]
    assert [sureness([v]) for v in said] == pytest.approx([0.75, 1.0, 1.0])
    # A pool of fewer candidates changes nothing: what is stored belongs to the texts alone.
    assert judge.judge([Match(pool.first(4), 0, 3)]) == [verdict]
    assert judge.identity != names.identity
    with pytest.raises(UserError, match="does not know a candidate"):
        judge.judge([Match(POOL, 0, 1)])
    with pytest.raises(UserError, match="needs final answers"):
        MajorityJudge([POOL])


def test_a_cascade_is_loaded_by_one_string(tmp_path):
    judge = load_judge("cascade:threshold=0.9:majority:embedded++simulated:accuracy=0.8,seed=3")
    assert judge.rule == CascadeRule(0.9)
    assert judge.second.accuracy == 0.8
    assert isinstance(judge.first, MajorityJudge)
    nested = load_judge(
        "cascade:threshold=0.9:majority:embedded++cascade:threshold=0.5,votes=3:simulated++simulated"
    )
    assert nested.second.rule == CascadeRule(0.5, 3)
    assert isinstance(nested.second, CascadeJudge)
    fast = load_judge("cascade:threshold=0.9,fast=1:tiny++tiny", ModelOptions())
    assert fast.first.config.label_only
    assert not fast.second.config.label_only
    for spec, message in (
        ("cascade:0.9:tiny", "is written cascade:threshold=T:FIRST"),
        ("cascade:limit=0.9:tiny++tiny", "no setting 'limit'"),
        ("cascade:votes=3:tiny++tiny", "a threshold is needed"),
        ("cascade:threshold=high:tiny++tiny", "threshold is a number"),
        ("majority:embedded#points", "labels or preference"),
    ):
        with pytest.raises(UserError, match=message):
            load_judge(spec)


def test_a_real_cascade_judges_and_its_store_asks_nobody_twice(tmp_path):
    """The tiny judge's labels alone, and its reasons where they are not sure."""
    pools = [prepare(pool.first(4)) for pool in load_pools("embedded", limit=3)]
    with Store(tmp_path / "v.sqlite") as store:
        strict = load_judge("cascade:threshold=0.999,fast=1:tiny++tiny")
        arena = Arena(strict, store)
        arena.play(pools, tournament("round-robin", order="both"))
        assert arena.ledger.judged > 0
        account = cascade_account(store.table())
        assert account["judge"].tolist() == ["tiny (first)", "tiny (second)"]
        assert account["answered"].sum() == len(store)
        written = sum(row.completion_tokens for row in store.usage())
        again = Arena(load_judge("cascade:threshold=1,fast=1:tiny++tiny"), store)
        again.play(pools, tournament("round-robin", order="both"))
        first = again.ledger
        assert first.judged > 0
        everything = Arena(load_judge("cascade:threshold=0,fast=1:tiny++tiny"), store)
        everything.play(pools, tournament("round-robin", order="both"))
        # With a lower threshold no model is asked anything new.
        assert sum(row.completion_tokens for row in store.usage()) >= written
        before = sum(row.completion_tokens for row in store.usage())
        Arena(load_judge("cascade:threshold=0.5,fast=1:tiny++tiny"), store).play(
            pools, tournament("round-robin", order="both")
        )
        assert sum(row.completion_tokens for row in store.usage()) == before


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
