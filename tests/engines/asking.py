"""What the tests of a server ask, and how an answer is checked."""

import re

from pairjudge_lab.engines import GenerationConfig, Request, generate
from pairjudge_lab.engines.server import ServerEngine, ServerOptions
from tests.engines.faulty_server import Reply

CONFIG = GenerationConfig(max_new_tokens=64)


def case(number, **more):
    return Request((("system", "s"), ("user", f"case {number}")), **more)


def number_of(body):
    return int(re.search(r"case (\d+)", body["messages"][1]["content"])[1])


def by_number(body):
    """An answer that can be checked."""
    return Reply(f"the answer to case {number_of(body)} is {7 * number_of(body)}")


def is_right(number, completion):
    return completion.text.startswith(f"the answer to case {number} is {7 * number}")


def engine(server, **more):
    options = {"silence": 60.0, "total": 120.0, **more}
    return ServerEngine(server.address, "m", ServerOptions(**options))


def complete(server, requests, config=CONFIG, **more):
    return generate(engine(server, **more), requests, config)


def one(server, request=None, config=CONFIG, **more):
    return complete(server, [request or case(1)], config, **more)[0]
