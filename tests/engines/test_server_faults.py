"""Whatever a server does wrong, completions are right, and tied to their requests."""

import time
from collections import Counter

import numpy as np
import psutil
import pytest

from pairjudge_lab.engines.server.reading import MOST_QUOTED, Reading, count
from pairjudge_lab.records import UserError
from tests.engines.asking import CONFIG, by_number, case, complete, engine, is_right
from tests.engines.faulty_server import FAULTS, ODDITIES, FaultyServer

SLOW = ("hang", "silence", "trickle")
"""Faults that are known by the time that passes."""


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_is_asked_again(kind):
    with FaultyServer(by_number, lambda number: kind if number == 5 else None, hang=4) as server:
        found = complete(
            server,
            [case(n) for n in range(12)],
            begin_with=4,
            concurrency=4,
            silence=1.5 if kind in SLOW else 60,
        )
    assert all(is_right(n, c) for n, c in enumerate(found)), [c.reason for c in found if c.reason]
    assert server.served[kind] == 1
    if kind not in (*SLOW, "doubled"):
        # A doubled response is itself good; what follows on its connection is asked again.
        assert server.served["answered"] == 12, "no other was asked again"


REASONS = {
    "500": "the server answered 500",
    "drop": "the connection broke: ",
    "empty": "the answer held no text",
    "nonsense": "the answer was no chat completion",
    "html": "the answer broke off",
    "truncated": "the connection broke: ",
    "silence": "the answer paused for 1.5 s",
    "large": "the answer was larger than 1,064,000 bytes",
    "large_line": "the answer was larger than 1,064,000 bytes",
    "endless": "the answer was larger than 1,064,000 bytes",
    "gzip_bomb": "the answer was compressed, which was not asked for",
    "bad_gzip": "the answer was compressed, which was not asked for",
    "deep": "the answer was not JSON, or only a part of it",
    "error_event": "the server broke off: out of memory",
    "no_finish": "the answer broke off",
    "other_choice": "the answer held another choice than the first",
    "not_utf8": "the answer was not JSON, or only a part of it",
    "no_choices": "the answer broke off",
    "wrong_type": "the answer held no message",
}


@pytest.mark.parametrize("kind", REASONS)
def test_why_there_is_no_answer_is_said(kind):
    with FaultyServer(by_number, lambda number: kind, hang=4) as server:
        (found,) = complete(server, [case(1)], attempts=1, silence=1.5 if kind in SLOW else 60)
    assert found.finish == "error"
    assert found.reason.startswith(REASONS[kind])
    assert found.reason.endswith("(1 attempts)")


@pytest.mark.parametrize("kind", ODDITIES)
def test_what_is_only_strange_is_read(kind):
    with FaultyServer(by_number, lambda number: kind) as server:
        found = complete(server, [case(n) for n in range(6)])
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {kind: 6}, "none was asked again"
    for completion in found:
        completion.text.encode()
        assert all(
            0 <= count < 100 for count in (completion.prompt_tokens, completion.completion_tokens)
        )
    if kind == "surrogates":
        assert found[0].text.endswith("\U0001f600\ufffd")


@pytest.mark.parametrize("said", ["nan", "-5", "1e400", "-inf", "soon", "Mon, 99 Nov", "\u0661"])
def test_a_wait_that_makes_no_sense_is_not_waited_for(said):
    class Asking(FaultyServer):
        def do_wait(self, request, body, identifier):
            self.send(request, 429, b"{}", {"Retry-After": said.encode().decode("latin-1")})

    with Asking(by_number, lambda number: "wait" if number == 1 else None) as server:
        found = complete(server, [case(n) for n in range(3)], concurrency=1)
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {"wait": 1, "answered": 3}


def test_an_answer_that_never_ends_is_given_up():
    class Dripping(FaultyServer):
        def do_drip(self, request, body, identifier):
            events = list(self.answer(body).chunks(identifier))
            self.begin(request)
            while True:
                self.event(request, events[1])
                time.sleep(0.02)

    with Dripping(by_number, lambda number: "drip") as server:
        (found,) = complete(server, [case(1)], total=0.5, attempts=1)
    assert found.reason == "no whole answer within 0.5 s (1 attempts)"


def test_counts_that_no_number_can_hold_are_none():
    told = {"a": 10**400, "b": float("nan"), "c": float("inf"), "d": -1, "e": 7, "f": True}
    assert [count(told, name) for name in told] == [0, 0, 0, 0, 7, 0]


def test_an_answer_full_of_quoted_stop_strings_is_read_once():
    """Each is looked at in all that stands before it: a megabyte of them would take minutes."""
    looked = []
    reading = Reading(stop=("</x>",), finished=lambda text: bool(looked.append(len(text))))
    reading.feed({"choices": [{"message": {"content": "</x>" * 100_000}, "finish_reason": "stop"}]})
    assert len(looked) == MOST_QUOTED
    assert reading.completion(0.0).text == "</x>" * 100_000


def test_a_silent_server_is_given_more_time_and_then_said_to_be_silent():
    with (
        FaultyServer(by_number, lambda number: "hang", hang=20) as server,
        pytest.raises(UserError, match=r"cannot be asked: no answer within 0\.8 s"),
    ):
        complete(server, [case(1)], silence=0.2)
    assert server.served == {"hang": 3}


def faults_of(share, seed):
    kinds = np.random.default_rng(seed)

    def fault(number):
        if kinds.random() >= share:
            return None
        return str(kinds.choice([*FAULTS, *ODDITIES]))

    return fault


def run_with_faults(count, *, hang):
    process = psutil.Process()
    with FaultyServer(by_number, faults_of(0.3, 1), hang=hang) as server:
        before = process.memory_info().rss
        most = before
        session = engine(server, silence=1.0, attempts=12).session(CONFIG)
        found = {}
        begun = 0
        try:
            while len(found) < count:
                while begun < count and begun - len(found) < 64:
                    session.submit(str(begun), case(begun))
                    begun += 1
                for ticket, completion in session.collect():
                    assert ticket not in found
                    found[ticket] = completion
                most = max(most, process.memory_info().rss)
        finally:
            session.close()
    wrong = [n for n in found if found[n].finish == "stop" and not is_right(int(n), found[n])]
    return server, found, wrong, most - before


def test_a_few_hundred_requests_of_which_many_fail():
    server, found, wrong, _ = run_with_faults(150, hang=1.5)
    assert not wrong
    assert Counter(c.finish for c in found.values()) == {"stop": 150}
    assert sum(server.served[kind] for kind in FAULTS) > 25


# A stream that the client's library is closing while garbage is collected says so, now and then.
@pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
def test_two_thousand_requests_of_which_thirty_in_a_hundred_fail_in_every_way():
    server, found, wrong, grown = run_with_faults(2000, hang=2.0)
    assert {*FAULTS, *ODDITIES} <= server.served.keys(), "every kind happened"
    assert not wrong
    # 0.3 ** 12 of a request's attempts all fail: none of 2,000 should.
    assert Counter(c.finish for c in found.values()) == {"stop": 2000}
    assert grown < 200 * 1024 * 1024
