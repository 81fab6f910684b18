"""Cascades: which judge decides, what it costs, and that replay and the live judge are one."""

import json

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
    prepare,
    tournament,
)
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.judges.cascade import CascadeJudge, CascadeRule, sureness
from pairjudge_lab.judges.cascade_tables import (
    cascade_account,
    cascade_table,
)
from pairjudge_lab.judges.majority import MajorityJudge
from pairjudge_lab.records import StreamingJudge, VerdictKind
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
        assert arena.statistics.judged > 0
        account = cascade_account(store.table())
        assert account["judge"].tolist() == ["tiny (first)", "tiny (second)"]
        assert account["answered"].sum() == len(store)
        written = sum(row.completion_tokens for row in store.usage())
        again = Arena(load_judge("cascade:threshold=1,fast=1:tiny++tiny"), store)
        again.play(pools, tournament("round-robin", order="both"))
        first = again.statistics
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
