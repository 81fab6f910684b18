"""Tables that say two things at once: refused, and never counted as one of them."""

import json

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import UserError, compare_judges, load_pools, load_verdicts
from pairjudge_lab.answers import prepare
from pairjudge_lab.datasets.samples import load_groups
from pairjudge_lab.price.margins import margins_of
from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay import record
from pairjudge_lab.statistics.position import bias_report
from pairjudge_lab.statistics.probabilities import probabilities_of


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def verdict(a="0", b="1", said="A", problem="p", **more):
    return {"problem_id": problem, "response_a": a, "response_b": b, "verdict": said, **more}


def said(kind, **more):
    """Both orders of a pair, a tie, with probabilities."""
    known = {"a_correct": True, "b_correct": True} if kind == "labels" else {}
    row = {"kind": kind, "a_probability": 0.9, "b_probability": 0.1, "judge": "j"} | known | more
    return [verdict("0", "1", "tie", **row), verdict("1", "0", "tie", **row)]


POOLS = [Pool(Problem("p", "q", "1"), tuple(Candidate(str(i), correct=i == 1) for i in range(3)))]


def test_labels_and_preferences_of_one_judge(tmp_path):
    one, other = said("labels")[0], said("preference")[1]
    table = load_verdicts(lines(tmp_path / "v.jsonl", [one, other]))
    with pytest.raises(UserError, match="'j' are labels and preferences"):
        bias_report(table)
    apart = [*said("labels"), *said("preference", judge="k")]
    both = bias_report(load_verdicts(lines(tmp_path / "w.jsonl", apart)))
    assert len(both.to_frame()) == 2


def test_judges_of_two_kinds_are_compared_with_a_word_on_it():
    rows = [
        row | {"problem_id": f"p{i}", "judge": judge, "verdict": ("A", "B")[k ^ (i == i // 3 * 3)]}
        | ({"a_correct": None, "b_correct": None} if kind == "preference" else {})
        for i in range(12)
        for judge, kind in (("x", "labels"), ("y", "preference"))
        for k, row in enumerate(said("preference"))
    ]  # fmt: skip
    same = compare_judges(pd.DataFrame(rows))
    assert "Not of one kind" not in str(same)
    for row in rows:
        if row["judge"] == "x":
            first = row["verdict"] == "A"
            row |= {"kind": "labels", "a_correct": first, "b_correct": not first}
    assert "Not of one kind: x gives labels, y gives preference" in str(
        compare_judges(pd.DataFrame(rows))
    )


def test_a_price_by_probabilities_is_one_of_labels(tmp_path):
    labels = load_verdicts(lines(tmp_path / "l.jsonl", said("labels")))
    (margins,) = margins_of(record(POOLS, labels), labels)
    assert margins[0, 0, 1] == pytest.approx(2 * np.log(9))
    preferences = load_verdicts(lines(tmp_path / "p.jsonl", said("preference")))
    with pytest.raises(UserError, match="needs a judge that labels"):
        margins_of(record(POOLS, preferences), preferences)


def test_probabilities_are_held_against_the_truth_of_their_kind(tmp_path):
    truth = {("p", "0"): False, ("p", "1"): True}
    labels = load_verdicts(lines(tmp_path / "l.jsonl", said("labels", gold="A")))
    preferences = load_verdicts(lines(tmp_path / "p.jsonl", said("preference", gold="A")[:1]))
    assert len(probabilities_of(labels, truth).positions["all"][0]) == 4
    assert len(probabilities_of(preferences).positions["all"][0]) == 1
    with pytest.raises(UserError, match="give the pools too"):
        probabilities_of(labels)
    with pytest.raises(UserError, match="needs a judge that labels"):
        probabilities_of(preferences, truth)


@pytest.mark.parametrize("order", [("5", "6"), ("6", "5")])
def test_two_references_of_one_problem(tmp_path, order):
    file = tmp_path / "rows.csv"
    file.write_text(f"problem_id,problem,text,answer\np,q,a,{order[0]}\np,q,b,{order[1]}\n")
    with pytest.raises(UserError, match="which of them is right"):
        load_pools(file)
    file.write_text(f"problem_id,answer,gold\np,5,{order[0]}\np,6,{order[1]}\n")
    with pytest.raises(UserError, match="which of them is right"):
        load_groups(file)
    file.write_text("problem_id,answer,gold\np,5,5\np,6,\np,6,5\n")
    (pool,) = load_groups(file)[""]
    assert pool.problem.answer == "5"


ROW = {"problem_id": "p", "problem": "q", "candidates": ["a", "b"]}


@pytest.mark.parametrize("columns", [None, {"answer": "answer"}])
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_lists_beside_candidates_are_read_in_every_file(tmp_path, columns, suffix):
    row = {
        **ROW, "answer": "1", "correct": [True, False], "candidate_answer": ["1", "2"],
        "score": [0.5, None], "source": ["x", "y"],
    }  # fmt: skip
    path = lines(tmp_path / "p.jsonl", [row])
    if suffix == "parquet":
        path = tmp_path / "p.parquet"
        pd.DataFrame([row]).to_parquet(path)
    (pool,) = load_pools(path, columns=columns)
    assert [(c.answer, c.correct, c.source) for c in pool.candidates] == [
        ("1", True, "x"), ("2", False, "y"),
    ]  # fmt: skip
    assert pool.candidates[0].score == 0.5


@pytest.mark.parametrize("columns", [None, {"answer": "answer"}])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"correct": [True]}, "one value for each of the 2"),
        (
            {"candidates": [{"text": "a", "correct": True}, {"text": "b"}], "correct": [0, 1]},
            "in the candidate and",
        ),
        (
            {"candidates": [{"text": "a", "answer": "1"}, {"text": "b"}],
             "candidate_answer": ["2", "1"]},
            "in the candidate and",
        ),
    ],
)  # fmt: skip
def test_lists_that_do_not_fit_the_candidates(tmp_path, columns, changes, message):
    path = lines(tmp_path / "p.jsonl", [{"answer": "1", **ROW, **changes}])
    with pytest.raises(UserError, match=message):
        load_pools(path, columns=columns)


def test_a_list_fills_in_what_an_object_leaves_open(tmp_path):
    objects = [{"text": "a", "correct": True}, {"text": "b"}]
    row = {**ROW, "candidates": objects, "correct": [True, False], "answer": "1"}
    for columns in (None, {"answer": "answer"}):
        (pool,) = load_pools(lines(tmp_path / "p.jsonl", [row]), columns=columns)
        assert [c.correct for c in pool.candidates] == [True, False]


@pytest.mark.parametrize("name", ["response_a", "response_b", "repetition"])
def test_half_a_candidate_is_none(tmp_path, name):
    table = pd.DataFrame([verdict("0", "1") | {"repetition": 0}])
    for column in ("response_a", "response_b", "repetition"):
        table[column] = table[column].astype(float)
    table[name] += 0.7
    table.to_parquet(tmp_path / "v.parquet")
    with pytest.raises(UserError, match="must hold whole numbers"):
        record([prepare(POOLS[0])], load_verdicts(tmp_path / "v.parquet"))


def test_a_judge_called_by_a_number_is_called_by_a_name(tmp_path):
    rows = [verdict(judge=7), verdict("1", "0", judge="7")]
    table = load_verdicts(lines(tmp_path / "v.jsonl", rows), judge="7")
    assert len(table) == 2


@pytest.mark.parametrize("name", ["problem_id", "response_a"])
def test_a_row_without_its_problem_or_response(tmp_path, name):
    rows = pd.DataFrame([verdict(), verdict("1", "0")])
    rows.loc[1, name] = None
    for path in (tmp_path / "v.csv", tmp_path / "v.jsonl"):
        if path.suffix == ".csv":
            rows.to_csv(path, index=False)
        else:
            lines(path, rows.to_dict("records"))
        with pytest.raises(UserError, match=f"row 2: the {name} is missing"):
            load_verdicts(path)


@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens", "seconds"])
def test_no_verdict_costs_less_than_nothing(tmp_path, name):
    path = lines(tmp_path / "v.jsonl", [verdict(**{name: 5}), verdict("1", "0", **{name: 0})])
    assert len(load_verdicts(path)) == 2
    for value in (-5, *([float("inf")] if name == "seconds" else [])):
        with pytest.raises(UserError, match=f"{name} is a finite number|{name} "):
            load_verdicts(lines(path, [verdict(**{name: value})]))
