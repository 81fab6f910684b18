"""A real server on loopback that speaks the OpenAI chat protocol, and breaks it on purpose."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answerer = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
"""From request bodies to (content, finish_reason, prompt and completion tokens)."""


class Batcher(threading.Thread):
    """Gathers what arrives within a few milliseconds, as inference servers do."""

    def __init__(self, answer: Answerer, most: int = 64) -> None:
        super().__init__(daemon=True)
        self._answer, self._most = answer, most
        self._queue: queue.Queue[tuple[dict[str, Any], Future[dict[str, Any]]]] = queue.Queue()
        self.start()

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        future: Future[dict[str, Any]] = Future()
        self._queue.put((body, future))
        return future.result(timeout=120)

    def run(self) -> None:
        while True:
            batch = [self._queue.get()]
            end = time.monotonic() + 0.005
            while len(batch) < self._most and (left := end - time.monotonic()) > 0:
                try:
                    batch.append(self._queue.get(timeout=left))
                except queue.Empty:
                    break
            try:
                for (_, future), reply in zip(
                    batch, self._answer([body for body, _ in batch]), strict=True
                ):
                    future.set_result(reply)
            except Exception as problem:  # noqa: BLE001
                for _, future in batch:
                    future.set_exception(problem)


class Server:
    """Serves on a free port of this machine until closed.

    Args:
        answer: what the model would say.
        fault: called with the number of the request, from 0; a kind of fault, or None.
    """

    def __init__(
        self, answer: Answerer, fault: Callable[[int], str | None] = lambda number: None
    ) -> None:
        self.batcher = Batcher(answer)
        self.served: Counter[str] = Counter()
        self.keys: set[str] = set()
        self.asked_waits = 0.0
        self._fault, self._lock, self._number = fault, threading.Lock(), 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.handle(self)

            def log_message(self, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *args: Any) -> None:
                pass

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            number, self._number = self._number, self._number + 1
            kind = self._fault(number)
            self.keys.add(request.headers.get("Authorization", ""))
            self.served[kind or "answered"] += 1
        if kind == "drop":
            request.connection.close()
            request.close_connection = True
            return
        if kind == "hang":
            time.sleep(1.2)
            request.close_connection = True
            return
        if kind is not None and kind.isdigit():
            headers = {"Retry-After": "0.2"} if kind == "429" else {}
            if headers:
                with self._lock:
                    self.asked_waits += 0.2
            self.reply(request, int(kind), b"{}", headers)
            return
        reply = {"": 0} if kind == "nonsense" else self.batcher.ask(body)
        if kind == "empty":
            reply["choices"][0]["message"]["content"] = ""
        whole = json.dumps(reply).encode()
        if kind == "truncated":
            # Fewer bytes than were promised.
            request.send_response(200)
            request.send_header("Content-Length", str(len(whole)))
            request.end_headers()
            request.wfile.write(whole[: len(whole) // 2])
            request.wfile.flush()
            request.connection.close()
            request.close_connection = True
            return
        self.reply(request, 200, b"<html>sorry" if kind == "html" else whole, {})

    @staticmethod
    def reply(
        request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


FAULTS = ("429", "500", "503", "drop", "hang", "empty", "nonsense", "html", "truncated")


def said(content: str, *, finish: str = "stop", tokens: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    """A chat completion."""
    return {
        "choices": [
            {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
        ],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]},
    }


def small_judge(judge: Any = None) -> Answerer:
    """Answers with the small judge that ships with the lab."""
    from pairjudge_lab import load_judge

    local: Any = judge or load_judge("tiny")

    def answer(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        texts = [
            local.tokenizer.apply_chat_template(
                body["messages"], tokenize=False, add_generation_prompt=True
            )
            for body in bodies
        ]
        prompts = local.tokenizer(texts, add_special_tokens=False).input_ids
        written = local._decoder.write(prompts, [400] * len(prompts))
        return [
            said(
                # A server that honours a stop string leaves it out.
                c.text.removesuffix(body["stop"][0]),
                finish="length" if c.cut_off else "stop",
                tokens=(len(prompt), c.tokens),
            )
            for c, body, prompt in zip(written, bodies, prompts, strict=True)
        ]

    return answer
