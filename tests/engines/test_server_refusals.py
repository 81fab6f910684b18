"""Keys, addresses and refusals: what ends a run, and what is never told."""

import json
import logging
import re
import threading
import time
from base64 import b64encode
from urllib.parse import quote

import pytest

from pairjudge_lab.engines import generate
from pairjudge_lab.engines.server import KEY_VARIABLE, ServerEngine, ServerOptions
from pairjudge_lab.records import UserError
from tests.engines.asking import CONFIG, by_number, case, complete, engine, is_right, one
from tests.engines.faulty_server import FaultyServer, Reply


@pytest.mark.parametrize("status", ["401", "403", "404"])
def test_a_refusal_ends_the_run(status):
    with (
        FaultyServer(by_number, lambda number: status) as server,
        pytest.raises(UserError, match=f"answered {status}: .*PAIRJUDGE_API_KEY"),
    ):
        one(server)


def test_good_answers_are_handed_on_before_a_refusal():
    found = []

    def collect_all(session):
        while True:
            found.extend(session.collect())

    with FaultyServer(by_number, lambda number: "401" if number > 5 else None) as server:
        session = engine(server, begin_with=4).session(CONFIG)
        try:
            for number in range(30):
                session.submit(str(number), case(number))
            for _ in range(2):
                with pytest.raises(UserError, match="the key was refused"):
                    collect_all(session)
        finally:
            session.close()
    assert len(found) == 6 == server.served["answered"]
    assert all(is_right(int(ticket), completion) for ticket, completion in found)


def test_an_answer_that_has_begun_is_read_to_its_end_before_a_refusal():
    """The others' 401 comes while the first answer is on its way."""
    refused = threading.Event()

    class Slow(FaultyServer):
        def do_slow(self, request, body, identifier):
            events = list(self.answer(body).chunks(identifier))
            self.begin(request)
            self.event(request, events[0])
            assert refused.wait(10)
            for data in events[1:]:
                self.event(request, data)
            self.end(request)

    with Slow(by_number, lambda number: "401" if number else "slow") as server:
        session = engine(server, silence=20, total=20).session(CONFIG)
        try:
            session.submit("0", case(0))
            while not server.served["slow"]:
                time.sleep(0.01)
            session.submit("1", case(1))
            while not server.served["401"]:
                time.sleep(0.01)
            refused.set()
            ((ticket, completion),) = session.collect()
            assert ticket == "0"
            assert is_right(0, completion)
            with pytest.raises(UserError):
                session.collect()
        finally:
            session.close()


def test_the_key_is_sent_and_shown_nowhere(monkeypatch, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    secret = "sk-do/not+tell"
    monkeypatch.setenv(KEY_VARIABLE, secret)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    monkeypatch.setenv("OPENAI_ORG_ID", "an-organisation")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Other: another-secret")
    echo = Reply(f"wrong key {secret} and {quote(secret, safe='')}", finish="400")
    with FaultyServer(lambda body: echo) as server:
        asked = engine(server)
        (found,) = generate(asked, [case(1)], CONFIG)
    assert server.headers[0]["authorization"] == f"Bearer {secret}"
    assert not re.search("another|organisation", json.dumps(server.headers))
    assert found.reason == "the server answered 400: wrong key [key] and [key] (1 attempts)"
    told = [str(found), json.dumps(dict(asked.identity)), repr(vars(asked)), caplog.text]
    told += [*capsys.readouterr()]
    assert not any(secret in text for text in told)


def test_a_key_that_an_answer_shows_is_masked(monkeypatch):
    secret = "sk-very/secret+0123456789"
    monkeypatch.setenv(KEY_VARIABLE, secret)
    packed = b64encode(secret.encode()).decode()
    shown = f"<resp_a_judge> {secret} {quote(secret, safe='')} {packed} a < b\n"
    answer = Reply(shown, reasoning=json.dumps({"authorization": secret}))
    with FaultyServer(lambda body: answer) as server:
        (found,) = complete(server, [case(1)])
    assert found.text.strip() == "<resp_a_judge> [key] [key] [key] a < b"
    assert found.reasoning == '{"authorization": "[key]"}'
    # A key of a local server is no secret, and a short word that texts hold.
    monkeypatch.setenv(KEY_VARIABLE, "judge")
    with FaultyServer(lambda body: answer) as server:
        (found,) = complete(server, [case(1)])
    assert found.text.startswith("<resp_a_judge>")


def test_no_key_is_sent_where_there_is_none(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    with FaultyServer(by_number) as server:
        one(server)
    assert "authorization" not in server.headers[0]


def test_a_key_that_no_header_can_carry(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "sk-\u2013")
    with pytest.raises(UserError, match="holds characters that cannot be sent"):
        ServerEngine("http://127.0.0.1:9/v1", "m").session(CONFIG)


def test_a_redirect_is_not_followed(monkeypatch):
    """The other server would be told the key."""
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    with FaultyServer(by_number) as other:

        class Elsewhere(FaultyServer):
            def do_redirect(self, request, body, identifier):
                location = f"{other.address}/chat/completions"
                self.send(request, 307, b"", {"Location": location})

        with (
            Elsewhere(by_number, lambda number: "redirect") as server,
            pytest.raises(UserError, match="cannot be asked: the server answered 307"),
        ):
            one(server)
    assert not other.served


def test_a_server_that_is_not_there_is_said_at_once():
    with pytest.raises(UserError, match=r"cannot be asked: there was no connection: ConnectError"):
        generate(ServerEngine("http://127.0.0.1:9/v1", "m"), [case(1)], CONFIG)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (("http://127.0.0.1:1/v1", ""), "name the model at the server behind a #"),
        (("http://user:pw@host/v1", "m"), "an address holds no password"),
        (("http://", "m"), "looks like http://127.0.0.1:8000/v1"),
        (("ftp://host/v1", "m"), "looks like"),
        (("http://host:123456/v1", "m"), "looks like"),
        (("http://host:port/v1", "m"), "looks like"),
        (("http://[1/v1", "m"), "looks like"),
        (("http://ho st/v1", "m"), "looks like"),
    ],
)
def test_addresses_that_are_none(spec, message):
    with pytest.raises(UserError, match=message):
        ServerEngine(*spec)


@pytest.mark.parametrize(
    "wrong", [{"concurrency": 0}, {"attempts": 10**20}, {"silence": 0}, {"total": float("nan")}]
)
def test_options_that_make_no_sense(wrong):
    with pytest.raises(UserError, match="got"):
        ServerOptions(**wrong)
