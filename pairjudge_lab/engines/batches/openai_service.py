"""OpenAI's files and batches, as the sessions of batches use them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from openai import OpenAI

from pairjudge_lab.engines.batches.session import Result
from pairjudge_lab.engines.batches.state import Batch
from pairjudge_lab.engines.batches.transport import http_client, json_lines, said_plainly
from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.engines.server.body import Dialect, request_body
from pairjudge_lab.engines.server.connection import read_key
from pairjudge_lab.engines.server.faults import AttemptError, without_key
from pairjudge_lab.engines.server.keys import without_key_in
from pairjudge_lab.engines.server.options import ServerOptions
from pairjudge_lab.engines.server.reading import Reading
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
CLOCKS = 3600
"""Seconds by which the service's clock may differ."""
ENDED = ("completed", "expired", "cancelled", "failed")


class OpenAIBatches:
    """OpenAI's files and batches.

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
        told = 20 if config.label_probabilities else 0
        self._largest = ServerOptions().bytes_allowed(config.max_new_tokens, told)
        credentials = {"authorization": f"Bearer {self._key}"} if self._key else {}
        self._client = OpenAI(
            api_key=self._key or "none", admin_api_key="", organization="", project="",
            webhook_secret="", base_url=address, max_retries=6,
            http_client=http_client(address, credentials),
        )  # fmt: skip

    def item(self, name: str, request: Request) -> Mapping[str, Any]:
        dialect = Dialect(limit="max_completion_tokens", usage=False)
        # A refusal is learnt a day later and of every request at once, so nothing is asked for that
        # a model may refuse and that can be done without.
        config = replace(self._config, mean_logprob=False)
        body = request_body(self._model, config, request, dialect)
        del body["stream"]
        return {"custom_id": name, "method": "POST", "url": ENDPOINT, "body": body}

    def size(self, item: Mapping[str, Any]) -> int:
        return len(_line(item))

    def create(self, token: str, items: list[Mapping[str, Any]]) -> str:
        content = b"".join(_line(item) for item in items)
        with said_plainly(self._address, self._key):
            file = self._client.files.create(
                file=(f"{token}.jsonl", content, "application/jsonl"), purpose="batch"
            )
            # Sent once: after an answer that was lost, a second would make a second batch.
            return (
                self._client.with_options(max_retries=0)
                .batches.create(
                    input_file_id=file.id,
                    endpoint=ENDPOINT,
                    completion_window="24h",
                    metadata={"pairjudge": token},
                )
                .id
            )

    def find(self, batch: Batch) -> Iterator[str]:
        with said_plainly(self._address, self._key):
            for listed in self._client.batches.list(limit=100):
                if listed.created_at < batch.created - CLOCKS:
                    return
                if (listed.metadata or {}).get("pairjudge") == batch.token:
                    yield listed.id

    def ended(self, identifier: str) -> bool:
        with said_plainly(self._address, self._key):
            return self._client.batches.retrieve(identifier).status in ENDED

    def results(self, identifier: str, requests: Mapping[str, Request]) -> Iterator[Result]:
        with said_plainly(self._address, self._key):
            batch = self._client.batches.retrieve(identifier)
            if batch.status == "failed":
                told = [error.message for error in (batch.errors and batch.errors.data) or ()]
                why = without_key(str(told[0] if told else "no reason given"), self._key)
                raise UserError(f"{self._address} refused a batch: {why[:200]}")
            for file in filter(None, (batch.output_file_id, batch.error_file_id)):
                with self._client.files.with_streaming_response.content(file) as content:
                    for line in json_lines(content.iter_bytes(), self._largest):
                        if (found := self._read(line, requests)) is not None:
                            yield found

    def close(self) -> None:
        self._client.close()

    def _read(self, line: Any, requests: Mapping[str, Request]) -> Result | None:
        """What became of one request."""
        name = line.get("custom_id") if isinstance(line, Mapping) else None
        if not isinstance(name, str):
            return None
        response = line.get("response")
        response = response if isinstance(response, Mapping) else {}
        status, body = response.get("status_code"), response.get("body")
        if status != 200:
            told = without_key(json.dumps(line.get("error") or body or ""), self._key)[:200]
            again = not isinstance(status, int) or status in (408, 409, 429) or status >= 500
            return Result(
                name, Completion.failed(f"status {status}: {told}", refused=not again), again
            )
        request = requests.get(name, Request(()))
        reading = Reading(request.labels)
        try:
            reading.feed(body)
            completion = without_key_in(reading.completion(0.0), self._key)
        except AttemptError as problem:
            return Result(
                name, Completion.failed(problem.reason, refused=not problem.again), problem.again
            )
        if not self._config.label_probabilities:
            completion = replace(completion, labels=())
        return Result(name, completion)


def _line(item: Mapping[str, Any]) -> bytes:
    return json.dumps(item).encode() + b"\n"
