"""Stop strings, labels and their probabilities at a server."""

import math

import pytest

from pairjudge_lab.engines import GenerationConfig
from pairjudge_lab.protocols.labels import LabelPosition
from pairjudge_lab.records import UserError
from tests.engines.asking import case, one
from tests.engines.faulty_server import FaultyServer, Reply

WORDS = ("Correct", "Incorrect")
LABELS = (LabelPosition("<a>", WORDS), LabelPosition("</a>\n<b>", WORDS))
STOP = "</b>"


def token(text, **others):
    """A token with its likeliest alternatives' probabilities."""
    told = [{"token": t, "logprob": math.log(p)} for t, p in others.items()]
    return {"token": text, "logprob": math.log(others.get(text, 0.9)), "top_logprobs": told}


TOKENS = [
    token("so "),
    token("<a>"),
    token("Correct", Correct=0.6, Inc=0.2, Hm=0.2),
    token("</a>\n"),
    token("<b"),
    token(">"),
    token("Inc", Inc=0.3, Cor=0.1),
    token("orrect"),
]
TEXT = "".join(t["token"] for t in TOKENS)


def asked(**more):
    return GenerationConfig(max_new_tokens=64, stop=(STOP,), label_probabilities=True, **more)


def test_the_labels_probabilities_are_read_where_they_stand():
    with FaultyServer(lambda body: Reply(TEXT, logprobs=TOKENS)) as server:
        found = one(server, case(1, labels=LABELS), asked())
    assert found.text == TEXT
    assert found.labels == (pytest.approx((0.75, 0.25)), pytest.approx((0.25, 0.75)))
    expected = sum(t["logprob"] for t in TOKENS) / len(TOKENS)
    assert found.mean_logprob == pytest.approx(expected)
    assert found.self_certainty is None, "twenty tokens are not the whole distribution"
    assert (server.bodies[0]["logprobs"], server.bodies[0]["top_logprobs"]) == (True, 20)


def test_probabilities_that_were_not_asked_for_are_not_told():
    with FaultyServer(lambda body: Reply(TEXT, logprobs=TOKENS)) as server:
        found = one(server, case(1, labels=LABELS), GenerationConfig())
    assert found.labels == ()
    assert "logprobs" not in server.bodies[0]


def test_the_mean_alone_is_asked_for_with_one_alternative():
    """Sampling asks for the mean of all tokens and for no label; a server that refuses is asked
    without."""
    wanted = GenerationConfig(mean_logprob=True)
    with FaultyServer(lambda body: Reply(TEXT, logprobs=TOKENS)) as server:
        found = one(server, case(1), wanted)
    assert found.mean_logprob == pytest.approx(sum(t["logprob"] for t in TOKENS) / len(TOKENS))
    assert (server.bodies[0]["logprobs"], server.bodies[0]["top_logprobs"]) == (True, 1)

    def refuses(body):
        return Reply("no logprobs here", finish="400") if "logprobs" in body else Reply(TEXT)

    with FaultyServer(refuses) as server:
        found = one(server, case(1), wanted)
    assert (found.text, found.mean_logprob) == (TEXT, None)
    assert ["logprobs" in body for body in server.bodies] == [True, False]


@pytest.mark.parametrize(
    "broken",
    [
        {"token": "<a>"},
        {"token": "<a>", "logprob": "much"},
        {"token": "<a>", "logprob": float("nan"), "top_logprobs": [{"token": "x", "logprob": {}}]},
        {"token": "Correct", "logprob": 0.0, "top_logprobs": 7},
        [],
    ],
)
def test_probabilities_that_cannot_be_read_are_not_known(broken):
    with FaultyServer(lambda body: Reply(TEXT, logprobs=[*TOKENS[:2], broken])) as server:
        found = one(server, case(1, labels=LABELS), asked())
    assert found.text == TEXT
    assert found.labels == (None, None)
    assert found.mean_logprob is None


def test_a_server_that_tells_five_alternatives_is_asked_for_five():
    def answer(body):
        if body.get("top_logprobs", 0) > 5:
            return Reply("top_logprobs must be at most 5", finish="400")
        return Reply(TEXT, logprobs=TOKENS)

    with FaultyServer(answer) as server:
        found = one(server, case(1, labels=LABELS), asked())
    assert found.labels[0] is not None
    assert [body["top_logprobs"] for body in server.bodies] == [20, 5]


def test_a_server_without_probabilities_answers_all_the_same():
    def answer(body):
        return Reply("no logprobs here", finish="400") if "logprobs" in body else Reply(TEXT)

    with FaultyServer(answer) as server:
        found = one(server, case(1, labels=LABELS), asked())
    assert (found.text, found.labels) == (TEXT, (None, None))


def closes(text):
    return text.rstrip().endswith(f"\n<b>Correct{STOP}")


QUOTED = "they say <b>Correct"
WHOLE = f"{QUOTED}{STOP}, which is wrong.\n<b>Correct{STOP} and so on"


def until_stop(body):
    """What a server says that ends an answer at its stop string, without telling why."""
    return Reply(WHOLE.split(STOP)[0] if "stop" in body else WHOLE)


def test_a_quoted_stop_string_does_not_end_an_answer():
    with FaultyServer(until_stop) as server:
        found = one(server, case(1, labels=LABELS, finished=closes), asked())
    assert found.text == WHOLE.removesuffix(" and so on")
    assert ["stop" in body for body in server.bodies] == [True, False]


def test_a_server_that_tells_what_ended_an_answer_is_believed():
    with FaultyServer(lambda body: Reply("no label here", stop_reason=STOP)) as server:
        one(server, case(1, finished=closes), asked())
    assert [("stop" in body) for body in server.bodies] == [True, False]
    with FaultyServer(lambda body: Reply(QUOTED, stop_reason="END")) as server:
        one(server, case(1, labels=LABELS, finished=closes), asked())
    assert len(server.bodies) == 1


@pytest.mark.parametrize("text", ["no label at all", f"so\n<b>Correct{STOP}", "so\n<b>Correct"])
def test_other_answers_are_asked_for_once(text):
    with FaultyServer(lambda body: Reply(text)) as server:
        found = one(server, case(1, labels=LABELS, finished=closes), asked())
    assert found.text == text
    assert len(server.bodies) == 1


def continued(body):
    """A server that continues the last message, as llama.cpp does."""
    begun = body["messages"][-1]
    assert begun["role"] == "assistant"
    first = "Correct" if begun["content"].endswith("<b>") else "Inc"
    others = {"Correct": 0.8, "Inc": 0.2} if first == "Correct" else {"Cor": 0.1, "Inc": 0.4}
    return Reply(first, finish="length", logprobs=[token(first, **others)])


ONLY = GenerationConfig(label_only=True)


@pytest.mark.parametrize("owner", ["llamacpp", "vllm", "sglang"])
def test_labels_alone_are_read_one_after_the_other(owner):
    with FaultyServer(continued, owner=owner) as server:
        found = one(server, case(1, labels=LABELS, close=STOP), ONLY)
    assert found.text == f"<a>Incorrect</a>\n<b>Correct{STOP}"
    assert found.labels == (pytest.approx((0.2, 0.8)), pytest.approx((0.8, 0.2)))
    assert (found.finish, found.prompt_tokens) == ("stop", 7)
    for body, begun in zip(server.bodies, ("<a>", "<a>Incorrect</a>\n<b>"), strict=True):
        assert body["messages"][-1] == {"role": "assistant", "content": begun}
        assert body["max_tokens"] == 1
        assert body["continue_final_message"] is True


def test_a_server_that_may_not_continue_an_answer_is_not_asked_for_labels_alone():
    with (
        FaultyServer(continued) as server,
        pytest.raises(UserError, match="not known to continue an answer"),
    ):
        one(server, case(1, labels=LABELS), ONLY)
    assert not server.bodies
    with FaultyServer(continued) as server:
        assert one(server, case(1, labels=LABELS), ONLY, continues=True).labels[0] is not None


def test_a_next_token_that_is_no_label_is_no_verdict():
    reply = Reply("Well", finish="length", logprobs=[token("Well", Well=0.9)])
    with FaultyServer(lambda body: reply, owner="vllm") as server:
        found = one(server, case(1, labels=LABELS), ONLY)
    assert (found.finish, found.reason) == (
        "error",
        "the next token was none of Correct, Incorrect",
    )


def test_labels_alone_need_probabilities():
    def answer(body):
        return Reply("no logprobs here", finish="400") if "logprobs" in body else continued(body)

    with (
        FaultyServer(answer, owner="vllm") as server,
        pytest.raises(UserError, match="tells no probabilities"),
    ):
        one(server, case(1, labels=LABELS), ONLY)
