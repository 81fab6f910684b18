"""A request asked until there is a completion, or until it is certain that there is none."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.engines.server.body import Dialect, request_body
from pairjudge_lab.engines.server.concurrency import Concurrency
from pairjudge_lab.engines.server.connection import Connection
from pairjudge_lab.engines.server.exchange import Exchange, Exchanges
from pairjudge_lab.engines.server.faults import AttemptError, read_failure, without_key
from pairjudge_lab.engines.server.identifiers import Identifiers
from pairjudge_lab.engines.server.keys import without_key_in
from pairjudge_lab.engines.server.options import ServerOptions
from pairjudge_lab.engines.server.reading import Reading
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

T = TypeVar("T")
WAIT, LONGEST_WAIT = 0.5, 8.0
"""Seconds before the second attempt, doubled each time up to a limit: the client's own."""
FIRST_ATTEMPTS = 3
"""Attempts at an address from which nothing good ever came."""


class Asker:
    """Asks one server, and keeps what it learns of it.

    Parameters
    ----------
    address, model : str
        Where, and whom.
    config : GenerationConfig
        What every request has in common.
    options : ServerOptions
        Limits.
    concurrency : Concurrency
        Told of answers, time-outs and refusals.
    """

    def __init__(
        self,
        address: str,
        model: str,
        config: GenerationConfig,
        options: ServerOptions,
        concurrency: Concurrency,
    ) -> None:
        self.address, self.model, self.config, self.options = address, model, config, options
        self.dialect = Dialect(logprobs=options.top_logprobs)
        self.in_flight = 0
        self._concurrency = concurrency
        self._exchanges = Exchanges(options)
        self._identifiers = Identifiers()
        self._good = False
        self._over = asyncio.Event()
        wanted = config.label_probabilities or config.label_only
        told = options.top_logprobs if wanted else int(config.mean_logprob)
        self.connection = Connection(
            address, options, self._exchanges, self._refused,
            options.bytes_allowed(config.max_new_tokens, told),
        )  # fmt: skip

    async def complete(self, request: Request) -> Completion:
        """The completion of a request.

        Raises
        ------
        UserError
            When the server refuses altogether, or nothing good ever came from its address.
        """
        asks = self.config.stop if self.dialect.stop else ()
        first = await self.ask(request, lambda dialect: self._body(request, dialect, True))
        if isinstance(first, Completion):
            return first
        reading, seconds = first
        if asks and reading.quoted(self.config.stop, request.finished):
            second = await self.ask(
                request, lambda dialect: self._body(request, dialect, False), watched=True
            )
            if isinstance(second, Completion):
                return second
            reading, seconds = second[0], seconds + second[1]
        completion = reading.completion(seconds)
        completion = without_key_in(completion, self.connection.key)
        return completion if self.config.label_probabilities else replace(completion, labels=())

    def _body(self, request: Request, dialect: Dialect, stop: bool) -> dict[str, Any]:
        return request_body(self.model, self.config, request, dialect, stop=stop)

    async def ask(
        self,
        request: Request,
        body: Callable[[Dialect], dict[str, Any]],
        *,
        watched: bool = False,
    ) -> tuple[Reading, float] | Completion:
        """An answer that can be read and the seconds it took, or a failed one.

        Parameters
        ----------
        request : Request
            What is asked.
        body : callable
            The request's body, in what the server accepts.
        watched : bool
            Whether stop strings are looked for here, and not by the server.
        """
        spent, keep = 0, True
        while True:
            dialect = self.dialect
            exchange = Exchange(f"pairjudge-{secrets.token_hex(8)}")
            here = watched or not dialect.stop
            reading = Reading(
                request.labels, self.config.stop if here else (), request.finished if here else None
            )
            most = self.options.attempts if self._good else min(FIRST_ATTEMPTS, self._attempts)
            try:
                await self._attempt(
                    exchange, body(dialect), reading, retries=most - spent - 1, keep=keep
                )
                ended = time.monotonic()
                reading.completion(0.0)
                self._hear_good(ended)
                return reading, ended - (exchange.sent or ended)
            except AttemptError as fault:
                known = fault
            except AbandonedError:
                raise
            except Exception as problem:  # noqa: BLE001
                # Whatever a response can bring about is a failed attempt, and no traceback.
                known = read_failure(problem, self.address, self.connection.key)
                if known.refusal and self._learn(known.refusal, body(dialect), dialect):
                    continue
            spent += max(1, exchange.attempts)
            keep = False
            if known.astray and not self._good and spent >= min(FIRST_ATTEMPTS, self._attempts):
                raise UserError(
                    f"{self.address} cannot be asked: {self._said(known.reason)}; check the "
                    "address, and whether the server runs"
                )
            if not known.again or spent >= self._attempts:
                why = f"{self._said(known.reason)} ({spent} attempts)"
                return Completion.failed(why, refused=not known.again)
            await self._pause(max(known.wait, _wait(spent)))

    def give_up_waiting(self) -> None:
        """Give up requests whose answers have not begun; those that have are read to the end."""
        self._over.set()

    async def owners(self) -> list[str]:
        """Who the server says that it is.

        Raises
        ------
        UserError
            When it does not say.
        """
        try:
            return await self.connection.owners()
        except Exception as problem:  # noqa: BLE001
            said = self._said(str(problem)) or type(problem).__name__
            raise UserError(f"{self.address} does not list its models: {said}") from None

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return
        raise AbandonedError

    @property
    def _attempts(self) -> int:
        return self.options.attempts

    async def _attempt(
        self,
        exchange: Exchange,
        body: dict[str, Any],
        reading: Reading,
        *,
        retries: int,
        keep: bool,
    ) -> None:
        """Send a request and read its answer, until it ends or is given up."""
        kept = keep and self._identifiers.keep

        async def read() -> None:
            async with self.connection.stream(
                exchange, body, retries=max(0, retries), keep=kept
            ) as (events, headers):
                tied = False
                async for event in events:
                    reading.feed(event)
                    self._exchanges.hear(exchange, begun=reading.begun)
                    if reading.identifier and not tied:
                        tied = self._tie(exchange, reading, headers, kept)
                    if reading.stopped_here:
                        break
                # An answer that cannot be read says nothing of the server's ids.
                if not tied and reading.finish is not None:
                    self._tie(exchange, reading, headers, kept)

        self._exchanges.open[exchange.name] = exchange
        try:
            await self._watch(exchange, read())
        finally:
            del self._exchanges.open[exchange.name]
            self._concurrency.sent += exchange.attempts

    def _tie(
        self, exchange: Exchange, reading: Reading, headers: Mapping[str, str], kept: bool
    ) -> bool:
        told = (reading.identifier, headers.get("x-request-id", ""))
        if not self._identifiers.tied(exchange.name, told, kept=kept):
            raise AttemptError("the answer was to another request")
        return True

    async def _watch(self, exchange: Exchange, work: Awaitable[T]) -> T:
        """Wait for an answer while it is worth waiting for."""
        task = asyncio.ensure_future(work)
        tick = min(1.0, self.options.silence / 8, self.options.total / 8)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=tick)
                if task.done():
                    break
                if self._over.is_set() and not exchange.begun:
                    raise AbandonedError
                if self._exchanges.queued(exchange):
                    self._slow_down(exchange)
                if reason := self._exchanges.overdue(exchange):
                    raise AttemptError(reason, astray=not exchange.begun)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return task.result()

    def _hear_good(self, now: float) -> None:
        self._good = True
        full = self.in_flight >= self._concurrency.limit
        self._concurrency.answered(now, full=full)

    def _refused(self, exchange: Exchange) -> None:
        self._slow_down(exchange)

    def _slow_down(self, exchange: Exchange) -> None:
        if exchange.sent is not None:
            self._concurrency.slow_down(time.monotonic(), exchange.sent)

    def _learn(self, refusal: str, body: dict[str, Any], dialect: Dialect) -> bool:
        """Whether the server takes the same in another form, or another request found one."""
        if dialect != self.dialect:
            return True
        learnt = dialect.after(refusal, body)
        if learnt is not None:
            self.dialect = learnt
        return learnt is not None

    def _said(self, text: str) -> str:
        return without_key(text, self.connection.key)[:200]


class AbandonedError(Exception):
    """The session is over before the answer began."""


def _wait(spent: int) -> float:
    """Seconds before the next attempt, spread so that not all come back at once."""
    return min(LONGEST_WAIT, WAIT * 2.0 ** (spent - 1)) * random.uniform(0.75, 1.0)  # noqa: S311
