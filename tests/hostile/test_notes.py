"""What a command wrote down in its folder, broken afterwards: one line, and never a traceback."""

import json
from pathlib import Path

import pytest

from pairjudge_lab.embedded import data_path
from pairjudge_lab.files.notes import read_note
from pairjudge_lab.records import UserError
from pairjudge_lab.runs import load_run
from pairjudge_lab.study.planning import plan_study
from pairjudge_lab.study.run import run_study
from pairjudge_lab.training.base_models import load_tokenizer
from pairjudge_lab.training.encoding import Encoder, encoded
from pairjudge_lab.training.finetune import read_history, train
from pairjudge_lab.training.recipes import recipe
from pairjudge_lab.training.run_data import read_critiques
from tests.hostile.calling import call, holds
from tests.hostile.files import JUDGMENTS, KINDS, written
from tests.study.test_study import study

BROKEN = ["", "[", "[]", "null", "1", '"x"', "{}", "[" * 100_000, '{"plan": []}', "\x00", "\\"]


def changed(file, **more):
    file.write_text(json.dumps({**json.loads(file.read_text()), **more}))


def small():
    return study(problems=study().problems[:2], n=2)


def refused(action, file):
    """Each broken text in a file's place is told with its name."""
    for text in BROKEN:
        file.write_text(text)
        with pytest.raises(UserError, match=file.name):
            action()


def test_a_studys_plan(tmp_path):
    plan = plan_study(small(), tmp_path)
    file = tmp_path / "plan.json"
    sound = json.loads(file.read_text())
    assert plan_study(small(), tmp_path) == plan
    for name, told in (("sampling", sound["sampling"]), *sound["judges"].items()):
        less = dict(list(told.items())[1:])
        for broken in ([], {}, less, {**told, "seconds": None}, {**told, "asked": {"g": [1]}}):
            if name == "sampling":
                changed(file, sampling=broken)
            elif "asked" in broken:
                continue
            else:
                changed(file, sampling=sound["sampling"], judges={name: broken})
            with pytest.raises(UserError, match=r"plan\.json is not sound"):
                plan_study(small(), tmp_path)
    changed(file, **sound, later=1)
    assert plan_study(small(), tmp_path) == plan
    refused(lambda: plan_study(small(), tmp_path), file)


def test_a_studys_account_of_its_pools(tmp_path):
    run_study(small(), tmp_path)
    file = tmp_path / "pools.json"
    sound = json.loads(file.read_text())
    for name, broken in (
        ("counts", {}),
        ("counts", {**sound["counts"], "empty": "x"}),
        ("counts", {**sound["counts"], "left_out": 1}),
        ("stopped", None),
    ):
        file.write_text(json.dumps(sound))
        changed(file, **{name: broken})
        with pytest.raises(UserError, match=r"pools\.json is not sound"):
            run_study(small(), tmp_path)
    refused(lambda: run_study(small(), tmp_path), file)


def test_the_command_tells_it_in_one_line(tmp_path):
    (tmp_path / "plan.json").write_text("[")
    ended = call(
        "study", "embedded", "--generator", "tiny-solver", "--judge", "simulated", "--limit", "1",
        "--n", "2", "--out", str(tmp_path),
    )  # fmt: skip
    assert ended[0] == 2
    assert not holds(*ended)
    assert "move it away, and the same command writes it anew" in ended[2]


def test_a_finished_run(tmp_path):
    pools = tmp_path / "p.jsonl"
    pools.write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    assert call("select", str(pools), "--judge", "simulated", "--out", str(tmp_path))[0] == 0
    file = tmp_path / "run.json"
    sound = json.loads(file.read_text())
    for name in ("judge", "wall_seconds"):
        file.write_text(json.dumps({key: value for key, value in sound.items() if key != name}))
        with pytest.raises(UserError, match=r"run\.json is not sound"):
            load_run(tmp_path)
    refused(lambda: load_run(tmp_path), file)


def test_a_training_runs_notes(tmp_path):
    data, out = tmp_path / "j.jsonl", tmp_path / "out"
    data.write_bytes(written(JUDGMENTS, "j.jsonl"))
    out.mkdir()
    refused(lambda: train("tiny", str(data), out, recipe("small")), out / "run.json")
    history = out / "history.jsonl"
    for text in ("[]\n", "{\n", '{"loss": 1}\n1\n'):
        history.write_text(text)
        with pytest.raises(UserError, match=r"history\.jsonl, line"):
            read_history(out)


def test_a_note_beside_the_rows(tmp_path):
    rows = tmp_path / "pairwise.arrow"
    rows.write_bytes(b"")
    encoder = Encoder(load_tokenizer(str(data_path("tiny-judge"))), "pairwise", 100)
    refused(lambda: encoded(encoder, [], rows, {}), rows.with_suffix(".json"))


def test_critiques(tmp_path):
    file = tmp_path / "critiques.jsonl"
    row = {"question": "q", "response": "r", "completion": "c"}
    file.write_text(json.dumps(row) + "\n")
    assert read_critiques(tmp_path) == {("q", "r"): "c"}
    for broken in ("[", "[]", "1", "{}", json.dumps({**row, "response": ["r"]})):
        file.write_text(json.dumps(row) + f"\n{broken}\n")
        with pytest.raises(UserError, match=r"critiques\.jsonl, line 2"):
            read_critiques(tmp_path)


def test_a_shape():
    with pytest.raises(UserError, match="no such file"):
        read_note(Path("absent.json"), {})
