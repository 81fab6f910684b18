import json

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset, DatasetDict

from pairjudge_lab.datasets.rows import parse_columns, read_rows, renamed, text_of
from pairjudge_lab.records import UserError

ROWS = [
    {"name": "a", "value": 1, "words": ["x", "y"]},
    {"name": "b", "value": None, "words": []},
]


def data_of(source, **options):
    return [dict(row.data) for row in read_rows(source, **options)]


def test_the_same_rows_come_from_every_holder(tmp_path):
    frame = pd.DataFrame(ROWS)
    frame.to_parquet(tmp_path / "rows.parquet")
    (tmp_path / "rows.json").write_text(json.dumps(ROWS))
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    for source in (ROWS, Dataset.from_list(ROWS), tmp_path / "rows.json", tmp_path / "rows.jsonl"):
        assert data_of(source) == ROWS
    # pandas knows no integers with gaps; that the second is missing survives.
    for source in (frame, tmp_path / "rows.parquet", str(tmp_path / "rows.parquet")):
        assert data_of(source) == [{**ROWS[0], "value": 1.0}, ROWS[1]]


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t")])
def test_values_of_a_csv_file_are_text_and_empty_ones_are_missing(tmp_path, suffix, separator):
    path = tmp_path / f"rows{suffix}"
    path.write_text(separator.join(["name", "value"]) + "\n" + separator.join(["007", ""]) + "\n")
    assert data_of(path) == [{"name": "007", "value": None}]


def test_missing_values_and_numpy_scalars_become_plain():
    frame = pd.DataFrame({"x": [np.float64(2.0), np.nan], "y": pd.array([1, None], dtype="Int64")})
    assert data_of(frame) == [{"x": 2.0, "y": 1}, {"x": None, "y": None}]


def test_arrays_inside_rows_become_lists(tmp_path):
    rows = [{"turns": [{"role": "user", "content": "q"}], "scores": [[1.0], [2.0]]}]
    pd.DataFrame(rows).to_parquet(tmp_path / "rows.parquet")
    again = pd.read_parquet(tmp_path / "rows.parquet")
    assert isinstance(again["turns"][0], np.ndarray)
    assert data_of(again) == rows


def test_where_a_row_stands_is_said(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n{"a": 2}\n')
    rows = list(read_rows(path))
    assert [row.where for row in rows] == [f"{path}, line 1", f"{path}, line 3"]
    assert rows[0].file == str(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.jsonl", '{"a": 1}\n{"a": ', "line 2: not JSON"),
        ("rows.jsonl", "[1, 2]\n", "line 1: a row is an object; got list"),
        ("rows.json", '{"a": 1}', "rows are an array of objects; got dict"),
        ("rows.json", "[1]", "row 1: a row is a dict; got int"),
        ("rows.json", "{", "not JSON"),
        ("rows.csv", "", "is empty: a table begins with a row"),
        ("rows.parquet", "PAR1 but not really", "cannot read .*rows.parquet"),
        ("rows.xlsx", "", "rows come as .jsonl, .json, .parquet, .csv, .tsv; got '.xlsx'"),
    ],
)
def test_a_file_that_holds_no_rows_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        data_of(tmp_path / name)


def test_other_holders_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"no such file: .*absent\.csv"):
        data_of(tmp_path / "absent.csv")
    with pytest.raises(UserError, match=r"a datasets.Dataset \(one split of it\).*got DatasetDict"):
        data_of(DatasetDict({"test": Dataset.from_list(ROWS)}))
    with pytest.raises(UserError, match="row 2: a row is a dict; got str"):
        data_of([{"a": 1}, "b"])
    with pytest.raises(UserError, match="config and split are for dataset ids"):
        data_of(ROWS, split="test")


def test_columns_are_renamed_and_absent_ones_listed():
    rows = list(read_rows([{"question": "q", "id": 1}]))
    (row,) = renamed(rows, {"problem": "question"}, ("problem",))
    assert row.data == {"problem": "q", "id": 1}
    with pytest.raises(UserError, match="no column 'questoin'; there are: question, id; did you"):
        list(renamed(rows, {"problem": "questoin"}, ("problem",)))
    with pytest.raises(UserError, match="no column 'task' to map to; there are: problem"):
        list(renamed(rows, {"task": "question"}, ("problem",)))


def test_two_columns_can_change_places():
    rows = list(read_rows([{"problem": "a", "answer": "q"}]))
    (row,) = renamed(rows, {"problem": "answer", "answer": "problem"}, ("problem", "answer"))
    assert row.data == {"problem": "q", "answer": "a"}


def test_column_mappings_are_parsed():
    assert parse_columns(["problem=question", "answer=a=b"]) == {
        "problem": "question",
        "answer": "a=b",
    }
    for wrong in ("problem", "=question", "problem="):
        with pytest.raises(UserError, match="takes OURS=THEIRS"):
            parse_columns([wrong])
    with pytest.raises(UserError, match="names 'a' twice"):
        parse_columns(["a=b", "a=c"])


def test_values_as_text():
    assert [text_of(v) for v in (None, 5, 5.0, 5.5, "05", True)] == [
        None, "5", "5", "5.5", "05", "True",
    ]  # fmt: skip
