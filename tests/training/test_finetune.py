"""Training for real: three kinds, adapters, kills, two processes; and what is refused."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pairjudge_lab import load_judge
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.judges.scalar import ScalarJudge
from pairjudge_lab.protocols import PointwiseProtocol
from pairjudge_lab.records import Match, Status, UserError
from pairjudge_lab.training.audit import audit, held_out_pairs
from pairjudge_lab.training.finetune import read_history, train
from pairjudge_lab.training.judgments import read_folder
from pairjudge_lab.training.recipes import PRESETS, Recipe, recipe

FEW = {"epochs": 9, "max_steps": 4, "batch_size": 8, "device_batch": 4, "evaluations": 2,
       "held_out_pairs": 6, "learning_rate": 1e-4}  # fmt: skip


def command(base, data, out, *more):
    return [
        sys.executable, "-m", "pairjudge_lab", "train", "--base", base, "--data", str(data),
        "--out", str(out), "--preset", "small", "--batch-size", "8", "--device-batch", "4",
        "--learning-rate", "1e-4", "--warmup", "0", "--no-bf16", *map(str, more),
    ]  # fmt: skip


ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


def losses(folder):
    return [entry["loss"] for entry in read_history(folder) if "loss" in entry]


@pytest.mark.slow
def test_a_pairwise_judge_is_trained_audited_and_opened(base, judgments, pools, tmp_path):
    out = train(base, str(judgments), tmp_path / "judge", recipe("small", **FEW))
    judge = load_judge(str(out))
    assert judge.protocol.template.text.startswith("Check each response step by step")
    verdicts = judge.judge([Match(pools[0], 0, 1)])
    assert verdicts[0].status is Status.PARSED
    audits = [entry for entry in read_history(out) if "pairs" in entry]
    assert [entry["step"] for entry in audits] == [2, 4]
    # The audit of a run is the audit of the folder that it left.
    pairs = held_out_pairs(read_folder(judgments, "held_out"), 6)
    again = audit(judge, pairs).to_dict()
    for name, value in again.items():
        assert audits[-1][name] == pytest.approx(value, abs=1e-6, nan_ok=True), name
    card = (out / "README.md").read_text()
    assert f"{100 * again['label_accuracy']:.1f}" in card
    assert "learning_rate 0.0001" in card
    with pytest.raises(UserError, match="holds another run"):
        train(base, str(judgments), out, recipe("small", **{**FEW, "learning_rate": 1e-3}))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pointwise", "reward"])
def test_rivals_are_trained_from_the_same_data(kind, base, judgments, pools, tmp_path):
    settings = {**FEW, "kind": kind, "max_steps": 30, "learning_rate": 1e-3}
    out = train(base, str(judgments), tmp_path / kind, recipe("small", **settings))
    judge = load_judge(str(out))
    verdicts = judge.judge([Match(pools[0], a, b) for a, b in ((0, 1), (1, 0))])
    if kind == "reward":
        assert all(v.status is Status.PARSED for v in verdicts)
        assert isinstance(judge, ScalarJudge)
        assert {v.preference for v in verdicts} in ({"A", "B"}, {"tie"})
    else:
        # Thirty steps teach it no format, but each response is asked about alone.
        assert isinstance(judge.protocol, PointwiseProtocol)
        assert (verdicts[0].a_correct, verdicts[0].b_correct) == (
            verdicts[1].b_correct, verdicts[1].a_correct
        )  # fmt: skip
    run = losses(out)
    assert run[-1] < run[0], "it learned something"


@pytest.mark.slow
# peft asks transformers by a name that is to go.
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_adapters_are_trained_and_folded_in(base, judgments, tmp_path):
    pytest.importorskip("peft", reason="peft is not installed")
    out = train(base, str(judgments), tmp_path / "lora", recipe("small", **FEW, lora_rank=4))
    assert not (out / "adapter_model.safetensors").exists()
    assert load_judge(str(out), ModelOptions(dtype="float32")).engine.model.num_parameters() < 1.2e6
    with pytest.raises(UserError, match="give them adapters"):
        Recipe(four_bit=True)


@pytest.mark.slow
def test_a_run_that_is_killed_three_times_ends_like_one_that_is_not(base, judgments, tmp_path):
    """``kill -9`` at three moments drawn at random; the loss curve agrees to 1e-4."""
    more = ("--epochs", 2.0, "--max-steps", 24, "--save-every", 3, "--evaluations", 0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(base, judgments, whole, *more), check=True, env=ALONE,
                   capture_output=True)  # fmt: skip
    rng, kills = random.Random(5), 0
    while kills < 3:
        run = subprocess.Popen(
            command(base, judgments, killed, *more), env=ALONE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        seen = checkpoints(killed)
        while checkpoints(killed) <= seen and run.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.4))
        if run.poll() is not None:
            break
        run.send_signal(signal.SIGKILL)
        run.wait()
        kills += 1
    assert kills == 3, "the run was over before it could be killed three times"
    subprocess.run(command(base, judgments, killed, *more), check=True, env=ALONE,
                   capture_output=True)  # fmt: skip
    assert losses(killed) == pytest.approx(losses(whole), abs=1e-4)
    assert len(losses(whole)) == 24


def checkpoints(folder):
    names = (folder / "checkpoints").glob("checkpoint-*/trainer_state.json")
    return max((int(name.parent.name.rpartition("-")[2]) for name in names), default=0)


@pytest.mark.slow
def test_two_processes_give_the_loss_of_one_with_twice_the_accumulation(base, judgments, tmp_path):
    more = ("--epochs", 2.0, "--max-steps", 8, "--evaluations", 0)
    one, two = tmp_path / "one", tmp_path / "two"
    subprocess.run(command(base, judgments, one, *more), check=True, env=ALONE,
                   capture_output=True)  # fmt: skip
    launch = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--nnodes=1",
        "--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0", "-m", "pairjudge_lab",
    ]  # fmt: skip
    words = command(base, judgments, two, *more)[3:]
    done = subprocess.run([*launch, *words], env=ALONE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "2 device(s)" in (two / "README.md").read_text()
    assert "1 device(s)" in (one / "README.md").read_text()
    assert losses(two) == pytest.approx(losses(one), abs=1e-3)
    assert len(losses(one)) == 8


def test_bad_input_is_refused_before_anything_is_trained(base, judgments, tmp_path):
    few = recipe("small", **FEW)

    def refused(match, base=base, data=judgments, chosen=few):
        with pytest.raises(UserError, match=match):
            train(str(base), str(data), tmp_path / str(random.random()), chosen)

    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    refused("holds no rows", data=empty)
    other = tmp_path / "other.jsonl"
    other.write_text('{"text": "abc"}\n')
    refused("the first row is", data=other)
    bare = tmp_path / "bare.jsonl"
    bare.write_text(json.dumps({"prompt": "x", "completion": "y"}) + "\n")
    refused("do not say what was judged", data=bare,
            chosen=recipe("small", **{**FEW, "kind": "reward"}))  # fmt: skip
    uncritical = shutil.copytree(judgments, tmp_path / "uncritical")
    (uncritical / "critiques.jsonl").unlink()
    refused("annotate --critic", data=uncritical,
            chosen=recipe("small", **{**FEW, "kind": "pointwise"}))  # fmt: skip
    placeless = shutil.copytree(judgments, tmp_path / "placeless")
    (placeless / "template.md").write_text("Judge {question} and {response_a}")
    refused("response_b", data=placeless)
    silent = shutil.copytree(base, tmp_path / "silent")
    (silent / "chat_template.jinja").unlink()
    refused("has no chat template", base=silent)
    refused("there is no config.json in it", base=tmp_path)
    refused(
        "a batch of 8 cannot be divided into 3 rows on each of 1 device; choose a device batch of "
        "1, 2, 4, 8",
        chosen=recipe("small", **{**FEW, "device_batch": 3}),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "both"}, "choose pairwise"),
        ({"schedule": "steps"}, "choose constant"),
        ({"dtype": "int8"}, "float32 or bfloat16"),
        ({"batch_size": 0}, "batch_size is at least 1"),
        ({"epochs": 0}, "above 0"),
        ({"lora_rank": -1}, "0 or more"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        recipe("small", **change)


def test_the_papers_recipe_is_the_papers():
    paper = PRESETS["paper"]
    assert (paper.learning_rate, paper.batch_size, paper.epochs, paper.weight_decay) == (
        1e-5, 128, 8, 0.0
    )  # fmt: skip
    assert paper.accumulation(8) == 4
    with pytest.raises(UserError, match="no preset named 'other'"):
        recipe("other")
    with pytest.raises(UserError, match="choose a batch that 7 divides"):
        Recipe(batch_size=64, device_batch=4).accumulation(7)
