"""CSV files of ours: read back as they were, and guarded against formulas on request."""

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

import pairjudge_lab
from pairjudge_lab.datasets.verdicts import load_verdicts, save_verdicts
from pairjudge_lab.files.spreadsheet import csv_text
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.records import UserError
from tests.cli.test_options import PARSERS
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


HOME = Path(pairjudge_lab.__file__).parent
WRITERS = ("csv_text", "save_verdicts", "save_pools", "save_problems", "write_findings")


def test_every_command_that_can_write_csv_has_the_option():
    offered = {name: parser.format_help() for name, parser in PARSERS.items()}
    writing = {
        file.stem
        for file in (HOME / "cli").glob("*.py")
        if any(writer in file.read_text("utf-8") for writer in WRITERS)
    }
    assert writing >= {"cascade", "convert", "curve", "judge", "plan", "sample", "study"}
    assert [name for name in writing if "--guard-formulas" not in offered[name]] == []
    told = {name for name, text in offered.items() if re.search(r"--out .{0,120}csv", text, re.S)}
    assert told >= {"cascade", "judge", "plan", "sample"}
    assert [name for name in told if "--guard-formulas" not in offered[name]] == []


def test_one_function_writes_csv():
    files = [file for file in HOME.rglob("*.py") if ".to_csv(" in file.read_text("utf-8")]
    assert [file.name for file in files] == ["spreadsheet.py"]


def renamed(rows, **more):
    """The rows of twice as many problems, whose names are formulas."""
    return [
        {**row, **more, "problem_id": f"{sign}{row['problem_id']}"} for sign in "=@" for row in rows
    ]


def test_plans_cascades_and_samples_are_guarded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, judge in {"first": "@first", "second": "+second"}.items():
        more = {"judge": judge, "a_probability": 0.9, "b_probability": 0.1}
        rows = renamed(VERDICTS, **more)
        Path(f"{name}.jsonl").write_bytes(written(rows, "v.jsonl"))
    Path("p.jsonl").write_bytes(written(renamed(KINDS["pools.jsonl"]), "p.jsonl"))
    Path("q.jsonl").write_text('{"problem": "=2+3", "answer": "5"}\n')
    calls = {
        "c.csv": "cascade p.jsonl first.jsonl second.jsonl --threshold 0.5 --out c.csv",
        "plan/plan.csv": "plan p.jsonl --verdicts first.jsonl --budget 3 --n 2 --subsets 2 "
        "--votes 1 --tournaments knockout --out plan",
        "s.csv": "sample q.jsonl --model tiny-solver --n 1 --max-new-tokens 2 --out s.csv",
    }
    for name, words in calls.items():
        for more in ([], ["--guard-formulas"]):
            code, _, err = call(*words.split(), *more)
            assert code == 0, err
            found = [c for c in cells(tmp_path / name) if c[:1] in tuple("=+@\t\r\n")]
            assert bool(found) == (not more), (name, found)
    wrong = calls["c.csv"].replace("--out c.csv", "--out c.jsonl")
    assert call(*wrong.split(), "--guard-formulas")[0] == 2
    wrong = calls["s.csv"].replace("--out s.csv", "--out s.jsonl")
    assert call(*wrong.split(), "--guard-formulas")[0] == 2


def test_the_options(tmp_path):
    pools = tmp_path / "pools.jsonl"
    pools.write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    asked = ("judge", str(pools), "--judge", "simulated", "--guard-formulas", "--out")
    assert call(*asked, str(tmp_path / "v.csv"))[0] == 0
    assert call(*asked, str(tmp_path / "v.jsonl"))[0] == 2
    again = ("convert", str(tmp_path / "v.csv"), "--kind", "verdicts", "--guard-formulas")
    assert call(*again, "--out", str(tmp_path / "w.csv"))[0] == 0
