import pandas as pd
import pytest
from datasets import Dataset

from pairjudge_lab import load_pools, load_problems, save_problems
from pairjudge_lab.datasets.problems import problem_rows, problems_to_dataset
from pairjudge_lab.records import Problem, UserError

PROBLEMS = [Problem("a", "2 + 3?", "5"), Problem("b", 'Is it, "so"?\nReally?\rYes?', None)]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv"])
def test_problems_survive_a_file(tmp_path, suffix):
    path = tmp_path / f"problems{suffix}"
    save_problems(PROBLEMS, path)
    assert load_problems(path) == PROBLEMS
    assert load_problems(str(path), limit=1) == PROBLEMS[:1]


def test_problems_survive_memory():
    rows = problem_rows(PROBLEMS)
    for data in (rows, pd.DataFrame(rows), Dataset.from_list(rows), problems_to_dataset(PROBLEMS)):
        assert load_problems(data) == PROBLEMS


def test_columns_called_otherwise_and_rows_without_an_id():
    rows = [{"question": "2 + 3?", "solution": 5.0}, {"question": "2 + 4?", "solution": 6.0}]
    columns = {"problem": "question", "answer": "solution"}
    assert load_problems(rows, columns=columns) == [
        Problem("0", "2 + 3?", "5"),
        Problem("1", "2 + 4?", "6"),
    ]


def test_the_embedded_problems_are_those_of_the_embedded_pools():
    assert load_problems("embedded", limit=3) == [p.problem for p in load_pools(limit=3)]
    assert load_problems()[:3] == load_problems("embedded", limit=3)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"question": "q"}], "row 1: no column 'problem'; there are: question; name the column"),
        ([{"problem": ""}], "row 1: a problem is a text that is not empty; got ''"),
        ([{"problem": "q"}, {"problem": None}], "row 2: a problem is a text"),
        ([{"problem": "q", "problem_id": "x"}] * 2, "row 2: the problem id 'x' was already used"),
        ([], "the table holds no problems"),
    ],
)
def test_wrong_rows_are_refused(rows, message):
    with pytest.raises(UserError, match=message):
        load_problems(rows)


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"written as \.jsonl, \.parquet or \.csv"):
        save_problems(PROBLEMS, tmp_path / "problems.xlsx")


def test_real_problems_are_read(shared):
    problems = load_problems(shared / "math500.jsonl")
    assert len(problems) == 500
    assert all(p.answer for p in problems)
    assert len({p.id for p in problems}) == 500
