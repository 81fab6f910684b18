"""The code of docs/datasets.md runs, in the order in which it stands there."""

import json
import re
from pathlib import Path

from pairjudge_lab.cli import main
from pairjudge_lab.datasets.registry import KINDS, entries
from tests.datasets.placing import place
from tests.datasets.test_inspect_logs import BOTH_ORDERS, inspect_log

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")


def test_the_pages_code_runs(lab_data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    row = {"problem": "What is $1+1$?", "answer": "2", "unique_id": "1"}
    place("problems/math-500/test.jsonl", [row])
    sample = {**BOTH_ORDERS[0], "scores": {"pairwise": {"value": "left"}, "other": {"value": 1}}}
    log = tmp_path / "inspect.json"
    log.write_text(json.dumps(inspect_log([sample])))
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) == 12
    few = ["select", "embedded", "--judge", "simulated:accuracy=0.8", "-n", "4", "--limit", "8"]
    assert main([*few, "--out", "run"]) == 0
    capsys.readouterr()
    printed = []
    for block in blocks:
        names = {"log_path": log}
        exec(compile(block, "docs/datasets.md", "exec"), names)
        printed.append(capsys.readouterr().out)
        if "read_layout" in block:
            assert [row["verdict"] for row in names["rows"]] == ["A"]
    assert printed[0] == "What is $1+1$? 2\n"
    question, answer, checked = printed[1].rsplit(maxsplit=2)
    assert "coins" in question
    assert answer == checked
    assert "[True, False]" in printed[3]
    assert "consistent" in printed[4]
    assert "battle" in printed[5]
    assert "4 verdicts of simulated" in printed[7]
    assert "simulated:accuracy=0.7" in printed[8]
    assert "consistent" in printed[9]
    assert "best-score" in printed[10]
    assert "knockout" in printed[11]
    assert (tmp_path / "again.html").stat().st_size > 10_000


def test_the_page_names_every_dataset():
    for kind in KINDS:
        (line,) = re.findall(rf"^\| {kind} \| (.*) \|$", PAGE, flags=re.MULTILINE)
        listed = set(re.findall(r"`([^`]+)`", line))
        known = {entry.name for entry in entries(kind)} - {"pairjudge-432k"}
        assert listed == known
