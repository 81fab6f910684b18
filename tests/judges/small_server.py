"""The small judge behind a real server on loopback."""

from __future__ import annotations

import threading
from typing import Any

from pairjudge_lab import load_judge
from pairjudge_lab.engines.contract import Request, generate
from tests.engines.faulty_server import FaultyServer, Reply


def small_answerer(judge: Any = None) -> Any:
    """What the small judge says to a request's body; one request at a time."""
    local = judge or load_judge("tiny")
    busy = threading.Lock()

    def answer(body: dict[str, Any]) -> Reply:
        said = tuple((m["role"], m["content"]) for m in body["messages"])
        with busy:
            (done,) = generate(local.engine, [Request(said)], local.config)
        # A server that honours a stop string leaves it out.
        text = done.text.removesuffix((body.get("stop") or [""])[0])
        usage = {"prompt_tokens": done.prompt_tokens, "completion_tokens": done.completion_tokens}
        return Reply(text, finish=done.finish, usage=usage)

    return answer


def small_server(judge: Any = None) -> FaultyServer:
    """A server with the small judge; it answers while it is open."""
    return FaultyServer(small_answerer(judge))
