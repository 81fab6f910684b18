"""A row of a verdict table says one thing, and every reader hears the same."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab import UserError, load_verdicts, save_verdicts
from pairjudge_lab.cli import main
from pairjudge_lab.datasets.verdicts import verdict_table
from pairjudge_lab.records import Status, Verdict

SOUND = {
    "judge": "j", "problem_id": "p", "response_a": "0", "response_b": "1", "verdict": "A",
    "status": "parsed", "a_correct": True, "b_correct": False, "a_probability": 0.75,
    "b_probability": 0.25,
}  # fmt: skip
UNREAD = {"a_correct": None, "b_correct": None, "a_probability": None, "b_probability": None}


def table(**values):
    return pd.DataFrame([SOUND, SOUND | {"response_a": "2"} | values])


def test_what_agrees_is_taken():
    for more in ({}, {"status": ""}, {"status": None}, {"a_probability": 1.0, "b_probability": 0}):
        assert verdict_table(table(**more))["verdict"].tolist() == ["A", "A"]
    for status in ("unparsed", "truncated", "failed"):
        verdict_table(table(verdict="invalid", status=status, **UNREAD))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"status": "foo"}, "row 2: unknown status 'foo'; a status is one of parsed, "),
        ({"status": "failed"}, "row 2: its verdict is 'A', but its status says that none was read"),
        ({"verdict": "invalid", **UNREAD}, "row 2: its status is 'parsed', but its verdict is 'in"),
        ({"verdict": "B"}, "row 2: its verdict is 'B', but its labels make another"),
        ({"a_probability": 7.5}, "row 2: a_probability lies between 0 and 1; got .*7.5"),
        ({"b_probability": -3}, "row 2: b_probability lies between 0 and 1; got .*-3"),
        (
            {"verdict": "invalid", "status": "failed", **UNREAD, "a_probability": 0.5},
            "row 2: a verdict that was not read has no a_probability",
        ),
        ({"judge": None}, "row 2: the name of its judge is missing"),
        ({"text": [1]}, "row 2: text is a text; got"),
    ],
)
def test_what_contradicts_itself_is_refused(values, says):
    with pytest.raises(UserError, match=says):
        verdict_table(table(**values))


def test_it_refuses_what_a_verdict_refuses():
    """Against the class itself, over all combinations of what a row with labels can say."""
    taken = 0
    for status, a, b, said, sure in product(
        ("parsed", "unparsed", "failed"), (True, False, None), (True, False, None),
        ("A", "B", "tie", "neither", "invalid"), (None, 0.5),
    ):  # fmt: skip
        kind = None if said == "invalid" else "labels"
        row = {"status": status, "a_correct": a, "b_correct": b, "verdict": said, "kind": kind}
        row |= {"a_probability": sure, "b_probability": sure}
        try:
            one = Verdict(Status(status), a, b, a_probability=sure, b_probability=sure)
            possible = one.outcome == said
        except ValueError:
            possible = False
        frame = pd.DataFrame([SOUND | row])
        if possible:
            verdict_table(frame)
            taken += 1
        else:
            with pytest.raises(UserError):
                verdict_table(frame)
    assert taken == 10


def test_commands_say_it_in_one_line(tmp_path, capsys):
    file = tmp_path / "failed.jsonl"
    rows = [SOUND | {"status": "failed"}, SOUND | {"response_a": "2", "status": "failed"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["bias", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "row 1: its verdict is 'A', but its status" in line


def test_a_judge_called_007_and_an_answer_0012_stay_texts(tmp_path):
    told = table(text="0012").assign(judge="007", text="0012", reason="True")
    for suffix in (".csv", ".jsonl", ".parquet"):
        save_verdicts(told, tmp_path / f"v{suffix}")
        back = load_verdicts(tmp_path / f"v{suffix}", judge="007")
        assert back[["judge", "text", "reason"]].drop_duplicates().values.tolist() == [
            ["007", "0012", "True"]
        ]
    # A column of numbers where texts belong, in a kind of file that tells them apart.
    told.assign(text=[12, 13]).to_parquet(tmp_path / "n.parquet")
    assert load_verdicts(tmp_path / "n.parquet")["text"].tolist() == ["12", "13"]


def test_probabilities_are_written_as_they_are(tmp_path):
    exact = [1.23456789012345e-13, 0.123456789012345678]
    told = table().assign(a_probability=exact, b_probability=exact[::-1])
    for suffix in (".csv", ".jsonl", ".parquet"):
        save_verdicts(told, tmp_path / f"v{suffix}")
        assert load_verdicts(tmp_path / f"v{suffix}")["a_probability"].tolist() == exact


@pytest.mark.parametrize(
    ("suffix", "extra"),
    [
        (".parquet", ["a", 3]),
        (".parquet", [10**20, 1]),
        (".parquet", [[], {}]),
        (".parquet", [{}, {}]),
        (".jsonl", [b"\xff", b""]),
    ],
)
def test_a_column_that_a_file_cannot_hold_is_said(tmp_path, suffix, extra):
    file = tmp_path / f"v{suffix}"
    told = table().assign(more=pd.Series(extra, dtype=object))
    with pytest.raises(UserError, match=r"column"):
        save_verdicts(told, file)
    assert not list(tmp_path.iterdir())


def test_other_columns_are_written_too(tmp_path):
    more = {"when": pd.to_datetime(["2026-01-02", "2026-01-03"]), "list": [[1], None]}
    save_verdicts(table().assign(**more, n=[np.int64(1), None]), tmp_path / "v.jsonl")
    first, second = map(json.loads, (tmp_path / "v.jsonl").read_text().splitlines())
    assert (first["when"], first["list"], first["n"]) == ("2026-01-02 00:00:00", [1], 1)
    assert (second["list"], second["n"]) == (None, None)
