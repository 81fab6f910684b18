"""Clients of batch endpoints, held to one host and to our own key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from pairjudge_lab.engines.server.faults import without_key
from pairjudge_lab.engines.server.options import KEY_VARIABLE
from pairjudge_lab.records import UserError

_HEADERS = {
    "host", "accept", "connection", "user-agent", "content-type", "content-length",
    "transfer-encoding", "idempotency-key", "anthropic-version", "x-stainless-raw-response",
}  # fmt: skip


_STREAMED = ("/content", "/results")

MOST_BYTES = 16_000_000
"""The most bytes of an answer that is read whole, such as a batch's status."""


class _Limited(httpx2.SyncByteStream):
    """The body of an answer, broken off where it is too long."""

    def __init__(self, stream: Any, address: str) -> None:
        self._stream, self._address = stream, address

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MOST_BYTES:
                raise UserError(f"{self._address} answers with more than {MOST_BYTES:,} bytes")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def http_client(address: str, credentials: Mapping[str, str]) -> httpx2.Client:
    """A client that speaks to the address's host alone, and sends no other credentials.

    Parameters
    ----------
    address : str
        The service's base address.
    credentials : mapping
        Headers that carry the key.
    """

    def on_request(request: httpx2.Request) -> None:
        check_host(address, str(request.url))
        for name in [n for n in request.headers if n.lower() not in _HEADERS]:
            del request.headers[name]
        request.headers["accept-encoding"] = "identity"
        request.headers.update(credentials)

    def on_response(response: httpx2.Response) -> None:
        # Results are streamed and read line by line; every other answer is read whole.
        path = response.request.url.path
        if response.is_error or not path.endswith(_STREAMED):
            response.stream = _Limited(response.stream, address)
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise UserError(f"{address} answers in a compressed form that was not asked for")

    return httpx2.Client(
        timeout=httpx2.Timeout(600.0, connect=10.0),
        follow_redirects=False,
        event_hooks={"request": [on_request], "response": [on_response]},
    )


def check_host(address: str, url: str) -> None:
    """Refuse to follow a service to another host.

    Raises
    ------
    UserError
        Where the URL is not at the address's own.
    """
    own, other = httpx2.URL(address), httpx2.URL(url)
    if (own.scheme, own.netloc) != (other.scheme, other.netloc):
        raise UserError(f"{address} has its results at another host, which is not asked")


@contextmanager
def said_plainly(address: str, key: str | None) -> Iterator[None]:
    """Errors of a client in one line of ours.

    Raises
    ------
    LookupError
        For what is not at the service (status 404).
    UserError
        For everything else.
    """
    try:
        yield
    except (UserError, LookupError):
        raise
    except Exception as problem:  # noqa: BLE001
        if isinstance(problem.__cause__, UserError):
            raise problem.__cause__ from None
        status = getattr(problem, "status_code", None)
        if status == 404:
            raise LookupError(address) from None
        said = without_key(str(problem), key)[:200] or type(problem).__name__
        hint = f"; check the key in {KEY_VARIABLE}" if status in (401, 403) else ""
        raise UserError(
            f"the batch endpoint at {address} failed: {said}{hint}. Batches that were submitted "
            "are found again by the next run"
        ) from None


def json_lines(chunks: Iterable[bytes], most: int) -> Iterator[Any]:
    """The values in a stream of JSON lines.

    Lines that are none are left out: their requests have no answer.

    Parameters
    ----------
    chunks : iterable of bytes
        What comes from the service.
    most : int
        The most bytes of one line; longer ones are left out.
    """
    begun, dropping = bytearray(), False
    for chunk in _with_end(chunks):
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            text = bytes(begun + line)
            begun.clear()
            whole, dropping = not dropping and len(text) <= most, False
            if whole and text.strip():
                try:
                    value = json.loads(text)
                except (ValueError, RecursionError):
                    continue
                yield value
        begun += rest
        if len(begun) > most:
            begun.clear()
            dropping = True


def _with_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from chunks
    yield b"\n"
