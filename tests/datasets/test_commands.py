import json

import pytest

from pairjudge_lab import load_pools, load_problems, load_verdicts
from pairjudge_lab.cli import main
from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.records import Candidate, Pool, Problem
from tests.datasets.placing import place


def run(*args):
    return main([str(a) for a in args])


def test_datasets_lists_what_is_known(lab_data, capsys):
    place("problems/aime-2025/test.jsonl", [{"problem": "Why?", "answer": "70", "id": "0"}])
    assert run("datasets") == 0
    listed = capsys.readouterr().out
    (line,) = [line for line in listed.splitlines() if line.startswith("  aime-2025")]
    assert " here " in line
    (line,) = [line for line in listed.splitlines() if line.startswith("  math-500")]
    assert " here " not in line
    assert run("datasets", "--kind", "verdicts", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["kind"] for row in rows} == {"verdicts"}
    assert {"name", "licence", "size", "purpose", "here", "source", "page", "folder"} <= set(
        rows[0]
    )


def test_datasets_tells_all_about_one(lab_data, capsys):
    assert run("datasets", "llmbar-natural") == 0
    said = capsys.readouterr().out
    assert "kind      pools (load_pools('llmbar-natural'))" in said
    assert "kind      verdicts (load_verdicts('llmbar-natural'))" in said
    assert "file      Natural/dataset.json from https://raw.githubusercontent.com/princeton" in said
    assert run("datasets", "jetts", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["files"][0].startswith("*.jsonl, unpacked from https://storage.googleapis.com/")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["datasets", "math500"], "no dataset is known as 'math500'; near: math-500"),
        (["datasets", "mt-bench-gpt4-order"], "near: mt-bench-gpt4-orders"),
        (["datasets", "reward-bench2"], "near: reward-bench-2"),
        (["datasets", "--kind", "models"], "no kind 'models' of dataset"),
        (["datasets", "--fetch"], "--fetch takes the NAME"),
        (["convert", "x", "--kind", "pools", "--to", "judgebench", "--out", "y"], "from verdicts"),
        (["convert", "x", "--kind", "pools", "--layout", "inspect", "--out", "y"], "for verdicts"),
        (["convert", "x.csv", "--kind", "pools", "--column", "a", "--out", "y"], "OURS=THEIRS"),
    ],
)
def test_wrong_arguments_are_one_line(lab_data, capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_convert_maps_columns(tmp_path, capsys):
    source = tmp_path / "mine.csv"
    source.write_text("question,solution,reply\n2 + 3?,5,It is 5.\n2 + 3?,5,It is 6.\n")
    columns = ["--column", "problem=question", "--column", "answer=solution"]
    out = tmp_path / "deep" / "pools.parquet"
    more = ["--column", "text=reply"]
    assert run("convert", source, "--kind", "pools", *columns, *more, "--out", out) == 0
    assert capsys.readouterr().out == f"1 pools written to {out}\n"
    (pool,) = load_pools(out)
    assert [c.text for c in pool.candidates] == ["It is 5.", "It is 6."]
    problems = tmp_path / "problems.jsonl"
    assert run("convert", out, "--kind", "problems", "--out", problems) == 0
    assert load_problems(problems) == [pool.problem]


def test_pools_as_csv_are_written_read_back_and_compared(tmp_path, capsys):
    """In such a file 'answer' is the problem's, in one of samples the candidate's."""
    pools = [
        Pool(
            Problem("p", "2 + 3?", "5"),
            (
                Candidate('It is\r\n5, "five".', "5", True, "m", 0.5, 7, 0.25, -0.5, "stop", 9.5),
                Candidate("", None, False, "n", tokens=0, finish="length"),
                Candidate("=2+4", "6", False, "m"),
            ),
        )
    ]
    csv, back = tmp_path / "pools.csv", tmp_path / "back.jsonl"
    save_pools(pools, csv)
    assert load_pools(csv) == pools
    assert run("convert", csv, "--kind", "pools", "--out", back) == 0
    assert load_pools(back) == pools
    guarded = tmp_path / "guarded.csv"
    assert run("convert", back, "--kind", "pools", "--guard-formulas", "--out", guarded) == 0
    assert load_pools(guarded)[0].candidates[2].text == "'=2+4"
    capsys.readouterr()
    assert run("curve", csv, "--selectors", "pass,majority", "--n", "1", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)["points"]
    assert [first["accuracy"], second["accuracy"]] == pytest.approx([1 / 3, 1 / 3])
    assert run("curve", csv, "--by", "source", "--selectors", "pass") == 2
    assert "pools with texts are one group" in capsys.readouterr().err


def test_commands_take_tables_of_another_layout(tmp_path, capsys):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("question,left,right,gold\n2 + 3?,It is 5.,It is 6.,A\n")
    names = ("problem=question", "response_a=left", "response_b=right")
    columns = [part for name in names for part in ("--column", name)]
    table = tmp_path / "verdicts.csv"
    judge = ["--judge", "simulated:accuracy=1", "--both-orders"]
    assert run("judge", pairs, *judge, *columns, "--out", table) == 0
    assert list(load_verdicts(table)["verdict"]) == ["A", "B"]
    theirs = tmp_path / "theirs.csv"
    header = "item,first,second,winner"
    theirs.write_text(f"{header}\np,x,y,A\np,y,x,B\n")
    named = zip(
        ("problem_id", "response_a", "response_b", "verdict"), header.split(","), strict=True
    )
    columns = [part for ours, name in named for part in ("--column", f"{ours}={name}")]
    capsys.readouterr()
    assert run("bias", theirs, *columns, "--json") == 0
    assert '"consistent": 1' in capsys.readouterr().out
    assert run("bias", theirs, "--column", "verdict=won") == 2
    assert "no column 'won'; there are: item, first, second, winner" in capsys.readouterr().err


def test_convert_writes_other_tools_layouts(tmp_path):
    pools = tmp_path / "pools.jsonl"
    candidates = [{"text": "5", "correct": True}, {"text": "6", "correct": False}]
    row = {"problem_id": "p", "problem": "2 + 3?", "candidates": candidates}
    pools.write_text(json.dumps(row) + "\n")
    preferences = tmp_path / "preferences.jsonl"
    assert (
        run("convert", pools, "--kind", "pools", "--to", "preferences", "--out", preferences) == 0
    )
    assert json.loads(preferences.read_text())["chosen"] == "5"
    verdicts = tmp_path / "verdicts.csv"
    verdicts.write_text("judge,problem_id,response_a,response_b,verdict\nj,p,0,1,A\nj,p,1,0,B\n")
    theirs = tmp_path / "theirs.jsonl"
    to = ["--kind", "verdicts", "--to", "judgebench", "--out", theirs]
    assert run("convert", verdicts, *to) == 2
    assert run("convert", verdicts, *to, "--pools", pools) == 0
    back = tmp_path / "back.parquet"
    assert run("convert", theirs, "--kind", "verdicts", "--out", back) == 0
    assert list(load_verdicts(back)["verdict"]) == ["A", "B"]
    assert list(load_verdicts(back)["gold"]) == ["A", "B"]
    log = tmp_path / "log.jsonl"
    to = ["--kind", "verdicts", "--to", "openai-evals", "--out", log]
    assert run("convert", verdicts, *to) == 0
    assert list(load_verdicts(log)["verdict"]) == ["A", "B"]
