"""How many requests are in flight, and which completion answers which request."""

import threading
import time

import pytest

from pairjudge_lab.engines import generate
from pairjudge_lab.engines.server.concurrency import Concurrency
from pairjudge_lab.engines.server.identifiers import Identifiers
from tests.engines.asking import CONFIG, by_number, case, complete, engine, is_right
from tests.engines.faulty_server import FaultyServer

NAME = "pairjudge-" + "0" * 16
OTHER = "pairjudge-" + "1" * 16


def serve(concurrency, rate, answers, *, begin=0.0):
    """Answers of a server that gives ``rate(in flight)`` a second."""
    now = begin
    for _ in range(answers):
        now += 1 / rate(concurrency.limit)
        concurrency.answered(now, full=True)
    return now


@pytest.mark.parametrize(("slots", "most"), [(4, 256), (64, 256), (1000, 256), (64, 10)])
def test_more_are_in_flight_for_as_long_as_it_pays(slots, most):
    concurrency = Concurrency(8, most)
    serve(concurrency, lambda limit: min(limit, slots), 2000)
    assert min(slots, most) <= concurrency.limit <= min(most, max(8, 2 * slots))


def test_a_server_that_becomes_faster_is_tried_again():
    concurrency = Concurrency(8, 256)
    now = serve(concurrency, lambda limit: min(limit, 8), 500)
    assert concurrency.limit <= 16
    serve(concurrency, lambda limit: min(limit, 64), 5000, begin=now)
    assert concurrency.limit >= 64


def test_a_number_that_was_asked_for_stays():
    concurrency = Concurrency(32, 32)
    serve(concurrency, lambda limit: limit, 500)
    assert concurrency.limit == 32


def test_nothing_is_learnt_of_a_server_that_is_not_kept_busy():
    concurrency = Concurrency(8, 256)
    for now in range(1000):
        concurrency.answered(float(now), full=False)
    assert concurrency.limit == 8


def test_refusals_halve_it_once_for_all_that_were_in_flight():
    concurrency = Concurrency(64, 64)
    for sent in range(20):
        concurrency.slow_down(100.0, float(sent))
    assert concurrency.limit == 32
    concurrency.slow_down(200.0, 150.0)
    assert concurrency.limit == 16
    serve(concurrency, lambda limit: limit, 200, begin=200.0)
    assert 16 < concurrency.limit < 64, "it grows slowly from there on"
    for place in range(20):
        concurrency.slow_down(1000.0 + place, 999.5 + place)
    assert concurrency.limit == 1


def test_a_server_with_few_places_and_a_long_queue_is_asked_once_for_each():
    """Most requests wait far longer than an answer may pause."""

    def slowly(body):
        time.sleep(0.05)
        return by_number(body)

    with FaultyServer(slowly, slots=1) as server:
        found = complete(
            server, [case(n) for n in range(100)], silence=2.5, begin_with=90, concurrency=90
        )
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {"answered": 100}, "none was given up because the server is slow"


def test_a_server_that_sends_an_empty_piece_before_its_queue_is_waited_for():
    class Early(FaultyServer):
        def do_early(self, request, body, identifier):
            first, *rest = self.answer(body).chunks(identifier)
            self.begin(request)
            self.event(request, first)
            with places:
                time.sleep(0.05)
            for data in rest:
                self.event(request, data)
            self.end(request)

    places = threading.Semaphore(1)
    with Early(by_number, lambda number: "early") as server:
        found = complete(
            server, [case(n) for n in range(100)], silence=2.5, begin_with=90, concurrency=90
        )
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {"early": 100}


def test_a_long_queue_makes_fewer_requests_wait():
    def slowly(body):
        time.sleep(0.05)
        return by_number(body)

    with FaultyServer(slowly, slots=1) as server:
        asked = engine(server, silence=0.4, begin_with=32, concurrency=32)
        generate(asked, [case(n) for n in range(40)], CONFIG)
    assert asked.capacity < 2 * 32


def test_a_request_that_later_ones_overtake_is_given_up():
    released = threading.Event()

    class Losing(FaultyServer):
        def do_lose(self, request, body, identifier):
            released.wait(20)

    with Losing(by_number, lambda number: "lose" if number == 3 else None) as server:
        found = complete(
            server, [case(n) for n in range(150)], concurrency=4, begin_with=4, silence=1.5
        )
        released.set()
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served["lose"] == 1


def test_refused_requests_are_sent_again_and_fewer_at_once():
    with FaultyServer(by_number, lambda number: "429" if 20 <= number < 24 else None) as server:
        asked = engine(server, begin_with=16, concurrency=16)
        found = generate(asked, [case(n) for n in range(60)], CONFIG)
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {"429": 4, "answered": 60}
    assert asked.sent == 64
    assert asked.capacity < 32


@pytest.mark.parametrize("identifier", [lambda n, name: "", lambda n, name: "chatcmpl-0"])
def test_without_ids_of_their_own_answers_come_on_connections_of_their_own(identifier):
    with FaultyServer(by_number, identifier=identifier) as server:
        found = complete(server, [case(n) for n in range(40)])
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {"answered": 40}
    assert len(server.ports) == 40


def test_with_ids_of_their_own_answers_come_on_connections_that_are_kept():
    with FaultyServer(by_number) as server:
        complete(server, [case(n) for n in range(100)], concurrency=4)
    assert len(server.ports) < 20


def test_an_answer_that_cannot_be_read_does_not_end_keeping_connections():
    with FaultyServer(by_number, lambda n: "html" if n == 10 else None) as server:
        complete(server, [case(n) for n in range(60)], concurrency=4, begin_with=4)
    assert len(server.ports) < 20


def test_the_answer_to_another_request_is_refused_by_its_name():
    """A server that repeats names, and once mixes them up, with ids that are new."""

    def identifier(number, name):
        return f"chatcmpl-{OTHER if number == 30 else name}-{number}"

    with FaultyServer(by_number, identifier=identifier) as server:
        found = complete(server, [case(n) for n in range(60)])
    assert all(is_right(n, c) for n, c in enumerate(found))
    assert server.served == {"answered": 61}


def test_every_second_response_is_sent_twice():
    """Each answer would go to the request after its own."""
    with FaultyServer(by_number, lambda n: "doubled" if n % 2 else None) as server:
        found = complete(server, [case(n) for n in range(80)], concurrency=16)
    assert all(is_right(n, c) for n, c in enumerate(found))


def test_identifiers():
    known = Identifiers()
    assert not known.keep
    assert known.tied(NAME, ("a", ""), kept=False)
    assert not known.keep
    assert known.tied(NAME, ("b", NAME + "-1"), kept=False)
    assert known.keep
    assert known.tied(NAME, ("c", ""), kept=True)
    assert not known.tied(NAME, ("a", ""), kept=True)
    assert not known.keep, "nothing is kept from there on"
    assert known.tied(NAME, ("a", ""), kept=False), "a new connection has one request"
    assert not known.tied(NAME, ("d", OTHER), kept=False)
    assert not known.tied(NAME, (f"chatcmpl-{OTHER}", ""), kept=False)
