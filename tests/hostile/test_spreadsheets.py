"""CSV files of ours: read back as they were, and guarded against formulas on request."""

import csv

import pandas as pd
import pytest

from pairjudge_lab.datasets.verdicts import load_verdicts, save_verdicts
from pairjudge_lab.files.spreadsheet import csv_text
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.records import UserError
from tests.hostile.calling import call
from tests.hostile.files import KINDS, VERDICTS, written

TEXTS = [
    "=1+1",
    "+cmd|x",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "a\rb",
    "a\nb",
    'a"b',
    "a,b",
    "",
    "plain",
    "\r",
]


def table():
    rows = [{**VERDICTS[0], "response_b": str(i + 5), "text": t} for i, t in enumerate(TEXTS)]
    return pd.DataFrame(rows)


def test_texts_come_back_as_they_were(tmp_path):
    save_verdicts(table(), tmp_path / "v.csv")
    assert load_verdicts(tmp_path / "v.csv")["text"].tolist() == TEXTS


def test_formulas_are_guarded_on_request(tmp_path):
    save_verdicts(table(), tmp_path / "v.csv", guard_formulas=True)
    with (tmp_path / "v.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(TEXTS)
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r\n")]
    assert rows[0]["text"] == "'=1+1"
    assert rows[-2]["text"] == "plain"
    with pytest.raises(UserError, match="no other kind runs them"):
        save_verdicts(table(), tmp_path / "v.parquet", guard_formulas=True)


def cells(file):
    with file.open(newline="", encoding="utf-8") as lines:
        return [cell for row in csv.reader(lines) for cell in row]


def test_every_table_that_is_written_has_the_option(tmp_path):
    """A group of a curve, a selector, a problem and a judge whose names are formulas."""
    samples = [{**row, "model": "=1+1"} for row in KINDS["samples.csv"]]
    (tmp_path / "s.csv").write_bytes(written(samples, "s.csv"))
    problems = [{"problem_id": "p", "problem": "-2 + 3 = ?", "answer": "+1"}]
    (tmp_path / "p.csv").write_bytes(written(problems, "p.csv"))
    calls = {
        "out/curve.csv": ("curve", "s.csv", "--by", "model", "--n", "1,2", "--subsets", "2",
                          "--selectors", "pass", "--out", "out"),
        "q.csv": ("convert", "p.csv", "--kind", "problems", "--out", "q.csv"),
    }  # fmt: skip
    for name, words in calls.items():
        words = [str(tmp_path / w) if w.endswith(".csv") or w == "out" else w for w in words]
        for more in ((), ("--guard-formulas",)):
            code, _, err = call(*words, *more)
            assert code == 0, err
            found = [c for c in cells(tmp_path / name) if c[:1] in tuple("=+@\t\r\n")]
            assert bool(found) == (not more), (name, found)
    table = tmp_path / "bias.csv"
    write_whole(table, csv_text(pd.DataFrame([{"judge": "@x", "=n": 1}]), guard_formulas=True))
    assert cells(table) == ["judge", "'=n", "'@x", "1"]


def test_the_options(tmp_path):
    pools = tmp_path / "pools.jsonl"
    pools.write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    asked = ("judge", str(pools), "--judge", "simulated", "--guard-formulas", "--out")
    assert call(*asked, str(tmp_path / "v.csv"))[0] == 0
    assert call(*asked, str(tmp_path / "v.jsonl"))[0] == 2
    again = ("convert", str(tmp_path / "v.csv"), "--kind", "verdicts", "--guard-formulas")
    assert call(*again, "--out", str(tmp_path / "w.csv"))[0] == 0
