"""Candidates without a final answer are counted where selections and curves are printed, and a
simulated judge is told what a reference answer decides."""

import json

import pytest

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.answers import without_answer
from pairjudge_lab.cli import main

TEXTS = ["The capital of France is Paris.", r"So \boxed{Paris}.", r"So \boxed{Lyon}."]


@pytest.fixture
def file(tmp_path):
    row = {"problem_id": "q", "problem": "What is the capital of France?", "answer": "Paris"}
    row["candidates"] = [{"text": text} for text in TEXTS]
    path = tmp_path / "pools.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


def test_they_are_counted_in_select_and_curve(file, tmp_path, capsys):
    words = ["select", str(file), "--judge", "simulated", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    assert "or \\boxed{...}): 1; where" in capsys.readouterr().out
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["candidates_without_answer"] == 1
    words = ["curve", str(file), "--selectors", "pass,majority", "--n", "3"]
    assert main(words) == 0
    assert "or \\boxed{...}): 1; where" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["candidates_without_answer"] == {"all": 1}


def test_nothing_is_said_where_all_have_one_or_none_is_asked_for(file, tmp_path, capsys):
    (pool,) = load_pools(file)
    assert without_answer([prepare(pool)]) == 1
    row = json.loads(file.read_text())
    row["candidates"] = row["candidates"][1:]
    file.write_text(json.dumps(row) + "\n")
    assert main(["curve", str(file), "--selectors", "pass", "--n", "2"]) == 0
    assert "without a final answer" not in capsys.readouterr().out
    del row["answer"]
    row["candidates"] = [{"text": TEXTS[0], "correct": True}, {"text": "No.", "correct": False}]
    file.write_text(json.dumps(row) + "\n")
    assert main(["curve", str(file), "--selectors", "pass", "--n", "2"]) == 0
    assert "without a final answer" not in capsys.readouterr().out


def test_a_simulated_judge_is_told_what_a_reference_answer_decides(file, tmp_path, capsys):
    out = tmp_path / "verdicts.csv"
    words = ["judge", str(file), "--judge", "simulated", "--both-orders", "--out", str(out)]
    assert main(words) == 0
    assert "6" in capsys.readouterr().out
    row = json.loads(file.read_text())
    del row["answer"]
    file.write_text(json.dumps(row) + "\n")
    assert main([*words[:-1], str(tmp_path / "other.csv")]) == 2
    assert "has no 'correct'; give it, or a reference answer" in capsys.readouterr().err
