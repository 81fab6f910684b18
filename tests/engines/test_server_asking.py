"""What is asked of a server, and how its answers are read."""

import json

import pytest

from pairjudge_lab.engines import GenerationConfig
from pairjudge_lab.records import UserError
from tests.engines.asking import by_number, case, complete, is_right, one
from tests.engines.faulty_server import FaultyServer, Reply


def test_completions_come_from_the_server():
    with FaultyServer(by_number) as server:
        found = complete(server, [case(n) for n in range(100)])
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {"answered": 100}, "each was asked once"
    assert {(c.prompt_tokens, c.completion_tokens, c.finish) for c in found} == {(7, 3, "stop")}
    assert all(0 < c.seconds < 60 for c in found)


def test_what_always_fails_is_failed():
    with FaultyServer(by_number, lambda number: "503") as server:
        found = one(server, attempts=2)
    assert (found.finish, found.reason) == ("error", "the server answered 503 (2 attempts)")
    assert server.served == {"503": 2}


def test_a_request_that_is_wrong_is_not_repeated():
    with FaultyServer(lambda body: Reply("\x1b[31mno\n such field", finish="400")) as server:
        found = one(server)
    assert found.reason == "the server answered 400: [31mno such field (1 attempts)"
    assert server.served["answered"] == 1


def test_thinking_is_kept_apart_and_counted():
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    for reply in (
        Reply("yes", "hm, well", usage=usage),
        Reply("yes", "hm, well", usage=usage, reasoning_field="reasoning"),
        Reply("<think>\nhm, well\n</think>\n\nyes", usage=usage),
        Reply("hm, well\n</think>\n\nyes", usage=usage),
    ):
        with FaultyServer(lambda body, reply=reply: reply) as server:
            found = one(server)
        assert (found.reasoning, found.text) == ("hm, well", "yes")
        assert (found.reasoning_tokens, found.completion_tokens, found.cached_tokens) == (5, 8, 4)


@pytest.mark.parametrize(
    "reply",
    [
        Reply("", "hm, well", finish="length"),
        Reply("<think>hm, well", finish="length"),
        Reply("", usage={"completion_tokens": 64}, finish="length"),
    ],
)
def test_an_answer_whose_tokens_went_on_thinking_is_cut_off_and_not_asked_again(reply):
    with FaultyServer(lambda body: reply) as server:
        found = one(server)
    assert (found.text, found.finish) == ("", "length")
    assert server.served["answered"] == 1


def test_thinking_is_switched_through_the_template():
    with FaultyServer(by_number) as server:
        one(server, config=GenerationConfig(thinking=False))
        one(server)
    assert server.bodies[0]["chat_template_kwargs"] == {"enable_thinking": False}
    assert "chat_template_kwargs" not in server.bodies[1]


def test_everything_of_the_configuration_is_sent():
    config = GenerationConfig(temperature=0.5, top_p=0.9, max_new_tokens=5, stop=("x", "y"), seed=3)
    with FaultyServer(by_number) as server:
        complete(server, [case(1), case(1, repetition=1), case(1)], config, concurrency=1)
        one(server)
    body, other, again, greedy = server.bodies
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.5, 0.9, 5)
    assert body["stop"] == ["x", "y"]
    assert body["model"] == "m"
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["seed"] == again["seed"] != other["seed"]
    assert "seed" not in greedy
    assert server.headers[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("refused", "words", "then"),
    [
        ("max_tokens", "Use 'max_completion_tokens' instead.", {"max_completion_tokens": 64}),
        ("stream_options", "Unknown parameter: stream_options", {"max_tokens": 64}),
        ("stop", "Unsupported parameter: 'stop' is not supported", {"max_tokens": 64}),
    ],
)
def test_what_a_server_refuses_is_asked_in_another_form_once(refused, words, then):
    def answer(body):
        if refused in body:
            return Reply(json.dumps({"error": {"message": words}}), finish="400")
        return Reply("1 STOP 2")

    with FaultyServer(answer) as server:
        config = GenerationConfig(max_new_tokens=64, stop=("STOP",))
        found = complete(server, [case(n) for n in range(5)], config, concurrency=1)
    assert {c.text for c in found} == {"1 STOP" if refused == "stop" else "1 STOP 2"}
    assert sum(refused in body for body in server.bodies) == 1, "learnt from the first"
    assert then.items() <= server.bodies[-1].items()


def test_thinking_that_cannot_be_switched_is_said():
    def answer(body):
        return Reply('{"message": "unrecognized argument chat_template_kwargs"}', finish="400")

    with (
        FaultyServer(answer) as server,
        pytest.raises(UserError, match="cannot switch the model's thinking"),
    ):
        one(server, config=GenerationConfig(thinking=True))
