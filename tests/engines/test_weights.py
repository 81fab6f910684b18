"""A model that is not whole is refused by name; everything that is loaded is in the identity."""

import json
import shutil
import sys
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

from pairjudge_lab import ModelOptions, UserError, load_judge
from pairjudge_lab.cli import main
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.sources import find_source
from pairjudge_lab.engines.vllm_engine import open_vllm
from pairjudge_lab.engines.weights_on_disk import check_files, check_index

NAME = "model.layers.0.self_attn.q_proj.weight"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(data_path("tiny-judge"), tmp_path / "judge")


def change(folder, edit):
    file = folder / "model.safetensors"
    weights = load_file(file)
    edit(weights)
    save_file(weights, file, metadata={"format": "pt"})


def test_a_missing_weight_is_refused(folder):
    change(folder, lambda weights: weights.pop(NAME))
    with pytest.raises(UserError, match=rf"1 weights are missing: {NAME}"):
        load_judge(str(folder))


def test_a_weight_too_many_is_refused(folder):
    change(folder, lambda weights: weights.update({"stranger.weight": torch.ones(2)}))
    with pytest.raises(UserError, match="1 weights belong to no part of the model: stranger"):
        load_judge(str(folder))


def test_a_weight_of_another_shape_is_refused(folder):
    change(folder, lambda weights: weights.update({NAME: weights[NAME][:-1].clone()}))
    with pytest.raises(UserError, match=f"1 weights are of another shape: {NAME}"):
        load_judge(str(folder))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_is_refused(folder, value):
    def spoil(weights):
        weights[NAME][0, 0] = value

    change(folder, spoil)
    with pytest.raises(UserError, match=f"values that are no numbers: {NAME}"):
        load_judge(str(folder))


SPOILT = {
    "missing": (lambda w: w.pop(NAME), f"1 weights are missing: {NAME}"),
    "left over": (
        lambda w: w.update(stranger=torch.ones(2)),
        "belong to no part of the model: str",
    ),
    "another shape": (lambda w: w.update({NAME: w[NAME][:-1].clone()}), f"another shape: {NAME}"),
    "no number": (lambda w: w[NAME].fill_(float("nan")), f"values that are no numbers: {NAME}"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_an_engine_that_loads_by_itself_is_not_started_on_a_model_that_is_not_whole(
    folder, monkeypatch, kind
):
    edit, said = SPOILT[kind]
    change(folder, edit)
    started = []
    monkeypatch.setitem(sys.modules, "vllm", SimpleNamespace(LLM=started.append))
    with pytest.raises(UserError, match=said):
        open_vllm(str(folder), ModelOptions())
    assert not started


def test_files_that_are_whole_pass(folder):
    check_files(find_source(str(folder), ModelOptions()))


def test_weights_in_several_files_are_all_there(folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {"a.safetensors": names[:20], "b.safetensors": names[20:]}
    for file, some in parts.items():
        save_file({n: weights[n] for n in some}, folder / file, metadata={"format": "pt"})
    index = folder / "model.safetensors.index.json"

    def listed(**more):
        found = {name: file for file, some in parts.items() for name in some}
        index.write_text(json.dumps({"metadata": {}, "weight_map": {**found, **more}}))

    listed()
    check_files(find_source(str(folder), ModelOptions()))
    listed(absent="b.safetensors")
    with pytest.raises(UserError, match=r"1 weights are missing from the files .* absent"):
        check_index("m", folder)
    listed(absent="../elsewhere/b.safetensors")
    with pytest.raises(UserError, match="is not the name of a file"):
        check_index("m", folder)


def test_a_reward_model_without_its_head_is_refused(folder):
    """A language model's folder, asked for as a classifier, has no head to score with."""
    with pytest.raises(UserError, match=r"weights are missing: .*score\.weight"):
        load_judge(str(folder), ModelOptions(protocol="scalar"))


def test_the_command_says_it_in_one_line(folder, tmp_path, capsys):
    change(folder, lambda weights: weights.pop(NAME))
    out = str(tmp_path / "o")
    assert main(["select", "embedded", "--judge", str(folder), "--limit", "1", "--out", out]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert NAME in said[-1]
    assert "Traceback" not in "".join(said)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", None),
        ("chat_template.jinja", None),
        ("generation_config.json", None),
        ("vocab.json", '{"a": 1}'),
        ("merges.txt", "a b"),
        ("modeling_own.py", "x = 1"),
        ("spiece.model", "x"),
        ("additional_chat_templates/tool.jinja", "x"),
    ],
)
def test_every_file_that_is_loaded_changes_the_identity(folder, name, content):
    before = find_source(str(folder), ModelOptions()).weights
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(file.read_text() + " " if content is None else content)
    assert find_source(str(folder), ModelOptions()).weights != before


def test_what_is_not_loaded_changes_nothing(folder):
    before = find_source(str(folder), ModelOptions()).weights
    (folder / "README.md").write_text("words")
    assert find_source(str(folder), ModelOptions()).weights == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", '{"model_type": "no-such-model"}'),
        ("tokenizer.json", "{}"),
        ("tokenizer.json", "\x00"),
        ("tokenizer_config.json", "[1]"),
        ("generation_config.json", "{"),
        ("judge.json", '{"protocol": 7}'),
        ("judge.json", "[" * 100_000),
        ("chat_template.jinja", "{% for %}"),
        ("chat_template.jinja", "{{ messages | nonsense }}"),
        ("chat_template.jinja", "I drop everything."),
        ("chat_template.jinja", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"),
    ],
)
def test_a_broken_file_is_one_line(folder, name, content):
    (folder / name).write_text(content)
    with pytest.raises(UserError) as refused:
        load_judge(str(folder))
    assert len(str(refused.value)) < 600


def test_the_protocol_of_a_folder_is_read(folder):
    (folder / "judge.json").write_text(json.dumps({"protocol": "pointwise"}))
    (folder / "judge_template.md").unlink()
    assert load_judge(str(folder)).protocol.name == "pointwise"


def test_a_chat_template_that_does_not_end_is_broken_off(folder, monkeypatch):
    from pairjudge_lab.engines import rendering

    monkeypatch.setattr(rendering, "PATIENCE", 1.0)
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{{ i }}{% endfor %}{% endfor %}"
    (folder / "chat_template.jinja").write_text(loop)
    with pytest.raises(UserError, match="did not end within 1 seconds"):
        load_judge(str(folder))


def test_a_template_without_a_system_turn_gets_it_in_the_users(folder):
    """As Gemma's does: it raises where there is a system message."""
    file = folder / "chat_template.jinja"
    refuse = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    file.write_text(refuse + file.read_text())
    judge = load_judge(str(folder))
    text = judge.engine.encoder.template.render((("system", "Be fair."), ("user", "q")))
    assert "user\nBe fair.\n\nq" in text
