"""Model folders and answers made to look sound."""

import json
import shutil
import subprocess
import sys

import pytest
from safetensors.torch import load_file, save_file

from pairjudge_lab import Match, ModelOptions, Pool, Status, UserError, load_judge
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.batches import AnthropicBatchEngine, BatchOptions, OpenAIBatchEngine
from pairjudge_lab.engines.contract import Request, generate
from pairjudge_lab.engines.server.faults import AttemptError
from pairjudge_lab.engines.server.options import KEY_VARIABLE
from pairjudge_lab.engines.server.reading import Reading
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.training.finetune import train
from pairjudge_lab.training.judgments import read_judgments
from pairjudge_lab.training.recipes import recipe
from tests.engines.batch_server import (
    AnthropicServer,
    OpenAIServer,
    anthropic_answer,
    openai_answer,
)

MATCH = Match(Pool.from_texts("What is 2 + 3?", ["It is five.", "5"]), 0, 1)
KEY = "sk-live-0123456789abcdefABCDEF"
ASKED = [Request((("user", "case 1"),))]


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(data_path("tiny-judge"), tmp_path / "judge")


def change(file, **values):
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--base", "judge", "--data", "rows.jsonl", "--out", "o", "--max-steps", "1"],
        ["judge", "embedded", "--limit", "1", "--judge", "./judge", "--protocol", "pairrm",
         "--out", "o.csv"],
        ["judge", "embedded", "--limit", "1", "--judge", "./judge", "--out", "o.csv"],
    ],
)  # fmt: skip
def test_a_models_own_code_does_not_run_though_somebody_says_yes_to_all(tmp_path, folder, words):
    code = "open('RAN', 'w')\nfrom transformers import PretrainedConfig as Cfg\nTok = Cfg\n"
    (folder / "evil.py").write_text(code)
    change(folder / "config.json", model_type="evil", auto_map={"AutoConfig": "evil.Cfg"})
    auto = {"AutoTokenizer": ["evil.Tok", None]}
    change(folder / "tokenizer_config.json", tokenizer_class="Tok", auto_map=auto)
    (tmp_path / "rows.jsonl").write_text('{"prompt": "1 + 1?", "completion": "2"}\n' * 8)
    ran = subprocess.run(
        [sys.executable, "-m", "pairjudge_lab", *words],
        cwd=tmp_path, input="y\n" * 9, capture_output=True, text=True,
    )  # fmt: skip
    assert not list(tmp_path.rglob("RAN"))
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


def test_weights_outside_the_folder_are_not_loaded(tmp_path, folder):
    weights = folder / "model.safetensors"
    names = list(load_file(weights))
    weights.rename(tmp_path / "w.safetensors")
    save_file({"x": load_file(tmp_path / "w.safetensors")[names[0]]}, folder / "x.safetensors")
    index = {"weight_map": dict.fromkeys(names, "../w.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match="is not the name of a file in the folder"):
        load_judge(str(folder), ModelOptions(fast=True))


def test_logits_that_are_no_numbers_are_no_verdict(folder):
    weights = load_file(folder / "model.safetensors")
    large = {k: v.float() * (1e30 if "norm" in k else 1) for k, v in weights.items()}
    save_file(large, folder / "model.safetensors", metadata={"format": "pt"})
    change(folder / "config.json", dtype="float32")
    (verdict,) = load_judge(str(folder), ModelOptions(fast=True)).judge([MATCH])
    assert verdict.status is Status.FAILED
    assert "no numbers" in verdict.reason
    assert (verdict.a_probability, verdict.b_probability) == (None, None)


@pytest.mark.parametrize("said", ["abort", "error", "insufficient_system_resource", "tool_calls"])
def test_an_answer_that_was_broken_off_is_not_complete(said):
    reading = Reading(())
    choice = {"message": {"content": "At first sight [[A]]"}, "finish_reason": said}
    reading.feed({"choices": [{"index": 0, **choice}]})
    with pytest.raises(AttemptError, match="broke the answer off"):
        reading.completion(0.0)


@pytest.mark.parametrize(
    ("said", "finish"),
    [("pause_turn", "error"), ("model_context_window_exceeded", "length"), ("end_turn", "stop")],
)
def test_what_anthropic_says_of_an_answers_end(tmp_path, said, finish):
    def answer(item):
        line = anthropic_answer(item)
        line["result"]["message"]["stop_reason"] = said
        return line

    with AnthropicServer(answer, 0) as server:
        options = BatchOptions(poll=0.05)
        engine = AnthropicBatchEngine("m", tmp_path / "b.json", options, address=server.address)
        assert generate(engine, ASKED, GenerationConfig())[0].finish == finish


def test_batches_do_not_give_the_key_away(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)

    def of_openai(item):
        line = openai_answer(item)
        line["response"]["body"]["choices"][0]["message"]["content"] = f"you sent: Bearer {KEY}"
        return line

    def of_anthropic(item):
        line = anthropic_answer(item)
        line["result"]["message"]["content"][1]["text"] = f"you sent: Bearer {KEY}"
        return line

    options, found = BatchOptions(poll=0.05), []
    with OpenAIServer(of_openai, 0) as server:
        engine = OpenAIBatchEngine(server.address, "m", tmp_path / "a.json", options)
        found += generate(engine, ASKED, GenerationConfig())
    with AnthropicServer(of_anthropic, 0) as server:
        other = AnthropicBatchEngine("m", tmp_path / "b.json", options, address=server.address)
        found += generate(other, ASKED, GenerationConfig())
    assert [one.text for one in found] == ["you sent: Bearer [key]"] * 2


@pytest.mark.parametrize(
    ("name", "value"), [("a_correct", "false"), ("b_correct", 2), ("a", "0"), ("response_a", 5)]
)
def test_a_training_row_says_its_truth_as_true_or_false(tmp_path, name, value):
    row = {"prompt": "q", "completion": "c", "question": "q", "response_a": "x", "response_b": "y",
           "a_correct": False, "b_correct": True} | {name: value}  # fmt: skip
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(UserError, match=f"{name} is "):
        list(read_judgments(tmp_path / "rows.jsonl"))


def test_a_prompt_of_blanks_is_read_in_no_time(tmp_path):
    row = {"prompt": "<question>" + " " * 20_000, "completion": "c"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    # Cubic time would need days; the suite's limit of time is the assertion.
    (found,) = read_judgments(tmp_path / "rows.jsonl")
    assert found.question is None


@pytest.mark.parametrize("kind", ["pairwise", "reward"])
@pytest.mark.parametrize("fault", ["missing", "no number"])
def test_a_base_that_is_not_whole_is_not_trained(tmp_path, folder, kind, fault):
    weights = load_file(folder / "model.safetensors")
    name = "model.layers.0.self_attn.q_proj.weight"
    if fault == "missing":
        del weights[name]
    else:
        weights[name][0, 0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    rows = [
        {"prompt": "1 + 1?", "completion": "2", "question": "1 + 1?", "response_a": "2",
         "response_b": "3", "a_correct": True, "b_correct": False, "problem_id": str(number)}
        for number in range(20)
    ]  # fmt: skip
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    says = {"missing": f"1 weights are missing: {name}", "no number": "values that are no numbers"}
    made = recipe("small", kind=kind, max_steps=1, batch_size=2, device_batch=2, evaluations=0)
    with pytest.raises(UserError, match=says[fault]):
        train(str(folder), str(data), tmp_path / "out", made)
