"""Notes of batches that are none, and answers about batches without an end."""

import json
import os

import pytest

from pairjudge_lab.engines import generate
from pairjudge_lab.engines.batches import transport
from pairjudge_lab.records import UserError
from tests.engines.test_batches import CONFIG, KINDS, cases, engine, serve


def noted(**told):
    """A note of one batch."""
    return json.dumps({"openai S#m": [{"token": "t", "created": 9e99, "names": []} | told]})


@pytest.mark.parametrize(
    "content",
    [
        "[1]", "{", '{"x": 1}', "[" * 10**5, '{"openai S#m": [{"a": 1}]}', noted(names=None),
        noted(names=[[1]]), noted(names=[5]), noted(token=["t"]), noted(id=5), noted(others=None),
        noted(created="soon"), '{"openai S#m": 5}', '{"openai S#m": [5]}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_state(tmp_path, content):
    with serve("openai") as server:
        path = tmp_path / "store.batches.json"
        path.write_text(content.replace("S", server.address))
        if content == '{"x": 1}':
            generate(engine("openai", server, tmp_path), cases(1), CONFIG)
            assert json.loads(path.read_text())["x"] == 1, "another's entries stay"
            return
        with pytest.raises(UserError, match="is no list of batches"):
            generate(engine("openai", server, tmp_path), cases(1), CONFIG)


def test_a_pipe_is_no_state(tmp_path):
    os.mkfifo(tmp_path / "store.batches.json")
    with serve("openai") as server, pytest.raises(UserError, match="is no list of batches"):
        generate(engine("openai", server, tmp_path), cases(1), CONFIG)


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_without_an_end_is_not_read_into_memory(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(transport, "MOST_BYTES", 100_000)
    with serve(kind) as server:
        whole = server.reply

        def long(request, path, body):
            status, told = whole(request, path, body)
            if request.command == "GET" and isinstance(told, dict):
                return status, {**told, "padding": "x" * 200_000}
            return status, told

        server.reply = long
        with pytest.raises(UserError, match="answers with more than 100,000 bytes"):
            generate(engine(kind, server, tmp_path), cases(1), CONFIG)
