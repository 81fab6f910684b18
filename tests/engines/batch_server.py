"""Stand-ins of the batch endpoints of OpenAI and Anthropic, on loopback."""

from __future__ import annotations

import email.parser
import email.policy
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class BatchServer:
    """What both have in common: batches that end when they are told to.

    Args:
        answer: from a request of a batch (its line or list entry), what becomes of it.
        polls: how often a batch is asked after before it has ended.
    """

    prefix = ""

    def __init__(self, answer: Callable[[dict[str, Any]], dict[str, Any]], polls: int = 1) -> None:
        self.answer, self.polls = answer, polls
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.calls: list[tuple[str, str]] = []
        self.fail: str | None = None
        self.created = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.handle(self, body)

            def do_GET(self) -> None:
                server.handle(self, b"")

            def log_message(self, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                pass

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.address = self.host + self.prefix
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> BatchServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def handle(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        path = request.path.partition("?")[0]
        self.calls.append((request.command, path))
        self.headers.append({k.lower(): v for k, v in request.headers.items()})
        status, told = self.reply(request, path, body)
        if status == 0:
            request.connection.close()
            request.close_connection = True
            return
        data = told if isinstance(told, bytes) else json.dumps(told).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def reply(self, request: Any, path: str, body: bytes) -> tuple[int, Any]:
        raise NotImplementedError

    def make(self, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """A new batch; its answers are worked out at once."""
        identifier = f"batch_{len(self.batches)}"
        for item in items:
            self.asked[item["custom_id"]] += 1
        self.batches[identifier] = {
            "id": identifier,
            "polls": self.polls,
            "items": items,
            "lines": [self.answer(item) for item in items],
            "created_at": int(time.time()),
            **more,
        }
        self.created.set()
        return self.batches[identifier]

    def over(self, batch: dict[str, Any]) -> bool:
        batch["polls"] -= 1
        return batch["polls"] < 0

    @staticmethod
    def lines(batch: dict[str, Any]) -> bytes:
        return b"".join(json.dumps(line).encode() + b"\n" for line in batch["lines"] if line)


class OpenAIServer(BatchServer):
    prefix = "/v1"

    def reply(self, request: Any, path: str, body: bytes) -> tuple[int, Any]:
        if (request.command, path) == ("POST", "/v1/files"):
            return 200, self.upload(request.headers["Content-Type"], body)
        if (request.command, path) == ("POST", "/v1/batches"):
            told = json.loads(body)
            if self.fail == "refuse":
                return 400, {"error": {"message": "no such endpoint"}}
            items = self.files[told["input_file_id"]]
            made = self.make(items, metadata=told["metadata"], file=told["input_file_id"])
            if self.fail == "lose":
                return 0, None
            if self.fail == "hold":
                time.sleep(60)
            return 200, self.told(made)
        if path == "/v1/batches":
            listed = [self.told(batch) for batch in reversed(self.batches.values())]
            return 200, {"object": "list", "data": listed, "has_more": False}
        if path.startswith("/v1/batches/"):
            batch = self.batches.get(path.rpartition("/")[2])
            if batch is None:
                return 404, {"error": {"message": "gone"}}
            return 200, self.told(batch)
        return 200, self.lines(self.batches[path.split("/")[3].removeprefix("out_")])

    files: dict[str, list[dict[str, Any]]]

    def upload(self, content_type: str, body: bytes) -> dict[str, Any]:
        parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            f"Content-Type: {content_type}\r\n\r\n".encode() + body
        )
        parts = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in parsed.iter_parts()
        }
        assert parts["purpose"] == b"batch"
        self.__dict__.setdefault("files", {})
        name = f"file_{len(self.files)}"
        self.files[name] = [json.loads(line) for line in parts["file"].splitlines()]
        return {
            "id": name, "object": "file", "bytes": len(body), "created_at": 0, "filename": "x",
            "purpose": "batch", "status": "processed",
        }  # fmt: skip

    def told(self, batch: dict[str, Any]) -> dict[str, Any]:
        status = "completed" if self.over(batch) else "in_progress"
        told = {
            "id": batch["id"], "object": "batch", "endpoint": "/v1/chat/completions",
            "completion_window": "24h", "input_file_id": batch["file"], "status": status,
            "created_at": batch["created_at"], "metadata": batch["metadata"],
        }  # fmt: skip
        if self.fail == "invalid":
            told |= {"status": "failed", "errors": {"data": [{"message": "model not found"}]}}
        elif status == "completed":
            told["output_file_id"] = f"out_{batch['id']}"
        return told


class AnthropicServer(BatchServer):
    def reply(self, request: Any, path: str, body: bytes) -> tuple[int, Any]:
        base = "/v1/messages/batches"
        if (request.command, path) == ("POST", base):
            made = self.make(json.loads(body)["requests"])
            if self.fail == "lose":
                return 0, None
            if self.fail == "hold":
                time.sleep(60)
            return 200, self.told(made)
        if path == base:
            listed = [self.told(batch) for batch in reversed(self.batches.values())]
            return 200, {"data": listed, "has_more": False, "first_id": None, "last_id": None}
        batch = self.batches.get(path.split("/")[4])
        if batch is None:
            return 404, {"type": "error", "error": {"type": "not_found_error", "message": "gone"}}
        if path.endswith("/results"):
            return 200, self.lines(batch)
        return 200, self.told(batch)

    def told(self, batch: dict[str, Any]) -> dict[str, Any]:
        over = self.over(batch)
        made = datetime.fromtimestamp(batch["created_at"], UTC).isoformat()
        counts = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        counts["succeeded" if over else "processing"] = len(batch["items"])
        host = "http://127.0.0.2:9" if self.fail == "elsewhere" else self.host
        return {
            "id": batch["id"], "type": "message_batch", "request_counts": counts,
            "processing_status": "ended" if over else "in_progress", "created_at": made,
            "expires_at": made, "ended_at": made if over else None, "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"{host}/v1/messages/batches/{batch['id']}/results" if over else None,
        }  # fmt: skip


def number_of(messages: list[dict[str, str]]) -> int:
    return int(messages[-1]["content"].removeprefix("case "))


def openai_answer(item: dict[str, Any]) -> dict[str, Any]:
    """A line of OpenAI's file of answers."""
    text = f"answer {number_of(item['body']['messages'])}"
    message = {"role": "assistant", "content": text, "reasoning_content": "hm"}
    body = {
        "id": "c",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 4},
    }
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "l", "custom_id": item["custom_id"], "response": response, "error": None}


def anthropic_answer(item: dict[str, Any]) -> dict[str, Any]:
    """A line of Anthropic's results."""
    text = f"answer {number_of(item['params']['messages'])}"
    message = {
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 2, "output_tokens": 4},
    }
    return {"custom_id": item["custom_id"], "result": {"type": "succeeded", "message": message}}
