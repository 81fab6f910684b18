"""Marks of verdicts: worked by hand, row by row, and unknown where nothing is known."""

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import UserError
from pairjudge_lab.verdicts.marks import MARKS, verdict_marks
from tests.conftest import make_pool

NA = None
# judge, a, b, verdict, P(A), P(B); and what each mark must be. Candidate 0 is correct, 1 is not.
ROWS = [
    ("one", "0", "1", "A", 0.97, 0.02, (False, False, False, True)),
    ("one", "1", "0", "B", 0.10, 0.80, (False, False, False, False)),
    ("two", "0", "1", "B", 0.05, 0.60, (True, True, False, True)),
    ("two", "1", "0", "B", 0.20, 0.95, (True, False, False, False)),
    ("one", "0", "2", "invalid", None, None, (NA, NA, True, NA)),
    ("two", "0", "2", "tie", 0.95, 0.91, (NA, True, False, NA)),
    ("two", "2", "0", "invalid", None, None, (NA, NA, True, NA)),
    ("two", "1", "2", "tie", None, None, (NA, NA, False, NA)),
]


def table():
    frame = pd.DataFrame(
        [row[:6] for row in ROWS],
        columns=["judge", "response_a", "response_b", "verdict", "a_probability", "b_probability"],
    )
    said = frame["verdict"]
    frame["a_correct"] = pd.array(
        [None if v == "invalid" else v in ("A", "tie") for v in said], dtype="boolean"
    )
    frame["b_correct"] = pd.array(
        [None if v == "invalid" else v in ("B", "tie") for v in said], dtype="boolean"
    )
    return frame.assign(problem_id="p", repetition=0)


def plain(marks):
    return [tuple(None if pd.isna(v) else bool(v) for v in row) for row in marks.to_numpy(object)]


def test_every_row_has_the_marks_that_it_must():
    marks = verdict_marks(table(), [make_pool([True, False, False])])
    assert tuple(marks) == MARKS
    assert plain(marks) == [row[6] for row in ROWS]


def test_the_order_and_the_index_of_the_rows_are_no_matter():
    shuffled = table().sample(frac=1, random_state=3)
    marks = verdict_marks(shuffled, [make_pool([True, False, False])])
    assert marks.index.equals(shuffled.index)
    assert plain(marks.sort_index()) == [row[6] for row in ROWS]


def test_preferences_and_tables_without_truth():
    frame = pd.DataFrame(
        {
            "problem_id": "p",
            "response_a": [0, 1, 0, 1],
            "response_b": [1, 0, 2, 2],
            "verdict": ["B", "B", "tie", "A"],
            "a_probability": [0.05, 0.01, 0.5, 0.95],
            "b_probability": [0.95, 0.99, 0.5, 0.05],
        }
    )
    marks = verdict_marks(frame, [make_pool([True, False, False])])
    assert plain(marks[["flipped by order", "wrong and sure"]]) == [
        (True, True), (True, False), (None, None), (None, False),
    ]  # fmt: skip
    assert marks["wrong and sure"].notna().sum() == 3
    assert verdict_marks(frame)["wrong and sure"].isna().all()


def test_planted_flips_are_found():
    rng = np.random.default_rng(0)
    flips = rng.random(300) < 0.3
    rows = []
    for i, flip in enumerate(flips):
        first = rng.choice(["A", "B"])
        second = first if flip else {"A": "B", "B": "A"}[first]
        rows += [(f"p{i}", "x", "y", first), (f"p{i}", "y", "x", second)]
    names = ["problem_id", "response_a", "response_b", "verdict"]
    found = verdict_marks(pd.DataFrame(rows, columns=names))["flipped by order"]
    assert found.to_numpy(bool).tolist() == np.repeat(flips, 2).tolist()


def test_what_is_no_table_is_refused():
    with pytest.raises(UserError, match="column verdict missing"):
        verdict_marks(pd.DataFrame({"problem_id": [], "response_a": [], "response_b": []}))
    with pytest.raises(UserError, match="from 0 to 1"):
        verdict_marks(table(), sure=90)
