"""CSV files of ours: read back as they were, and guarded against formulas on request."""

import csv

import pandas as pd
import pytest

from pairjudge_lab.datasets.verdicts import load_verdicts, save_verdicts
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


def test_the_options(tmp_path):
    pools = tmp_path / "pools.jsonl"
    pools.write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    asked = ("judge", str(pools), "--judge", "simulated", "--guard-formulas", "--out")
    assert call(*asked, str(tmp_path / "v.csv"))[0] == 0
    assert call(*asked, str(tmp_path / "v.jsonl"))[0] == 2
    again = ("convert", str(tmp_path / "v.csv"), "--kind", "verdicts", "--guard-formulas")
    assert call(*again, "--out", str(tmp_path / "w.csv"))[0] == 0
