"""Broken and enormous model folders: one line each, in no time and in no memory."""

import json
import os
import shutil
import struct

import pytest

from pairjudge_lab import ModelOptions, UserError, load_judge
from pairjudge_lab.embedded import data_path
from pairjudge_lab.training.base_models import load_tokenizer, tokenizer_digest
from pairjudge_lab.training.finetune import train
from pairjudge_lab.training.recipes import recipe
from tests.training.test_finetune import FEW


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(data_path("tiny-judge"), tmp_path / "judge")


def change(file, **values):
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def header(told):
    text = told.encode()
    return struct.pack("<Q", len(text)) + text


ONE = '{"x": {"dtype": "F32", "shape": [1], "data_offsets": %s}}'


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\1", header("[]"), header("5"), header('{"x": 5}'), header("[" * 50_000),
        header('{"x": []}'), header(ONE % "[0]"), header(ONE % "[8, 4]"), header(ONE % "[0, 4e9]"),
        header(ONE % "[-4, 0]"), header(ONE % '["0", "4"]'),
        header(ONE % ("[0, 1" + "0" * 400 + "]")),
        struct.pack("<Q", 1 << 60), struct.pack("<Q", 8) + b"\xff" * 8,
    ],
)  # fmt: skip
def test_weights_whose_header_is_broken(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="is not a sound safetensors file") as caught:
        load_judge(str(folder))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "second.safetensors", "config.json", "tokenizer.json", "vocab.json",
     "generation_config.json", "chat_template.jinja", "judge_template.md"],
)  # fmt: skip
def test_a_pipe_in_a_model_folder_is_not_waited_for(folder, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(UserError):
        load_judge(str(folder))


@pytest.mark.parametrize("ends", [[[2]], {}, "two", [None, "x"], 1.5, True])
def test_an_end_of_answers_that_is_no_token(folder, ends):
    change(folder / "generation_config.json", eos_token_id=ends)
    with pytest.raises(UserError, match=r"judge"):
        load_judge(str(folder))


@pytest.mark.parametrize("window", ["many", -5, 0, 1.5, [4096]])
def test_a_window_that_is_no_count(folder, window):
    change(folder / "config.json", max_position_embeddings=window)
    with pytest.raises(UserError):
        load_judge(str(folder))


@pytest.mark.parametrize(
    "sizes",
    [
        {"vocab_size": 10**9},
        {"intermediate_size": 10**9},
        {"num_hidden_layers": 10_000, "layer_types": None},
    ],
)
def test_a_configuration_of_a_far_larger_model(folder, sizes):
    """The weights hold a million parameters; what is told takes gigabytes, or minutes."""
    change(folder / "config.json", **sizes)
    with pytest.raises(UserError, match="speaks of a model of") as caught:
        load_judge(str(folder), ModelOptions(protocol="scalar") if "vocab_size" in sizes else None)
    assert "\n" not in str(caught.value)


def test_a_base_whose_tokenizer_is_of_no_known_kind(folder, tmp_path):
    change(folder / "tokenizer.json", model={"type": "nothing known"})
    with pytest.raises(UserError, match="cannot load"):
        load_tokenizer(str(folder))


def test_a_training_folder_with_other_folders_in_it(folder, tmp_path):
    """Only numbered checkpoints are gone on from."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "1 + 1?", "completion": "2"}\n' * 8)
    for name in ("checkpoint-x", "checkpoint-", "checkpoint-1-old", "checkpoint-²"):
        (tmp_path / "out" / "checkpoints" / name).mkdir(parents=True)
    out = train(str(folder), str(rows), tmp_path / "out", recipe("small", **FEW))
    assert load_judge(str(out)).identity


def test_what_tells_a_tokenizer_from_another(folder):
    first = tokenizer_digest(load_tokenizer(str(folder)))
    assert tokenizer_digest(load_tokenizer(str(folder))) == first
    found = {first}
    template = folder / "chat_template.jinja"
    if template.exists():
        template.write_text(template.read_text() + "{# other #}")
    else:
        change(folder / "tokenizer_config.json", chat_template="{{ messages[0].content }}")
    found.add(tokenizer_digest(load_tokenizer(str(folder))))
    added = json.loads((folder / "tokenizer.json").read_text())
    added["added_tokens"][-1]["content"] = "<another>"
    (folder / "tokenizer.json").write_text(json.dumps(added))
    found.add(tokenizer_digest(load_tokenizer(str(folder))))
    assert len(found) == 3
