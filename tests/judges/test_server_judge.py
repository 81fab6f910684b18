"""A judge at a server: the protocol's verdicts, through the engine that is tested on its own."""

import json
import re

import pytest

from pairjudge_lab import Arena, Store, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.cli import main
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.records import Status, UserError
from pairjudge_lab.tournaments import Knockout
from tests.conftest import make_pool
from tests.engines.faulty_server import FaultyServer, Reply
from tests.judges.small_server import small_server

LABEL = re.compile(r"solution (\d+) of (\S+):")


def by_number(body):
    """Calls a response correct when its number is even: an answer that can be checked."""
    numbers = [int(n) for n, _ in LABEL.findall(body["messages"][-1]["content"])]
    words = ["Correct" if n % 2 == 0 else "Incorrect" for n in numbers]
    return Reply(f"<resp_a_judge>{words[0]}</resp_a_judge>\n<resp_b_judge>{words[1]}")


def matches_of(count, n=6):
    pools = [make_pool([False] * n, name=f"p{i}") for i in range(count)]
    return [match for pool in pools for match in all_ordered_pairs(pool)]


def is_right(match, verdict):
    return (verdict.a_correct, verdict.b_correct) == (match.a % 2 == 0, match.b % 2 == 0)


def judge_at(server, **options):
    return load_judge(f"{server.address}#m", ModelOptions(**options))


def test_verdicts_come_from_the_server():
    matches = matches_of(2)
    with FaultyServer(by_number) as server:
        arena = Arena(judge_at(server))
        verdicts = arena.judge(matches)
        assert server.served["answered"] == len(matches)
    assert all(is_right(m, v) for m, v in zip(matches, verdicts, strict=True))
    assert arena.statistics.judged == len(matches)
    assert (verdicts[0].prompt_tokens, verdicts[0].completion_tokens) == (7, 3)


def test_a_judge_at_a_server_judges_a_plain_list():
    matches = matches_of(1)
    with FaultyServer(by_number) as server:
        verdicts = judge_at(server).judge(matches)
    assert all(is_right(m, v) for m, v in zip(matches, verdicts, strict=True))


def test_the_settings_are_sent():
    with FaultyServer(by_number) as server:
        judge = judge_at(server, temperature=0.7, top_p=0.9, max_new_tokens=99, seed=3)
        judge.judge(matches_of(1, 2))
        bodies = server.bodies
    assert {(b["temperature"], b["top_p"]) for b in bodies} == {(0.7, 0.9)}
    assert {b.get("max_tokens", b.get("max_completion_tokens")) for b in bodies} == {99}
    assert len({b["seed"] for b in bodies}) == 2, "each match is drawn apart"
    assert judge.identity["generation"]["top_p"] == 0.9


def test_what_always_fails_is_failed_and_not_stored(tmp_path):
    matches = matches_of(1, n=2)
    with FaultyServer(by_number, lambda number: "400") as server:
        with Store(tmp_path / "s.sqlite") as store:
            verdicts = Arena(judge_at(server), store).judge(matches)
            assert {v.status for v in verdicts} == {Status.FAILED}
            assert len(store) == 0
        server.fault = lambda number: None
        with Store(tmp_path / "s.sqlite") as store:
            again = Arena(judge_at(server), store).judge(matches)
            assert {v.status for v in again} == {Status.PARSED}, "a failed one is asked for again"


def test_an_answer_that_was_cut_off_is_truncated():
    with FaultyServer(lambda body: Reply("<resp_a_judge>Cor", finish="length")) as server:
        verdicts = judge_at(server).judge(matches_of(1, 2))
    assert {v.status for v in verdicts} == {Status.TRUNCATED}


def test_thinking_that_took_every_token_is_truncated_and_not_asked_again():
    """Empty content is no failure where a model thought until its limit."""
    reply = Reply(reasoning="let me see", finish="length")
    with FaultyServer(lambda body: reply) as server:
        verdicts = judge_at(server).judge(matches_of(1, 2))
        assert server.served["answered"] == 2
    assert {v.status for v in verdicts} == {Status.TRUNCATED}
    assert verdicts[0].reasoning == "let me see"


def test_a_second_try_where_the_rule_is_on():
    def answer(body):
        if len(body["messages"]) > 2:
            return by_number({"messages": body["messages"][:2]})
        return Reply(reasoning="let me see", finish="length")

    matches = matches_of(1, 2)
    with FaultyServer(answer) as server:
        judge = judge_at(server, second_try=True)
        verdicts = judge.judge(matches)
        assert server.served["answered"] == 4
        roles = [m["role"] for m in server.bodies[-1]["messages"]]
    assert all(is_right(m, v) for m, v in zip(matches, verdicts, strict=True))
    assert roles == ["system", "user", "assistant", "user"]
    assert judge.identity["second_try"] is True


def test_no_tournament_waits_for_another():
    """One problem's matches are answered slowly; others have played on long before."""
    order = []

    def answer(body):
        text = body["messages"][-1]["content"]
        name = LABEL.search(text)[2]
        order.append(name)
        return by_number(body)

    with FaultyServer(answer, slots=4) as server:
        pools = [make_pool([False] * 8, name=name) for name in ("a", "b", "c")]
        selections = Arena(judge_at(server, batch_size=4)).play(pools, Knockout(), seed=1)
    assert len(selections) == 3
    assert set(order) == {"a", "b", "c"}


@pytest.mark.slow
def test_the_small_judge_says_the_same_through_a_server():
    """200 matches at temperature 0, in process and through a server."""
    local = load_judge("tiny")
    pools = [prepare(pool.first(5)) for pool in load_pools("embedded", limit=10)]
    matches = [m for pool in pools for m in all_ordered_pairs(pool)]
    wording = data_path("tiny-judge") / "judge_template.md"
    with small_server() as server:
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
    with FaultyServer(lambda body: Reply("I would rather not say.")) as server:
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


def test_samples_at_a_server():
    def by_seed(body):
        """Two of three samples call A correct alone, by the order in which they come."""
        text = body["messages"][-1]["content"]
        seen.setdefault(text, []).append(body["seed"])
        good = len(seen[text]) != 2
        a, b = ("Correct", "Incorrect") if good else ("Incorrect", "Correct")
        return Reply(f"<resp_a_judge>{a}</resp_a_judge>\n<resp_b_judge>{b}")

    seen = {}
    with FaultyServer(by_seed) as server:
        judge = judge_at(server, temperature=1.0, samples=3)
        verdicts = judge.judge(matches_of(1, 3))
    assert [v.outcome for v in verdicts] == ["A"] * 6
    assert {v.prompt_tokens for v in verdicts} == {21}
    assert all(len(set(seeds)) == 3 for seeds in seen.values())
