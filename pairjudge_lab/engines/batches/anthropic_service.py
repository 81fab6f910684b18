"""Anthropic's Message Batches, as the sessions of batches use them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from anthropic import Anthropic

from pairjudge_lab.engines.batches.session import Result
from pairjudge_lab.engines.batches.state import Batch
from pairjudge_lab.engines.batches.transport import (
    check_host,
    http_client,
    json_lines,
    said_plainly,
)
from pairjudge_lab.engines.contract import Completion, Finish, Request
from pairjudge_lab.engines.server.connection import read_key
from pairjudge_lab.engines.server.faults import without_key
from pairjudge_lab.engines.server.keys import without_key_in
from pairjudge_lab.engines.server.options import ServerOptions
from pairjudge_lab.engines.server.reading import count, whole_text
from pairjudge_lab.generation import GenerationConfig

CLOCKS = 3600
"""Seconds by which the service's clock may differ."""


class AnthropicBatches:
    """Anthropic's batches of messages.

    Parameters
    ----------
    address, model : str
        Where, and whom.
    config : GenerationConfig
        What all requests have in common.
    """

    def __init__(self, address: str, model: str, config: GenerationConfig) -> None:
        self._address, self._model, self._config = address, model, config
        self._key = read_key()
        self._largest = ServerOptions().bytes_allowed(config.max_new_tokens, 0)
        credentials = {"x-api-key": self._key} if self._key else {}
        self._client = Anthropic(
            api_key=self._key or "none",
            base_url=address,
            max_retries=6,
            http_client=http_client(address, credentials),
        )

    def item(self, name: str, request: Request) -> Mapping[str, Any]:
        config = self._config
        said = [(role, text) for role, text in request.messages if role != "system"]
        params: dict[str, Any] = {
            "model": self._model,
            "max_tokens": config.max_new_tokens,
            "messages": [{"role": role, "content": text} for role, text in said],
            "temperature": config.temperature,
        }
        system = [text for role, text in request.messages if role == "system"]
        if system:
            params["system"] = "\n\n".join(system)
        if config.top_p < 1:
            params["top_p"] = config.top_p
        if config.stop:
            params["stop_sequences"] = list(config.stop)
        if config.thinking:
            params["thinking"] = {"type": "enabled", "budget_tokens": config.thinking_budget}
        return {"custom_id": name, "params": params}

    def size(self, item: Mapping[str, Any]) -> int:
        return len(json.dumps(item))

    def create(self, token: str, items: list[Mapping[str, Any]]) -> str:
        del token  # The service takes no name for a batch.
        with said_plainly(self._address, self._key):
            # Sent once: after an answer that was lost, a second would make a second batch.
            client = self._client.with_options(max_retries=0)
            return client.messages.batches.create(requests=items).id  # type: ignore[arg-type]

    def find(self, batch: Batch) -> Iterator[str]:
        """Batches of as many requests made since; whose they are, their results tell."""
        with said_plainly(self._address, self._key):
            for listed in self._client.messages.batches.list(limit=100):
                if listed.created_at.timestamp() < batch.created - CLOCKS:
                    return
                counts = listed.request_counts
                total = (
                    counts.processing + counts.succeeded + counts.errored + counts.canceled
                    + counts.expired
                )  # fmt: skip
                if total == len(batch.names):
                    yield listed.id

    def ended(self, identifier: str) -> bool:
        with said_plainly(self._address, self._key):
            told = self._client.messages.batches.retrieve(identifier)
            return told.processing_status == "ended"

    def results(self, identifier: str, requests: Mapping[str, Request]) -> Iterator[Result]:
        del requests  # Nothing but text is read.
        with said_plainly(self._address, self._key):
            told = self._client.messages.batches.retrieve(identifier)
            check_host(self._address, told.results_url or self._address)
            batches = self._client.messages.batches.with_streaming_response
            with batches.results(identifier) as content:
                for line in json_lines(content.iter_bytes(), self._largest):
                    if (found := self._read(line)) is not None:
                        yield found

    def close(self) -> None:
        self._client.close()

    def _read(self, line: Any) -> Result | None:
        """What became of one request."""
        name = line.get("custom_id") if isinstance(line, Mapping) else None
        result = line.get("result") if isinstance(line, Mapping) else None
        if not isinstance(name, str) or not isinstance(result, Mapping):
            return None
        kind = result.get("type")
        if kind != "succeeded":
            told = without_key(json.dumps(result.get("error") or ""), self._key)[:200]
            # A request that was refused as it stands is refused again.
            again = "invalid_request" not in told
            return Result(name, Completion.failed(f"{_word(kind)}: {told}"), again)
        completion = without_key_in(_completion(result.get("message")), self._key)
        return Result(name, completion, again=completion.finish == "error")


_ENDED, _CUT = ("end_turn", "stop_sequence"), ("max_tokens", "model_context_window_exceeded")
"""Anthropic's words for an answer that is complete, and for one that is cut off."""


def _completion(message: Any) -> Completion:
    content = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(content, list):
        return Completion.failed("the answer held no message")
    blocks = [block for block in content if isinstance(block, Mapping)]
    text = "".join(b["text"] for b in blocks if isinstance(b.get("text"), str))
    thought = "".join(b["thinking"] for b in blocks if isinstance(b.get("thinking"), str))
    stopped = message.get("stop_reason")
    if stopped == "refusal":
        return Completion.failed("the model refused")
    if stopped not in (None, *_ENDED, *_CUT):
        return Completion.failed(f"the answer was broken off: {str(stopped)[:40]}")
    finish: Finish = "length" if stopped in _CUT else "stop"
    if not text.strip() and not thought and finish == "stop":
        return Completion.failed("the answer held no text")
    usage = message.get("usage")
    told = usage if isinstance(usage, Mapping) else {}
    cached = count(told, "cache_read_input_tokens")
    written = count(told, "cache_creation_input_tokens")
    return Completion(
        whole_text(text),
        whole_text(thought),
        finish,
        prompt_tokens=count(told, "input_tokens") + cached + written,
        cached_tokens=cached,
        completion_tokens=count(told, "output_tokens"),
    )


def _word(kind: Any) -> str:
    return kind if kind in ("errored", "expired", "canceled") else "no answer"
