"""Whatever a server does wrong, completions are right, and tied to their requests."""

from collections import Counter

import numpy as np
import psutil
import pytest

from tests.engines.asking import CONFIG, by_number, case, complete, engine, is_right
from tests.engines.faulty_server import FAULTS, ODDITIES, FaultyServer


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_is_asked_again(kind):
    with FaultyServer(by_number, lambda number: kind if number == 5 else None, hang=2) as server:
        found = complete(server, [case(n) for n in range(12)], begin_with=4, concurrency=4)
    assert all(is_right(n, c) for n, c in enumerate(found)), [c.reason for c in found if c.reason]
    assert server.served[kind] == 1
    if kind != "doubled":
        # A doubled response is itself good; what follows on its connection is asked again.
        assert server.served["answered"] == 12, "no other was asked again"


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


@pytest.mark.slow
def test_two_thousand_requests_of_which_thirty_in_a_hundred_fail_in_every_way():
    server, found, wrong, grown = run_with_faults(2000, hang=2.0)
    assert {*FAULTS, *ODDITIES} <= server.served.keys(), "every kind happened"
    assert not wrong
    # 0.3 ** 12 of a request's attempts all fail: none of 2,000 should.
    assert Counter(c.finish for c in found.values()) == {"stop": 2000}
    assert grown < 200 * 1024 * 1024
