"""A real server on loopback that speaks the OpenAI chat protocol, and breaks it on purpose."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.engines.server_reply import Reply, chunk

MEGABYTE = 1024 * 1024


FAULTS = (
    "429", "500", "503", "drop", "hang", "empty", "nonsense", "html", "truncated", "silence",
    "redirect", "large", "large_line", "endless", "gzip_bomb", "bad_gzip", "doubled", "trickle",
    "deep", "error_event", "no_finish", "other_choice", "not_utf8", "no_choices", "wrong_type",
)  # fmt: skip
"""Answers that must be asked for again."""
ODDITIES = ("usage_huge", "usage_words", "surrogates", "whole", "comments", "late_usage")
"""Answers that are good, though strange."""


class FaultyServer:
    """Serves on a free port of this machine until closed.

    Args:
        answer: what the model would say to a request's body.
        fault: called with the number of the request, from 0; a kind of fault, or None.
        hang: seconds that hanging, silent and trickling answers last.
        identifier: the id of a completion, given the number of the request and its X-Request-Id.
        slots: how many requests are worked on at once; others wait, nothing sent.
    """

    def __init__(
        self,
        answer: Callable[[dict[str, Any]], Reply],
        fault: Callable[[int], str | None] = lambda number: None,
        *,
        hang: float = 3.0,
        identifier: Callable[[int, str], str] = lambda number, name: f"chatcmpl-{number}",
        slots: int = 10_000,
        owner: str = "somebody",
    ) -> None:
        bomb()
        self.answer, self.fault, self.hang, self.identifier = answer, fault, hang, identifier
        self.served: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.in_flight = self.most_in_flight = 0
        self.owner = owner
        self.ports: set[int] = set()
        self.slots = threading.Semaphore(slots)
        self._lock, self._number = threading.Lock(), 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.handle(self)

            def do_GET(self) -> None:
                server.served["GET"] += 1
                server.send(self, 200, json.dumps(server.models()).encode())

            def log_message(self, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *args: Any) -> None:
                pass

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> FaultyServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def models(self) -> dict[str, Any]:
        listed = {"id": "m", "object": "model", "created": 0, "owned_by": self.owner}
        return {"object": "list", "data": [listed]}

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            number, self._number = self._number, self._number + 1
            kind = self.fault(number)
            self.served[kind or "answered"] += 1
            self.bodies.append(body)
            self.headers.append({k.lower(): v for k, v in request.headers.items()})
            self.ports.add(request.client_address[1])
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            with self.slots:
                self._serve(request, body, number, kind)
        finally:
            with self._lock:
                self.in_flight -= 1

    def _serve(
        self, request: BaseHTTPRequestHandler, body: dict[str, Any], number: int, kind: str | None
    ) -> None:
        identifier = self.identifier(number, request.headers.get("X-Request-Id", ""))
        if kind is None:
            reply = self.answer(body)
            if reply.finish is not None and reply.finish.isdigit():
                return self.send(request, int(reply.finish), reply.text.encode())
            if not body.get("stream"):
                return self.send(request, 200, reply.whole(identifier).encode())
            return self.stream(request, reply.chunks(identifier))
        if kind.isdigit():
            headers = {"Retry-After": "0.05"} if kind == "429" else {}
            return self.send(request, int(kind), b"{}", headers)
        return getattr(self, f"do_{kind}")(request, body, identifier)

    # What can be sent.

    def send(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
    ) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def begin(self, request: BaseHTTPRequestHandler, **headers: str) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()

    def write(self, request: BaseHTTPRequestHandler, data: bytes) -> None:
        request.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def event(self, request: BaseHTTPRequestHandler, data: str) -> None:
        self.write(request, b"data: " + data.encode("utf-8", "surrogatepass") + b"\n\n")

    def end(self, request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"0\r\n\r\n")

    def stream(self, request: BaseHTTPRequestHandler, events: Iterator[str]) -> None:
        self.begin(request)
        for data in events:
            self.event(request, data)
        self.event(request, "[DONE]")
        self.end(request)

    def part(self, request: BaseHTTPRequestHandler, body: dict[str, Any], identifier: str) -> None:
        """The first half of a good answer."""
        self.begin(request)
        events = list(self.answer(body).chunks(identifier))
        for data in events[: len(events) // 2]:
            self.event(request, data)

    # Faults, each with the request, its body, and the id of its completion.

    def do_drop(self, request: Any, body: Any, identifier: str) -> None:
        request.connection.close()
        request.close_connection = True

    def do_hang(self, request: Any, body: Any, identifier: str) -> None:
        time.sleep(self.hang)
        request.close_connection = True

    def do_empty(self, request: Any, body: Any, identifier: str) -> None:
        self.stream(request, Reply().chunks(identifier))

    def do_nonsense(self, request: Any, body: Any, identifier: str) -> None:
        self.stream(request, iter(["0", '"x"']))

    def do_html(self, request: Any, body: Any, identifier: str) -> None:
        self.send(request, 200, b"<html>sorry", {"Content-Type": "text/html"})

    def do_truncated(self, request: Any, body: Any, identifier: str) -> None:
        self.part(request, body, identifier)
        self.do_drop(request, body, identifier)

    def do_silence(self, request: Any, body: Any, identifier: str) -> None:
        self.part(request, body, identifier)
        time.sleep(self.hang)
        request.close_connection = True

    def do_redirect(self, request: Any, body: Any, identifier: str) -> None:
        self.send(request, 307, b"", {"Location": "http://127.0.0.2:9/v1/chat/completions"})

    def do_large(self, request: Any, body: Any, identifier: str) -> None:
        """50 MB, in good events."""
        self.begin(request)
        piece = chunk(identifier, {"content": "x" * (MEGABYTE // 4)})
        for _ in range(200):
            self.event(request, piece)
        self.end(request)

    def do_large_line(self, request: Any, body: Any, identifier: str) -> None:
        """50 MB without a line's end."""
        self.begin(request)
        for _ in range(200):
            self.write(request, b"data: " + b"x" * (MEGABYTE // 4))
        self.end(request)

    def do_endless(self, request: Any, body: Any, identifier: str) -> None:
        self.begin(request)
        while True:
            self.write(request, b": nothing\n\n" * 10_000)

    def do_gzip_bomb(self, request: Any, body: Any, identifier: str) -> None:
        self.send(request, 200, bomb(), {"Content-Encoding": "gzip"})

    def do_bad_gzip(self, request: Any, body: Any, identifier: str) -> None:
        self.send(request, 200, b"\x1f\x8bnothing", {"Content-Encoding": "gzip"})

    def do_doubled(self, request: Any, body: Any, identifier: str) -> None:
        """The response twice, in one piece, so that the second waits in the client's buffer."""
        events = [*self.answer(body).chunks(identifier), "[DONE]"]
        data = b"".join(b"data: " + event.encode() + b"\n\n" for event in events)
        whole = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked"
            b"\r\n\r\n" + f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n\r\n"
        )
        request.wfile.write(2 * whole)

    def do_trickle(self, request: Any, body: Any, identifier: str) -> None:
        """A byte now and then, never a whole event."""
        self.begin(request)
        until = time.monotonic() + self.hang
        while time.monotonic() < until:
            self.write(request, b"x")
            time.sleep(0.05)
        request.close_connection = True

    def do_deep(self, request: Any, body: Any, identifier: str) -> None:
        self.stream(request, iter(["[" * 100_000 + "]" * 100_000]))

    def do_error_event(self, request: Any, body: Any, identifier: str) -> None:
        self.stream(request, iter([json.dumps({"error": {"message": "out of memory"}})]))

    def do_no_finish(self, request: Any, body: Any, identifier: str) -> None:
        """Ends as if all were there."""
        self.part(request, body, identifier)
        self.end(request)

    def do_other_choice(self, request: Any, body: Any, identifier: str) -> None:
        choice = {"index": 1, "delta": {"content": "x"}, "finish_reason": "stop"}
        self.stream(request, iter([json.dumps({"id": identifier, "choices": [choice]})]))

    def do_not_utf8(self, request: Any, body: Any, identifier: str) -> None:
        self.begin(request)
        self.write(request, b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n')
        self.end(request)

    def do_no_choices(self, request: Any, body: Any, identifier: str) -> None:
        self.stream(request, iter([json.dumps({"id": identifier, "choices": []})]))

    def do_wrong_type(self, request: Any, body: Any, identifier: str) -> None:
        choice = {"index": 0, "delta": [1], "finish_reason": {"a": 1}}
        self.stream(request, iter([json.dumps({"id": [1], "choices": [choice]})]))

    # Oddities.

    def _odd(self, request: Any, body: Any, identifier: str, usage: str) -> None:
        events = list(self.answer(body).chunks(identifier))[:-1]
        self.stream(request, iter([*events, '{"choices": [], "usage": ' + usage + "}"]))

    def do_usage_huge(self, request: Any, body: Any, identifier: str) -> None:
        self._odd(request, body, identifier, '{"prompt_tokens": 1e400, "completion_tokens": 1e20}')

    def do_usage_words(self, request: Any, body: Any, identifier: str) -> None:
        words = '{"prompt_tokens": "many", "completion_tokens": [], "prompt_tokens_details": 3}'
        self._odd(request, body, identifier, words)

    def do_surrogates(self, request: Any, body: Any, identifier: str) -> None:
        """A letter beyond the basic plane in two halves, and a half alone."""
        events = list(self.answer(body).chunks(identifier))
        halves = [chunk(identifier, {"content": half}) for half in ("\ud83d", "\ude00", "\ud83d")]
        self.stream(request, iter([*events[:-2], *halves, *events[-2:]]))

    def do_whole(self, request: Any, body: Any, identifier: str) -> None:
        """One piece of JSON, though a stream was asked for."""
        self.send(request, 200, self.answer(body).whole(identifier).encode())

    def do_comments(self, request: Any, body: Any, identifier: str) -> None:
        self.begin(request)
        self.write(request, b": wait\n\n: wait\n\n")
        for data in self.answer(body).chunks(identifier):
            self.event(request, data)
            self.write(request, b": wait\n\n")
        self.end(request)

    def do_late_usage(self, request: Any, body: Any, identifier: str) -> None:
        """Usage null in every event but the last."""
        events = [json.loads(e) for e in self.answer(body).chunks(identifier)]
        self.stream(request, (json.dumps({"usage": None, **event}) for event in events))


@cache
def bomb() -> bytes:
    """A few kilobytes that become 50 MB."""
    return gzip.compress(b"\0" * 50 * MEGABYTE)
