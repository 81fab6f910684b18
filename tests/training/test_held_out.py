"""What is measured was not trained on, and a run goes on with the data that it began with."""

import json
import shutil

import pytest

from pairjudge_lab import UserError
from pairjudge_lab.training.audit import held_out_pairs
from pairjudge_lab.training.finetune import train
from pairjudge_lab.training.judgments import Judgment
from pairjudge_lab.training.recipes import recipe
from pairjudge_lab.training.run_data import check_held_out
from tests.training.test_finetune import FEW


def row(a="x", b="y", truth=(True, False)):
    return Judgment((), "", "p", "q", a, b, 0, 1, *truth)


def test_pairs_that_measure_nothing_are_left_out():
    sound = row("x", "z")
    turned = row("y", "x", (True, False))
    for rows in ([row(), turned, sound], [turned, sound, row()]):
        # x and y are each called right by one row and wrong by another, and so is x against z.
        assert held_out_pairs(rows, 9) == []
    assert len(held_out_pairs([row(), sound], 9)) == 2
    assert len(held_out_pairs([row(), sound], 1)) == 1
    assert held_out_pairs([row("x", "x", (True, True))], 9) == []


def test_questions_that_are_trained_on_are_not_measured(judgments, tmp_path, base):
    data = shutil.copytree(judgments, tmp_path / "data")
    shutil.copy(data / "train.jsonl", data / "held_out.jsonl")
    with pytest.raises(UserError, match="are trained on too"):
        train(base, str(data), tmp_path / "out", recipe("small", **FEW))
    check_held_out(str(data), [])


@pytest.mark.parametrize("what", ["rows", "wording"])
def test_a_run_does_not_go_on_with_other_data(judgments, tmp_path, base, what):
    data = shutil.copytree(judgments, tmp_path / "data")
    chosen = recipe("small", **FEW)
    train(base, str(data), tmp_path / "out", chosen)
    (data / "README.md").write_text("Another card changes nothing.")
    train(base, str(data), tmp_path / "out", chosen)
    if what == "rows":
        lines = (data / "train.jsonl").read_text().splitlines(keepends=True)
        (data / "train.jsonl").write_text("".join(lines[:-1]))
    else:
        wording = data / "template.md"
        wording.write_text("Once more.\n" + wording.read_text())
    with pytest.raises(UserError, match="or what the data holds"):
        train(base, str(data), tmp_path / "out", chosen)
    told = json.loads((tmp_path / "out" / "run.json").read_text())
    del told["contents"]
    (tmp_path / "out" / "run.json").write_text(json.dumps(told))
    train(base, str(data), tmp_path / "out", chosen)
