"""Each mapping, on a small file of the dataset's own layout that the test makes and places."""

import json

import pandas as pd
import pytest

from pairjudge_lab import load_problems
from pairjudge_lab.datasets.catalog.problems import MATH_SUBJECTS, last_boxed
from pairjudge_lab.records import Problem, UserError
from tests.datasets.placing import place


def test_math_500(lab_data):
    row = {
        "problem": "What is $1+1$?", "solution": "It is $\\boxed{2}$.", "answer": "2",
        "subject": "Algebra", "level": 1, "unique_id": "test/algebra/1.json",
    }  # fmt: skip
    place("problems/math-500/test.jsonl", [row])
    assert load_problems("math-500") == [Problem("test/algebra/1.json", "What is $1+1$?", "2")]


def test_math_500s_own_file(lab_data, shared):
    rows = [json.loads(line) for line in (shared / "math500.jsonl").read_text().splitlines()]
    layout = [{**row, "unique_id": row["problem_id"], "solution": ""} for row in rows]
    place("problems/math-500/test.jsonl", layout)
    problems = load_problems("math-500")
    assert len(problems) == 500
    assert [(p.question, p.answer) for p in problems] == [(r["problem"], r["answer"]) for r in rows]


@pytest.mark.parametrize(("name", "part"), [("gsm8k", "test"), ("gsm8k-train", "train")])
def test_gsm8k(lab_data, name, part):
    rows = [
        {"question": "Two and three?", "answer": "It is <<2+3=5>>5.\n#### 5"},
        {"question": "A thousand and one?", "answer": "Easy.\n#### 1,001"},
    ]
    place(f"problems/{name}/main/{part}-00000-of-00001.parquet", rows)
    assert load_problems(name) == [
        Problem(f"gsm8k-{part}-0", "Two and three?", "5"),
        Problem(f"gsm8k-{part}-1", "A thousand and one?", "1001"),
    ]
    assert len(load_problems(name, limit=1)) == 1


def test_gsm8k_without_its_mark(lab_data):
    place("problems/gsm8k/main/test-00000-of-00001.parquet", [{"question": "q", "answer": "5"}])
    with pytest.raises(UserError, match="row 1: the answer has no line that begins with ####"):
        load_problems("gsm8k")


def test_aime(lab_data):
    row = {
        "id": 60, "problem": "How many?", "solution": "Count.", "answer": "204", "url": "",
        "year": "2024",
    }  # fmt: skip
    place("problems/aime-2024/data/train-00000-of-00001.parquet", [row])
    place("problems/aime-2025/test.jsonl", [{"problem": "Why?", "answer": "70", "id": "0"}])
    assert load_problems("aime-2024") == [Problem("aime-2024-60", "How many?", "204")]
    assert load_problems("aime-2025") == [Problem("aime-2025-0", "Why?", "70")]


def test_olympiadbench(lab_data):
    rows = [
        {"id": 1606, "question": "Find x.", "final_answer": ["$2$"], "context": None},
        {"id": 1610, "question": "Find both.", "final_answer": ["1", "3"], "context": "Let n = 2."},
    ]
    part = "OE_TO_maths_en_COMP"
    place(f"problems/olympiadbench-maths/OlympiadBench/{part}/{part}.parquet", rows)
    assert load_problems("olympiadbench-maths") == [
        Problem("olympiadbench-1606", "Find x.", "2"),
        Problem("olympiadbench-1610", "Let n = 2.\n\nFind both.", "1, 3"),
    ]


def test_math_train_is_complete_with_its_seven_subjects(lab_data):
    for subject in MATH_SUBJECTS:
        row = {
            "problem": subject, "level": "Level 1", "type": "x",
            "solution": "So \\boxed{1} or rather \\boxed{\\frac{1}{2}}.",
        }  # fmt: skip
        place(f"problems/math-train/{subject}/train-00000-of-00001.parquet", [row])
    problems = load_problems("math-train")
    assert [p.question for p in problems] == list(MATH_SUBJECTS)
    assert {p.answer for p in problems} == {"\\frac{1}{2}"}


def test_math_12k(lab_data):
    row = {"problem": "q", "solution": "s", "answer": "4", "unique_id": "train/algebra/4.json"}
    place("problems/math-12k/train.jsonl", [row])
    assert load_problems("math-12k") == [Problem("train/algebra/4.json", "q", "4")]


def test_a_layout_that_has_changed_is_said(lab_data):
    place("problems/math-500/test.jsonl", [{"question": "q", "answer": "2", "unique_id": "1"}])
    with pytest.raises(UserError, match="no column 'problem'; there are: question, answer, uniq"):
        load_problems("math-500")


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("\\boxed{5}", "5"),
        ("\\boxed{1} then \\boxed{\\sqrt{\\frac{a}{b}}} so", "\\sqrt{\\frac{a}{b}}"),
        ("\\boxed{never closed", None),
        ("no box", None),
    ],
)
def test_the_last_box(text, inside):
    assert last_boxed(text) == inside


def test_missing_values_are_said(lab_data):
    frame = pd.DataFrame([{"problem": "q", "answer": None, "unique_id": "1"}])
    place("problems/math-500/test.jsonl", frame.to_dict("records"))
    with pytest.raises(UserError, match="line 1: answer is empty"):
        load_problems("math-500")
