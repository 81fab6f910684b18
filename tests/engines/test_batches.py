"""Batch endpoints: the same requests, submitted once, whatever happens to the run."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from pairjudge_lab import Arena, load_judge
from pairjudge_lab.engines import GenerationConfig, Request, generate
from pairjudge_lab.engines.batches import AnthropicBatchEngine, BatchOptions, OpenAIBatchEngine
from pairjudge_lab.engines.batches.transport import json_lines
from pairjudge_lab.engines.server import KEY_VARIABLE
from pairjudge_lab.records import UserError
from pairjudge_lab.tournaments import Knockout
from tests.conftest import make_pool
from tests.engines.batch_server import (
    AnthropicServer,
    OpenAIServer,
    anthropic_answer,
    openai_answer,
)

CONFIG = GenerationConfig(max_new_tokens=64, stop=("END",))
KINDS = {"openai": (OpenAIServer, openai_answer), "anthropic": (AnthropicServer, anthropic_answer)}


def engine(kind, server, path, **more):
    options = BatchOptions(**{"poll": 0.01, **more})
    state = path / "store.batches.json"
    if kind == "openai":
        return OpenAIBatchEngine(server.address, "m", state, options)
    return AnthropicBatchEngine("m", state, options, address=server.address)


def cases(*numbers):
    return [Request((("system", "s"), ("user", f"case {n}"))) for n in numbers]


def texts(completions):
    return [completion.text for completion in completions]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def serve(kind, change=lambda item, line: line, **more):
    server, answer = KINDS[kind]
    return server(lambda item: change(item, answer(item)), **more)


def test_requests_are_answered_by_one_batch(kind, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    monkeypatch.setenv("OPENAI_ORG_ID", "an-organisation")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Other: another")
    with serve(kind, polls=3) as server:
        found = generate(engine(kind, server, tmp_path), cases(1, 2, 3, 2), CONFIG)
    assert texts(found) == ["answer 1", "answer 2", "answer 3", "answer 2"]
    assert {(c.reasoning, c.finish, c.prompt_tokens, c.completion_tokens) for c in found} == {
        ("hm", "stop", 5, 4)
    }
    assert len(server.batches) == 1
    assert sorted(server.asked.values()) == [1, 1, 1], "the same request is asked once"
    name = "authorization" if kind == "openai" else "x-api-key"
    assert {h[name].removeprefix("Bearer ") for h in server.headers} == {"secret"}
    assert "organisation" not in str(server.headers)
    assert "another" not in str(server.headers)
    assert "secret" not in "".join(p.read_text() for p in tmp_path.iterdir())


def test_what_is_sent(tmp_path):
    config = replace(CONFIG, temperature=0.5, top_p=0.9, mean_logprob=True)
    with serve("openai") as server:
        generate(engine("openai", server, tmp_path), cases(1), config)
    (item,) = server.batches["batch_0"]["items"]
    body = item["body"]
    assert (item["method"], item["url"]) == ("POST", "/v1/chat/completions")
    assert (body["model"], body["max_completion_tokens"], body["stop"]) == ("m", 64, ["END"])
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    assert "stream" not in body
    assert "logprobs" not in body, "a model that tells none would refuse the whole batch"
    with serve("anthropic") as server:
        generate(engine("anthropic", server, tmp_path), cases(1), config)
    (item,) = server.batches["batch_0"]["items"]
    assert item["params"] == {
        "model": "m", "max_tokens": 64, "system": "s", "temperature": 0.5, "top_p": 0.9,
        "messages": [{"role": "user", "content": "case 1"}], "stop_sequences": ["END"],
    }  # fmt: skip


def test_more_requests_than_a_batch_takes(kind, tmp_path):
    with serve(kind) as server:
        few = engine(kind, server, tmp_path, most_requests=2)
        session = few.session(CONFIG)
        found = {}
        for place, request in enumerate(cases(*range(5))):
            session.submit(str(place), request)
        while len(found) < 5:
            found.update(session.collect())
        session.close()
        assert len(server.batches) == 3
        generate(engine(kind, server, tmp_path, most_bytes=1), cases(11, 12), CONFIG)
    assert len(server.batches) == 5, "one request each, where they are that large"
    assert [found[str(n)].text for n in range(5)] == [f"answer {n}" for n in range(5)]


def test_a_batch_that_was_left_is_picked_up_again(kind, tmp_path, monkeypatch):
    """Interrupted while it waits."""

    def interrupt(seconds):
        raise KeyboardInterrupt

    with serve(kind, polls=10**6) as server:
        with monkeypatch.context() as patch:
            patch.setattr("pairjudge_lab.engines.batches.session.time.sleep", interrupt)
            with pytest.raises(KeyboardInterrupt):
                generate(engine(kind, server, tmp_path), cases(1, 2), CONFIG)
        server.batches["batch_0"]["polls"] = server.polls = 1
        again = engine(kind, server, tmp_path)
        assert texts(generate(again, cases(2, 1), CONFIG)) == ["answer 2", "answer 1"]
        assert texts(generate(again, cases(1, 3), CONFIG)) == ["answer 1", "answer 3"]
    assert len(server.batches) == 2, "the second for the third request alone"
    assert set(server.asked.values()) == {1}


def test_a_batch_whose_id_was_lost_is_not_submitted_again(kind, tmp_path):
    """The service made it; its answer did not arrive."""
    with serve(kind) as server:
        server.fail = "lose"
        with pytest.raises(UserError, match="are found again by the next run"):
            generate(engine(kind, server, tmp_path), cases(1, 2), CONFIG)
        server.fail = None
        found = generate(engine(kind, server, tmp_path), cases(1, 2), CONFIG)
    assert texts(found) == ["answer 1", "answer 2"]
    assert len(server.batches) == 1


RUN = """
import sys
from pathlib import Path
from tests.engines.test_batches import *
class Server: address = sys.argv[2]
generate(engine(sys.argv[1], Server, Path(sys.argv[3])), cases(1, 2), CONFIG)
"""


def test_a_run_that_is_killed_while_it_submits(kind, tmp_path):
    with serve(kind) as server:
        server.fail = "hold"
        run = subprocess.Popen(
            [sys.executable, "-c", RUN, kind, server.address, str(tmp_path)], env=os.environ
        )
        assert server.created.wait(60)
        run.send_signal(signal.SIGKILL)
        run.wait()
        server.fail = None
        found = generate(engine(kind, server, tmp_path), cases(1, 2), CONFIG)
    assert texts(found) == ["answer 1", "answer 2"]
    assert len(server.batches) == 1, "never submitted twice"


def test_another_batch_of_the_same_size_is_not_mistaken_for_ours(tmp_path):
    """Anthropic's batches have no name of ours: their results tell whose they are."""
    with serve("anthropic") as server:
        server.fail = "lose"
        with pytest.raises(UserError):
            generate(engine("anthropic", server, tmp_path), cases(1, 2), CONFIG)
        server.fail = None
        theirs = {"params": {"messages": [{"content": "case 7"}]}}
        server.make([{"custom_id": "a", **theirs}, {"custom_id": "b", **theirs}])
        found = generate(engine("anthropic", server, tmp_path), cases(1, 2), CONFIG)
    assert texts(found) == ["answer 1", "answer 2"]
    assert len(server.batches) == 2


def test_what_a_batch_leaves_out_is_asked_again_in_another(kind, tmp_path):
    """Expired, broken, or not there at all; in the first batch only."""

    def change(item, line):
        first = all(count == 1 for count in server.asked.values())
        number = int(line["custom_id"][-1], 16) if first else -1
        if number % 2 == 0:
            return None
        if number > 8:
            wrong = {"response": {"status_code": 500, "body": {}}, "result": {"type": "expired"}}
            return {**line, **wrong}
        return line

    with serve(kind, change) as server:
        found = generate(engine(kind, server, tmp_path), cases(*range(40)), CONFIG)
    assert texts(found) == [f"answer {n}" for n in range(40)]
    assert len(server.batches) == 2
    assert {1, 2} == set(server.asked.values())


def test_what_no_batch_answers_is_failed(kind, tmp_path):
    with serve(kind, lambda item, line: None) as server:
        (found,) = generate(engine(kind, server, tmp_path, attempts=2), cases(1), CONFIG)
    assert (found.finish, found.reason) == ("error", "no answer in 2 batches")
    assert len(server.batches) == 2


def test_what_is_refused_is_not_asked_again(kind, tmp_path):
    def change(item, line):
        error = {"type": "error", "error": {"type": "invalid_request_error", "message": "too long"}}
        return {
            "custom_id": line["custom_id"],
            "response": {"status_code": 400, "body": {"error": "too long"}},
            "result": {"type": "errored", "error": error},
        }

    with serve(kind, change) as server:
        (found,) = generate(engine(kind, server, tmp_path), cases(1), CONFIG)
    assert found.finish == "error"
    assert "too long" in found.reason
    assert len(server.batches) == 1


def test_lines_that_are_none(kind, tmp_path):
    """What cannot be read has no answer, and the rest is read."""
    junk = [[1], {"custom_id": 3}, {"custom_id": "x", "response": 7, "result": 7}, "text"]

    class Junk(KINDS[kind][0]):
        def lines(self, batch):
            good = super().lines(batch)
            return b"\n".join([*(json.dumps(j).encode() for j in junk), b"{", b"[" * 10**5, good])

    with Junk(KINDS[kind][1]) as server:
        found = generate(engine(kind, server, tmp_path), cases(1, 2), CONFIG)
    assert texts(found) == ["answer 1", "answer 2"]


def test_lines_end_where_their_bytes_do():
    value = {"a": "\u2028\x85"}
    data = json.dumps(value, ensure_ascii=False).encode() + b"\n"
    whole = data * 3 + b"x" * 100 + b"\n" + data
    for size in (1, 3, 1000):
        chunks = [whole[place : place + size] for place in range(0, len(whole), size)]
        assert list(json_lines(chunks, 50)) == [value] * 4


def test_a_batch_that_the_service_refuses_is_said_and_not_met_again(tmp_path):
    with serve("openai") as server:
        server.fail = "invalid"
        with pytest.raises(UserError, match="refused a batch: model not found"):
            generate(engine("openai", server, tmp_path), cases(1), CONFIG)
        server.fail = None
        assert texts(generate(engine("openai", server, tmp_path), cases(1), CONFIG)) == ["answer 1"]


def test_a_batch_that_is_gone_is_submitted_again(kind, tmp_path):
    with serve(kind) as server:
        asked = engine(kind, server, tmp_path)
        generate(asked, cases(1), CONFIG)
        server.batches.clear()
        assert texts(generate(asked, cases(1), CONFIG)) == ["answer 1"]
        assert len(server.batches) == 1


def test_results_at_another_host_are_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    with serve("anthropic") as server:
        server.fail = "elsewhere"
        with pytest.raises(UserError, match="another host"):
            generate(engine("anthropic", server, tmp_path), cases(1), CONFIG)
    assert ("GET", "/v1/messages/batches/batch_0/results") not in server.calls


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (GenerationConfig(label_only=True), "no answer|no probabilities"),
        (GenerationConfig(temperature=1.5), "at most 1 at Anthropic"),
        (GenerationConfig(thinking=True), "thinking budget of at least 1024"),
        (GenerationConfig(thinking=True, thinking_budget=1024), "temperature 1"),
    ],
)
def test_what_a_service_cannot_do(tmp_path, config, message):
    with pytest.raises(UserError, match=message):
        AnthropicBatchEngine("m", tmp_path / "s.json").session(config)


def test_labels_alone_are_not_for_batches(tmp_path):
    with pytest.raises(UserError, match="continues no answer"):
        OpenAIBatchEngine("http://127.0.0.1:9/v1", "m", tmp_path / "s").session(
            GenerationConfig(label_only=True)
        )


def test_a_judge_through_batches(tmp_path):
    """A knockout of four: each round is a batch."""
    text = "<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect"

    def answer(item):
        message = {"role": "assistant", "content": text}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        return {"custom_id": item["custom_id"], "response": {"status_code": 200, "body": body}}

    with OpenAIServer(answer, polls=0) as server:
        judge = load_judge(f"openai-batch:{tmp_path}/b.json#some-model@{server.address}")
        judge.engine.options = BatchOptions(poll=0.01)
        arena = Arena(judge)
        arena.play([make_pool([True, False, True, False])], Knockout(), seed=1)
    assert judge.identity["name"] == "some-model"
    assert arena.statistics.statuses == {"parsed": 3}
    assert len(server.batches) == 2


@pytest.mark.parametrize("spec", ["openai-batch:x", "openai-batch:#m", "anthropic-batch:x#"])
def test_a_batch_endpoint_that_is_not_named(spec):
    with pytest.raises(UserError, match=r"is named .*-batch:FILE#MODEL"):
        load_judge(spec)
    with pytest.raises(UserError, match="there is no folder"):
        load_judge("openai-batch:/no/such/folder/b.json#m")
