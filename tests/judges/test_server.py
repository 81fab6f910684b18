"""A server's verdicts: the model's own, whatever goes wrong on the way, and nothing made up."""

import json
import logging
import re
import time
from collections import Counter

import numpy as np
import pytest

from pairjudge_lab import Arena, Store, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.cli import main
from pairjudge_lab.embedded import data_path
from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.judges.server import KEY_VARIABLE, ServerJudge, ServerOptions
from pairjudge_lab.records import Match, Status, UserError
from pairjudge_lab.tournaments import Knockout
from tests.conftest import make_pool
from tests.judges.serving import FAULTS, Server, said, small_judge

LABEL = re.compile(r"solution (\d+) of (\S+):")


def by_number(bodies):
    """Calls a response correct when its number is even: an answer that can be checked."""
    out = []
    for body in bodies:
        numbers = [int(n) for n, _ in LABEL.findall(body["messages"][-1]["content"])]
        words = ["Correct" if n % 2 == 0 else "Incorrect" for n in numbers]
        out.append(
            said(
                f"<resp_a_judge>{words[0]}</resp_a_judge>\n<resp_b_judge>{words[1]}",
                tokens=(7, 3),
            )
        )
    return out


def quick(**more):
    return ServerOptions(
        **{"concurrency": 64, "timeout": 1.0, "wait": 0.02, "longest_wait": 0.2, **more}
    )


def matches_of(count, n=12):
    pools = [make_pool([False] * n, name=f"p{i}") for i in range(count)]
    return [match for pool in pools for match in all_ordered_pairs(pool)]


def is_right(match, verdict):
    return (verdict.a_correct, verdict.b_correct) == (match.a % 2 == 0, match.b % 2 == 0)


def test_verdicts_come_from_the_server():
    with Server(by_number) as server:
        judge = ServerJudge(server.address, "m", options=quick())
        arena = Arena(judge)
        matches = matches_of(2)
        verdicts = arena.judge(matches)
    assert all(is_right(m, v) for m, v in zip(matches, verdicts, strict=True))
    assert arena.ledger.judged == len(matches) == server.served["answered"]
    assert (verdicts[0].prompt_tokens, verdicts[0].completion_tokens) == (7, 3)
    assert verdicts[0].seconds > 0


@pytest.mark.slow
def test_thirty_in_a_hundred_requests_fail_in_every_way():
    matches = matches_of(16)[:2000]
    kinds = np.random.default_rng(0)

    def fault(number):
        return str(kinds.choice(FAULTS)) if kinds.random() < 0.3 else None

    def run(server):
        clock = time.perf_counter()
        arena = Arena(ServerJudge(server.address, "m", options=quick(attempts=12)), Store())
        verdicts = arena.judge(matches)
        return time.perf_counter() - clock, verdicts, arena

    with Server(by_number) as server:
        calm, _, _ = run(server)
    with Server(by_number, fault) as server:
        seconds, verdicts, arena = run(server)
    assert set(FAULTS) <= server.served.keys(), "every kind of fault happened"
    assert sum(server.served[kind] for kind in FAULTS) > 500
    statuses = Counter(v.status for v in verdicts)
    assert statuses[Status.PARSED] + statuses[Status.FAILED] == 2000
    assert all(
        is_right(m, v) for m, v in zip(matches, verdicts, strict=True) if v.status is Status.PARSED
    ), "no verdict is wrong"
    assert arena.ledger.judged == 2000, "none is lost, and none counted twice"
    # 0.3 ** 12 of a match's attempts all fail: none of 2,000 should.
    assert statuses[Status.FAILED] <= 2
    # Beside the waits that the server asked for, a hanging connection costs its time-out; 64 are
    # in flight at once, so their sum is shared by as many.
    asked = (server.asked_waits + server.served["hang"] * 1.0) / 64
    backoff = sum(server.served[kind] for kind in FAULTS) * 0.2 / 64
    assert seconds < 2 * calm + asked + backoff + 12 * 0.3


def test_what_always_fails_is_failed_and_not_stored(tmp_path):
    matches = matches_of(1, n=3)
    with Server(by_number, lambda number: "503") as server, Store(tmp_path / "s.sqlite") as store:
        judge = ServerJudge(server.address, "m", options=quick(attempts=3))
        verdicts = Arena(judge, store).judge(matches)
        assert {v.status for v in verdicts} == {Status.FAILED}
        assert verdicts[0].reason == "the server answered 503 (3 attempts)"
        assert server.served["503"] == 3 * len(matches)
        server._fault = lambda number: None
        again = Arena(judge, store).judge(matches)
        assert {v.status for v in again} == {Status.PARSED}, "a failed verdict is asked for again"


def test_a_request_that_is_wrong_is_not_repeated():
    with Server(by_number, lambda number: "400") as server:
        verdicts = Arena(ServerJudge(server.address, "m", options=quick())).judge(matches_of(1, 2))
    assert {v.status for v in verdicts} == {Status.FAILED}
    assert server.served["400"] == 2
    assert "the server answered 400: {} (1 attempts)" in verdicts[0].reason


@pytest.mark.parametrize("status", ["401", "403", "404"])
def test_a_refusal_stops_the_run(status):
    with Server(by_number, lambda number: status) as server:
        judge = ServerJudge(server.address, "m", options=quick())
        with pytest.raises(UserError, match=f"answered {status}"):
            Arena(judge).judge(matches_of(1, 4))


def test_an_answer_that_was_cut_off_is_truncated():
    with Server(
        lambda bodies: [said("<resp_a_judge>Cor", finish="length")] * len(bodies)
    ) as server:
        verdicts = Arena(ServerJudge(server.address, "m", options=quick())).judge(matches_of(1, 2))
    assert {v.status for v in verdicts} == {Status.TRUNCATED}


def test_the_key_is_sent_and_shown_nowhere(monkeypatch, tmp_path, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    secret = "sk-do-not-tell"
    monkeypatch.setenv(KEY_VARIABLE, secret)
    with Server(by_number, lambda number: "401" if number > 3 else None) as server:
        judge = ServerJudge(server.address, "m", options=quick(concurrency=1))
        with Store(tmp_path / "s.sqlite") as store, pytest.raises(UserError) as problem:
            Arena(judge, store).judge(matches_of(1, 4))
    assert server.keys == {f"Bearer {secret}"}
    told = [str(problem.value), json.dumps(dict(judge.identity)), caplog.text, repr(judge)]
    told += [capsys.readouterr().out, (tmp_path / "s.sqlite").read_bytes().decode("latin-1")]
    assert not any(secret in text for text in told)


def test_no_tournament_waits_for_another():
    """One problem's matches are answered slowly; all others are done long before."""
    done = []

    def answer(bodies):
        slow = [b for b in bodies if "of slow:" in b["messages"][-1]["content"]]
        time.sleep(0.15 if slow else 0.0)
        return by_number(bodies)

    with Server(answer) as server:
        server.batcher._most = 1
        pools = [
            make_pool([False] * 8, name=name) for name in ("slow", *(f"q{i}" for i in range(12)))
        ]
        judge = ServerJudge(server.address, "m", options=quick(timeout=30, concurrency=4))
        arena = Arena(judge)
        original = arena._look_up

        def watch(row):
            done.append((row.matches[0].pool.problem.id, row.number))
            return original(row)

        arena._look_up = watch
        arena.play(pools, Knockout(), seed=1)
    last_slow = max(i for i, (name, _) in enumerate(done) if name == "slow")
    later_rounds = [i for i, (name, number) in enumerate(done) if name != "slow" and number >= 1]
    assert min(later_rounds) < last_slow, "others go on while the slow one is still in its rounds"


@pytest.mark.slow
def test_the_small_judge_says_the_same_through_a_server():
    """200 matches at temperature 0, in process and through a server that batches on its own."""
    local = load_judge("tiny")
    pools = [prepare(pool.first(5)) for pool in load_pools("embedded", limit=10)]
    matches = [m for pool in pools for m in all_ordered_pairs(pool)]
    wording = data_path("tiny-judge") / "judge_template.md"
    with Server(small_judge(local)) as server:
        remote = load_judge(f"{server.address}#tiny", ModelOptions(template=wording, batch_size=32))
        through = Arena(remote).judge(matches)
    straight = Arena(local).judge(matches)
    assert len(matches) == 200
    # Sums in batches of other shapes may round a logit to the other side; none did when written.
    differ = sum(a.outcome != b.outcome for a, b in zip(through, straight, strict=True))
    assert differ <= 2
    assert through[0].prompt_tokens == straight[0].prompt_tokens


def test_a_server_on_the_command_line(tmp_path, capsys):
    out = tmp_path / "o"
    with Server(lambda bodies: [said("I would rather not say.")] * len(bodies)) as server:
        spec = f"{server.address}#some-model"
        args = ["select", "embedded", "--judge", spec, "-n", "4", "--limit", "2", "--out", str(out)]
        assert main([*args, "--json"]) == 0
        summary = json.loads(capsys.readouterr().out)
    assert summary["judge"]["name"] == "some-model"
    assert summary["verdicts"]["unparsed"] == summary["verdicts"]["asked"] > 0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("http://127.0.0.1:1/v1", "name the model at the server behind a #"),
        ("http://user:pw@host/v1#m", "an address holds no password"),
        ("http://#m", "a server's address looks like http://127.0.0.1:8000/v1"),
    ],
)
def test_addresses_that_are_none(spec, message):
    with pytest.raises(UserError, match=message):
        load_judge(spec)


def test_a_server_that_is_not_there_fails_every_match():
    judge = ServerJudge("http://127.0.0.1:9/v1", "m", options=quick(attempts=2))
    (verdict,) = Arena(judge).judge([Match(make_pool([True, False]), 0, 1)])
    assert verdict.status is Status.FAILED
    assert "the connection broke: ConnectError (2 attempts)" in verdict.reason


def test_options_that_make_no_sense():
    for wrong in (
        {"concurrency": 0},
        {"attempts": 0},
        {"timeout": 0.0},
        {"wait": 9.0, "longest_wait": 1.0},
    ):
        with pytest.raises(UserError, match="got"):
            ServerOptions(**wrong)


def test_repetitions_are_drawn_apart():
    judge = ServerJudge("http://h/v1", "m", temperature=1.0, seed=3)
    pool = make_pool([True, False])
    messages = judge.protocol.messages(Match(pool, 0, 1))
    bodies = [judge.request(messages, repetition) for repetition in (0, 1)]
    assert bodies[0]["seed"] != bodies[1]["seed"]
    assert "seed" in judge.identity["decoding"]
    assert "seed" not in ServerJudge("http://h/v1", "m").request(messages, 0)
