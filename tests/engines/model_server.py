"""A model of this process behind a real server on loopback, in running batches."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from typing import Any

from pairjudge_lab.engines import Completion, Engine, GenerationConfig, Request
from tests.engines.faulty_server import Reply


class ModelAnswers:
    """What an engine says to requests' bodies, many at once, as inference servers do.

    Args:
        engine: generates the text.
        config: how; the bodies' own settings are left aside.
    """

    def __init__(self, engine: Engine, config: GenerationConfig) -> None:
        self._engine, self._config = engine, config
        self._asked: queue.Queue[tuple[Request, Future[Completion]]] = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def __call__(self, body: dict[str, Any]) -> Reply:
        said = tuple((m["role"], m["content"]) for m in body["messages"])
        future: Future[Completion] = Future()
        self._asked.put((Request(said), future))
        done = future.result(timeout=300)
        # A server that honours a stop string leaves it out.
        text = done.text.removesuffix((body.get("stop") or [""])[0])
        usage = {"prompt_tokens": done.prompt_tokens, "completion_tokens": done.completion_tokens}
        return Reply(text, finish=done.finish, usage=usage)

    def _run(self) -> None:
        session, number = self._engine.session(self._config), 0
        flying: dict[str, Future[Completion]] = {}
        while True:
            while not flying or not self._asked.empty():
                request, future = self._asked.get()
                number += 1
                flying[str(number)] = future
                session.submit(str(number), request)
            for ticket, completion in session.collect():
                flying.pop(ticket).set_result(completion)
