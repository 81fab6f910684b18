"""What a command writes replaces nothing that it reads, and no two outputs are one file."""

import json
import os

import pytest

from tests.hostile.calling import call, holds
from tests.hostile.files import KINDS, written

CALLS = {
    "judge, pools": "judge d/p.jsonl --judge simulated --out d/p.jsonl",
    "judge, pools by another way": "judge d/p.jsonl --judge simulated --out d/x/../p.jsonl",
    "judge, pools by a link": "judge d/p.jsonl --judge simulated --out d/link.jsonl",
    "judge, pools with a second name": "judge d/p.jsonl --judge simulated --out d/hard.jsonl",
    "judge, recording": "judge d/p.jsonl --judge recorded:d/v.jsonl --out d/v.jsonl",
    "judge, recording of one": "judge d/p.jsonl --judge recorded:d/v.jsonl#j --out d/v.jsonl",
    "judge, cascade": "judge d/p.jsonl --judge "
    "cascade:threshold=0.7:recorded:d/w.jsonl++recorded:d/v.jsonl --out d/v.jsonl",
    "judge, template": "judge d/p.jsonl --judge simulated --template d/w.jsonl --out d/w.jsonl",
    "judge, store": "judge d/p.jsonl --judge simulated --out d/b.csv --store d/b.csv",
    "judge, store and pools": "judge d/p.jsonl --judge simulated --out d/b.csv --store d/p.jsonl",
    "judge, store and log": "judge d/p.jsonl --judge simulated --out d/b.csv "
    "--store d/progress.log",
    "select, pools": "select d/pools.jsonl --judge simulated --n 2 --out d",
    "select, store": "select d/p.jsonl --judge simulated --n 2 --out d --store d/run.json",
    "choose, store": "choose d/p.jsonl --model tiny --out d/c.sqlite",
    "choose, pools": "choose d/p.jsonl --model tiny --out d/p.jsonl",
    "choose, model": "choose d/p.jsonl --model d/m.gguf --out d/m.gguf",
    "cascade, first": "cascade d/p.jsonl d/w.jsonl d/v.jsonl --threshold 0.5 --out d/w.jsonl",
    "cascade, second": "cascade d/p.jsonl d/w.jsonl d/v.jsonl --threshold 0.5 --out d/v.jsonl",
    "cascade, pools": "cascade d/p.jsonl d/w.jsonl d/v.jsonl --threshold 0.5 --out d/p.jsonl",
    "convert": "convert d/p.jsonl --kind problems --out d/p.jsonl",
    "convert, pools": "convert d/v.jsonl --kind verdicts --to judgebench --pools d/p.jsonl "
    "--out d/p.jsonl",
    "sample, problems": "sample d/p.jsonl --model tiny-solver --n 1 --out d/p.jsonl",
    "sample, shots": "sample embedded --model tiny-solver --shots d/p.jsonl --out d/p.jsonl",
    "sample, store": "sample embedded --limit 1 --model tiny-solver --n 1 --out d/b.csv "
    "--store d/b.csv",
    "annotate": "annotate d/train.jsonl --judge simulated --out d",
    "train, data": "train --base tiny --data d/data --out d/data",
    "train, base": "train --base d/data --data d/w.jsonl --out d/data",
    "curve": "curve d/curve.csv --selectors majority --n 1,2 --subsets 2 --out d",
    "plan": "plan d/p.jsonl --verdicts j=d/plan.csv --budget 3 --out d",
    "plan of a study": "plan embedded --verdicts embedded --limit 4 --budget 3 --out d/study",
    "study": "study d/pools.parquet --generator tiny-solver --judge tiny --limit 1 --n 2 --out d",
    "bias": "bias d/v.svg --picture d/v.svg",
    "calibration": "calibration d/v.svg --picture d/v.svg",
    "price": "price d/p.jsonl d/v.svg --picture d/v.svg",
    "report": "report scaling --pools d/p.jsonl --out d/p.jsonl",
    "report, two": "report scaling --pools d/p.jsonl --out d/r.html --notebook d/r.html",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder ``d`` with pools and verdicts under every name that a command would write."""
    folder = tmp_path / "d"
    for name in ("x", "data", "study"):
        (folder / name).mkdir(parents=True)
    for name in ("p.jsonl", "pools.jsonl", "train.jsonl", "m.gguf"):
        (folder / name).write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    (folder / "pools.parquet").write_bytes(written(KINDS["pools.parquet"], "pools.parquet"))
    for name in ("v.jsonl", "w.jsonl", "v.svg"):
        (folder / name).write_bytes(written(KINDS["verdicts.jsonl"], "verdicts.jsonl"))
    (folder / "plan.csv").write_bytes(written(KINDS["verdicts.csv"], "verdicts.csv"))
    (folder / "curve.csv").write_bytes(written(KINDS["samples.csv"], "samples.csv"))
    (folder / "data" / "train.jsonl").write_bytes(written(KINDS["judgments.jsonl"], "j.jsonl"))
    (folder / "link.jsonl").symlink_to(folder / "p.jsonl")
    os.link(folder / "p.jsonl", folder / "hard.jsonl")
    for name in ("study.sqlite", "plan.json"):
        (folder / "study" / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    return folder


def files_of(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", CALLS)
def test_no_output_replaces_an_input_or_the_store(here, name):
    before = files_of(here)
    ended = call(*CALLS[name].split())
    assert ended[0] == 2, ended
    assert not holds(*ended)
    assert "would replace" in ended[2] or "are the same file" in ended[2]
    assert files_of(here) == before


@pytest.mark.parametrize(
    "words",
    [
        "judge p.jsonl --judge simulated --out v.csv --json",
        "select p.jsonl --judge simulated --n 2 --out run --json",
        "curve p.jsonl --selectors majority --n 1,2 --subsets 2 --out . --json",
    ],
)
def test_the_same_command_goes_on_in_its_own_output(here, monkeypatch, words):
    monkeypatch.chdir(here)
    told = []
    for _ in range(2):
        code, out, err = call(*words.split())
        assert code == 0, err
        told.append(json.loads(out))
    if words.startswith("judge"):
        assert told[0]["from_store"] == 0
        assert told[1]["from_store"] == told[0]["verdicts"]
