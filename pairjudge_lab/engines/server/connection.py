"""The official OpenAI client, held to what a judge may rely on.

The client builds and sends requests, retries connections and statuses, waits as Retry-After says
and decodes streams. What it leaves open is closed here: no other headers than ours, no redirects,
no compressed answers, no answers without end.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from openai import AsyncOpenAI, AsyncStream

from pairjudge_lab.engines.server.exchange import Exchange, Exchanges
from pairjudge_lab.engines.server.faults import AttemptError
from pairjudge_lab.engines.server.options import KEY_VARIABLE, ServerOptions
from pairjudge_lab.records import UserError

SMALL = 64 * 1024
"""The most bytes of a response that is no answer."""
_HEADERS = {
    "host", "accept", "connection", "user-agent", "content-type", "content-length",
    "transfer-encoding", "x-request-id", "idempotency-key",
    # The client reads its own marker back from the request.
    "x-stainless-raw-response",
}  # fmt: skip


def read_key() -> str | None:
    """The key for servers, from the environment.

    Raises
    ------
    UserError
        When it holds what no header can carry.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"the key in {KEY_VARIABLE} holds characters that cannot be sent")
    return key or None


class Connection:
    """Connections to one server.

    Parameters
    ----------
    address : str
        The base address.
    options : ServerOptions
        Limits.
    exchanges : Exchanges
        Told when requests are sent.
    refused : callable
        Called with an exchange when the server is too busy for it (status 429).
    largest : int
        The most bytes of one answer.
    """

    def __init__(
        self,
        address: str,
        options: ServerOptions,
        exchanges: Exchanges,
        refused: Callable[[Exchange], None],
        largest: int,
    ) -> None:
        self.key = read_key()
        self._address, self._options = address, options
        self._exchanges, self._refused, self._largest = exchanges, refused, largest
        self._kept, self._fresh = self._client(options.concurrency), self._client(0)

    def _client(self, keep: int) -> AsyncOpenAI:
        # Times after the connection stands are watched with every request, where they can tell a
        # queue from a silence.
        transport = httpx2.AsyncClient(
            timeout=httpx2.Timeout(self._options.total, connect=self._options.connect),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=keep),
            follow_redirects=False,
            event_hooks={"request": [self._on_request], "response": [self._on_response]},
        )
        return AsyncOpenAI(
            api_key=self.key or "none",
            admin_api_key="",
            organization="",
            project="",
            webhook_secret="",
            base_url=self._address,
            http_client=transport,
        )

    async def _on_request(self, request: httpx2.Request) -> None:
        # The client takes further headers from variables of its own, which are for other hosts.
        for name in [n for n in request.headers if n.lower() not in _HEADERS]:
            del request.headers[name]
        request.headers["accept-encoding"] = "identity"
        if self.key:
            request.headers["authorization"] = f"Bearer {self.key}"
        name = request.headers.get("x-request-id", "")
        if exchange := self._exchanges.open.get(name):
            self._exchanges.send(exchange)
            request.headers["x-request-id"] = f"{name}-{exchange.attempts}"

    async def _on_response(self, response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise AttemptError("the answer was compressed, which was not asked for")
        good = response.status_code == 200
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = Capped(response.stream, self._largest if good else SMALL)
        name = response.request.headers.get("x-request-id", "").rpartition("-")[0]
        if (exchange := self._exchanges.open.get(name)) and not good:
            if response.status_code == 429:
                self._refused(exchange)
            exchange.sent = None

    @asynccontextmanager
    async def stream(
        self, exchange: Exchange, body: Mapping[str, Any], *, retries: int, keep: bool
    ) -> AsyncIterator[tuple[AsyncIterator[Any], Mapping[str, str]]]:
        """Send a request; the events of its answer and the response's headers.

        A server that does not stream answers in one event. Left early, the connection is closed.
        """
        client = (self._kept if keep else self._fresh).with_options(max_retries=retries)
        # The body goes as it is: the client would walk through every message to convert it.
        async with client.chat.completions.with_streaming_response.create(
            model=body["model"],
            messages=[],
            stream=True,
            extra_body=dict(body),
            extra_headers={"X-Request-Id": exchange.name},
        ) as response:
            if "json" in response.headers.get("content-type", ""):
                yield _one(response), response.headers
            else:
                events = await response.parse(to=AsyncStream[object])
                yield events.__aiter__(), response.headers

    async def owners(self) -> list[str]:
        """What the server names as the owners of its models; several name themselves."""
        listed = await self._fresh.with_options(max_retries=2).models.list()
        return [model.owned_by for model in listed.data]

    async def close(self) -> None:
        await self._kept.close()
        await self._fresh.close()


async def _one(response: Any) -> AsyncIterator[Any]:
    yield await response.json()


class Capped(httpx2.AsyncByteStream):
    """The bytes of a response, up to a limit.

    Parameters
    ----------
    stream : async iterable of bytes
        What comes from the connection; closed with this.
    most : int
        The limit.
    """

    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream, self._left, self._most = stream, most, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise AttemptError(f"the answer was larger than {self._most:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
