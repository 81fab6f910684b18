"""What is cheap is checked before what is dear, and no library speaks where a command does."""

import json
import os
import subprocess
import sys

import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.datasets.pools import save_pools
from tests.conftest import make_pool


@pytest.fixture
def no_model(monkeypatch):
    """Fail where a model is opened: what is checked here comes before."""

    def opened(*_, **__):
        raise AssertionError("a model was opened before the input was checked")

    monkeypatch.setattr("transformers.AutoTokenizer.from_pretrained", opened)
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", opened)


@pytest.fixture
def empty(tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    return str(path)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("command", ["select", "judge", "annotate", "train"])
@pytest.mark.parametrize("missing", [True, False])
def test_data_is_looked_at_before_a_model(command, missing, empty, tmp_path, capsys):
    data = str(tmp_path / "absent.jsonl") if missing else empty
    out = str(tmp_path / ("out.parquet" if command == "judge" else "out"))
    words = {
        "train": ["train", "--base", "tiny", "--data", data, "--out", out],
    }.get(command, [command, data, "--judge", "tiny", "--out", out])
    assert main(words) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert data in said
    assert ("no such file" if missing else "holds no") in said


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("command", ["select", "judge", "annotate"])
def test_the_wording_is_looked_at_before_a_model(command, tmp_path, capsys):
    pools = tmp_path / "pools.jsonl"
    save_pools([make_pool([True, False])], pools)
    out = str(tmp_path / ("out.parquet" if command == "judge" else "out"))
    words = [command, str(pools), "--judge", "tiny", "--out", out]
    assert main([*words, "--template", str(tmp_path / "no.md")]) == 2
    assert "no.md" in capsys.readouterr().err


def test_training_takes_the_names_that_judging_takes(tmp_path, capsys):
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"prompt": "a", "completion": "b"}) + "\n")
    for base, message in (
        ("simulated", "no model 'simulated' to train; give 'tiny', a folder"),
        ("model.gguf", "is a GGUF file"),
        (str(tmp_path), "there is no config.json in it"),
    ):
        words = ["train", "--base", base, "--data", str(data), "--out", str(tmp_path / "out")]
        assert main(words) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["select", "train"])
def test_a_hub_that_cannot_be_reached_is_one_line_without_retries(command, tmp_path):
    data = tmp_path / "data.jsonl"
    save_pools([make_pool([True, False])], data)
    words = ["select", data, "--judge", "nobody/nothing", "--out", tmp_path / "out"]
    if command == "train":
        data.write_text(json.dumps({"prompt": "a", "completion": "b"}) + "\n")
        words = ["train", "--base", "nobody/nothing", "--data", data, "--out", tmp_path / "out"]
    # Nothing listens at this port; the cache is empty.
    hub = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "pairjudge_lab", *map(str, words)],
        env={**os.environ, **hub},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "'nobody/nothing' is not on this machine and the hub cannot be reached" in done.stderr
