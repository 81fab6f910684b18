"""The verdict table: what is written comes back, from every file and from older ones."""

from dataclasses import fields

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab import FunctionJudge, Store, judge_pairs, load_verdicts, save_verdicts
from pairjudge_lab.arena import Arena, all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.records import Match, Status, UserError, Verdict, VerdictKind
from pairjudge_lab.verdicts.codes import CODES, codes_of, verdict_of
from pairjudge_lab.verdicts.columns import COLUMNS, FIELDS, from_values, to_values
from pairjudge_lab.verdicts.table import (
    TableVerdicts,
    matches_table,
    normalise,
    row_kinds,
    table_kind,
)
from tests.conftest import make_pool

chances = st.none() | st.floats(0, 1)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
costs = {
    "text": words,
    "reason": words,
    "prompt_tokens": st.integers(0, 10**6),
    "completion_tokens": st.integers(0, 10**6),
    "seconds": st.floats(0, 1e4),
}
labels = st.builds(
    Verdict,
    status=st.just(Status.PARSED),
    a_correct=st.booleans(),
    b_correct=st.booleans(),
    a_probability=chances,
    b_probability=chances,
    **costs,
)
preferences = st.builds(
    Verdict,
    status=st.just(Status.PARSED),
    preference=st.sampled_from(["A", "B", "tie"]),
    a_probability=chances,
    b_probability=chances,
    **costs,
)
unread = st.builds(
    Verdict,
    status=st.sampled_from([s for s in Status if s is not Status.PARSED]),
    **costs,
)
verdicts = st.lists(labels | unread, max_size=8) | st.lists(preferences | unread, max_size=8)


def table_of(found):
    pool = make_pool([True, False])
    return matches_table("j", [Match(pool, 0, 1, r) for r in range(len(found))], found)


@given(verdicts)
def test_what_is_written_comes_back(found):
    table = table_of(found)
    assert tuple(table.columns) == COLUMNS
    rows = TableVerdicts(table)
    assert [rows[i] for i in range(len(rows))] == found
    assert [from_values(to_values(v)) for v in found] == found
    kinds = {v.kind for v in found} - {None}
    assert {table_kind(table)} - {None} == kinds


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
@pytest.mark.parametrize("kind", list(VerdictKind))
def test_every_file_keeps_the_verdicts(suffix, kind, tmp_path):
    found = [
        Verdict(Status.PARSED, False, True, "one", a_probability=0.25, b_probability=0.5),
        Verdict(Status.PARSED, False, False, "two", prompt_tokens=7, seconds=0.5),
        Verdict(Status.PARSED, True, True),
        Verdict(Status.TRUNCATED, text="cut", reason="cut off"),
        Verdict(Status.FAILED, reason="no answer"),
    ]
    if kind is VerdictKind.PREFERENCE:
        found[:3] = [Verdict(Status.PARSED, text=p, preference=p) for p in ("A", "B", "tie")]
    save_verdicts(table_of(found), tmp_path / f"v{suffix}")
    table = load_verdicts(tmp_path / f"v{suffix}")
    rows = TableVerdicts(table)
    assert [rows[i] for i in range(len(rows))] == found
    assert table_kind(table) is kind
    assert table["kind"].isna().tolist() == [False] * 3 + [True] * 2


def test_every_field_of_a_verdict_is_a_column_of_the_table_and_of_the_store(tmp_path):
    names = {field.name for field in fields(Verdict)}
    assert names == set(FIELDS)
    assert names - {"preference"} <= set(COLUMNS)
    with Store(tmp_path / "s.sqlite") as store:
        judged = judge_pairs(FunctionJudge(lambda *_: (True, False), "f"), [make_pool([True] * 2)],
                             store=store)  # fmt: skip
        pd.testing.assert_frame_equal(store.table(), judged.to_pandas())


def test_older_tables_are_read_by_the_rule():
    old = table_of([Verdict(Status.PARSED, True, True), Verdict(Status.UNPARSED)])
    assert row_kinds(old.drop(columns="kind")).tolist() == ["labels", None]
    old = table_of([Verdict(Status.PARSED, preference="tie")])
    assert row_kinds(old.drop(columns="kind")).tolist() == ["preference"]
    few = pd.DataFrame(
        {
            "judge": ["x", "x", "y", "y"],
            "problem_id": "p",
            "response_a": ["0", "1", "0", "1"],
            "response_b": ["1", "0", "1", "0"],
            "verdict": ["tie", "A", "tie", "neither"],
        }
    )
    assert row_kinds(few).tolist() == ["preference"] * 2 + ["labels"] * 2
    assert table_kind(load_verdicts(data_path("verdicts.parquet"))) is VerdictKind.LABELS
    with pytest.raises(UserError, match="holds labels and preferences"):
        table_kind(few)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "verdicts"}, "row 1: kind is labels or preference.* got 'verdicts'"),
        ({"kind": "preference"}, "row 1: its kind is preference, but .* hold labels"),
        ({"a_correct": None, "kind": "labels"}, "row 1: its kind is labels, but .* do not hold"),
        ({"a_correct": "perhaps"}, "'a_correct' .* must hold True or False"),
        ({"seconds": "long"}, "'seconds' .* must hold numbers"),
        ({"verdict": "neither", "kind": "", "a_correct": None}, "a preference is A, B or tie"),
    ],
)
def test_a_table_that_contradicts_itself(change, message):
    table = table_of([Verdict(Status.PARSED, True, False)]).astype(object)
    for name, value in change.items():
        table[name] = [value]
    with pytest.raises(UserError, match=message):
        normalise(table)


def test_codes_stand_for_verdicts():
    table = table_of([Verdict(Status.PARSED, a, b) for a in (True, False) for b in (True, False)])
    assert [verdict_of(c, VerdictKind.LABELS).outcome for c in codes_of(table)] == list(
        table.verdict
    )
    for kind in VerdictKind:
        for word in ("A", "B", "tie", "invalid"):
            verdict = verdict_of(CODES[word], kind)
            assert verdict.outcome == word
            assert verdict.kind in (kind, None)
    with pytest.raises(ValueError, match="no verdict of kind preference with code 3"):
        verdict_of(CODES["neither"], VerdictKind.PREFERENCE)


def test_judge_pairs():
    pools = [make_pool([True, False, True], name=name) for name in "pq"]
    judge = FunctionJudge(lambda q, a, b: "A" if len(a) > len(b) else "tie", "longer")
    judged = judge_pairs(judge, pools)
    assert len(judged) == 12
    assert judged.kinds == (VerdictKind.PREFERENCE,)
    assert judged.statuses[Status.PARSED] == 12
    assert [v for _, v in judged] == Arena(judge).judge(list(judged.matches))
    assert len(judged.to_pandas()) == 12
    assert "12 verdicts of longer (preference): 12 parsed" in str(judged)
    one_way = judge_pairs(judge, pools, both_orders=False)
    assert {frozenset((m.a, m.b)) for m in one_way.matches} == {
        frozenset(pair) for pair in ((0, 1), (0, 2), (1, 2))
    }
    assert len(one_way) == 6
    some = all_ordered_pairs(pools[0])[:2]
    assert judge_pairs(judge, some).matches == tuple(some)
    with pytest.raises(UserError, match="there is nothing to judge"):
        judge_pairs(judge, [make_pool([True])])
