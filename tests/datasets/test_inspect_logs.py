"""Logs of inspect_ai, read as verdicts."""

import json
import zipfile
import zlib

import pyarrow as pa
import pytest

from pairjudge_lab import load_verdicts
from pairjudge_lab.datasets.adapters import read_layout, recognise
from pairjudge_lab.records import UserError
from tests.datasets.matches_said import MATCH, said


# inspect_ai: two samples as its scorer choice() leaves them, the same pair in both orders.
def sample(name, answer, target, metadata=None, **score):
    score = {"value": "C" if answer == target else "I", "answer": answer, **score}
    return {
        "id": name, "epoch": 1, "input": "Which is right?", "choices": ["5", "6"],
        "target": target, "messages": [], "scores": {"choice": score}, "metadata": metadata or {},
    }  # fmt: skip


def inspect_log(samples):
    return {"version": 2, "status": "success", "eval": {"model": "m/x"}, "samples": samples}


BOTH_ORDERS = [
    sample("1", "A", "A", {"problem_id": "q", "response_a": "0", "response_b": "1"}),
    sample("2", "A", "B", {"problem_id": "q", "response_a": "1", "response_b": "0"}),
    sample("3", "", "B"),
]


def write_eval(path, log, packed):
    """A .eval log: stored members, or members that Zstandard compressed, as inspect_ai has them."""
    members = {"header.json": {k: v for k, v in log.items() if k != "samples"}}
    members |= {f"samples/{s['id']}_epoch_1.json": s for s in log["samples"]}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, json.dumps(data))
    if not packed:
        return
    # Python 3.11 cannot write method 93, so the archive is put together by hand.
    with zipfile.ZipFile(path) as archive:
        plain = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in plain.items():
            info = zipfile.ZipInfo(name)
            archive.writestr(info, pa.Codec("zstd").compress(data, asbytes=True))
            info.compress_type, info.file_size = 93, len(data)
            info.CRC = zlib.crc32(data)


@pytest.mark.parametrize("kind", ["json", "stored", "zstandard"])
def test_inspects_logs_are_read(tmp_path, kind):
    log = inspect_log(BOTH_ORDERS)
    path = tmp_path / ("log.json" if kind == "json" else "log.eval")
    if kind == "json":
        path.write_text(json.dumps(log))
    else:
        write_eval(path, log, kind == "zstandard")
    assert recognise(path) == "inspect"
    table = load_verdicts(path)
    assert said(table, *MATCH, "gold") == [
        ("m/x", "q", "0", "1", "A", "A"),
        ("m/x", "q", "1", "0", "A", "B"),
        ("m/x", "3", "A", "B", "invalid", "B"),
    ]


def test_a_model_graded_comparison_is_the_graders(tmp_path):
    grading = {"grading": [{"role": "user"}, {"role": "assistant", "model": "grader/y"}]}
    samples = []
    for epoch, value in enumerate(("A", "B", None), 1):
        score = {"value": value, "answer": "text", "explanation": "so", "metadata": grading}
        one = sample("s", "", "right")
        samples.append({**one, "choices": None, "epoch": epoch, "scores": {"graded": score}})
    path = tmp_path / "log.json"
    path.write_text(json.dumps(inspect_log(samples)))
    table = load_verdicts(path)
    assert said(table, "judge", "verdict", "repetition", "text") == [
        ("grader/y", "A", 0, "so"),
        ("grader/y", "B", 1, "so"),
        ("grader/y", "invalid", 2, "so"),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": {"a": {"value": "A"}, "b": {"value": "B"}}}, r"several scorers \(a, b\)"),
        ({"choices": ["5", "6", "7"]}, "3 choices; a verdict table holds comparisons of two"),
        ({"scores": {"a": {"value": "P"}}}, "the grade 'P' means neither response nor a tie"),
        ({"epoch": "first"}, "epoch is a whole number from 1; got 'first'"),
        (
            {"scores": {"a": {"value": "C", "answer": "forty"}}},
            "the grade 'forty' means neither response nor a tie",
        ),
    ],
)
def test_what_inspect_says_otherwise_is_refused(tmp_path, change, message):
    path = tmp_path / "log.json"
    path.write_text(json.dumps(inspect_log([{**BOTH_ORDERS[0], **change}])))
    with pytest.raises(UserError, match=message):
        load_verdicts(path)


def test_a_scorer_can_be_named_and_grades_explained(tmp_path):
    scores = {"a": {"value": "left"}, "b": {"value": 1, "answer": "B"}}
    path = tmp_path / "log.json"
    path.write_text(json.dumps(inspect_log([{**BOTH_ORDERS[0], "scores": scores}])))
    (row,) = read_layout(path, "inspect", scorer="b")
    assert row["verdict"] == "B"
    (row,) = read_layout(path, "inspect", scorer="a", choices={"left": "A", "right": "B"})
    assert row["verdict"] == "A"
    with pytest.raises(UserError, match="no scorer 'c'; there are: a, b"):
        read_layout(path, "inspect", scorer="c")


def test_a_broken_log_is_refused(tmp_path):
    path = tmp_path / "log.eval"
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match="is no log of inspect_ai"):
        load_verdicts(path)
    write_eval(path, inspect_log(BOTH_ORDERS[:1]), packed=True)
    data = path.read_bytes()
    start = data.find(b"samples/1_epoch_1.json") + len("samples/1_epoch_1.json")
    path.write_bytes(data[: start + 20] + bytes([data[start + 20] ^ 0xFF]) + data[start + 21 :])
    with pytest.raises(UserError, match="cannot be read"):
        load_verdicts(path)
