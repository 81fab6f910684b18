"""Requests answered by batches: submitted once, looked after until they end, picked up again."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pairjudge_lab.engines.batches.state import Batch, BatchState
from pairjudge_lab.engines.contract import Completion, Request, completion_key
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How batches are treated.

    Attributes
    ----------
    poll : float
        Seconds between two questions whether a batch has ended.
    attempts : int
        In how many batches one request is tried.
    most_requests : int
        The most requests of a batch.
    most_bytes : int
        The most bytes of a batch's requests.

    Raises
    ------
    UserError
        For a value that makes no sense.
    """

    poll: float = 30.0
    attempts: int = 3
    most_requests: int = 50_000
    most_bytes: int = 180_000_000

    def __post_init__(self) -> None:
        if not 0 < self.poll <= 86_400:
            raise UserError(f"poll is above 0 and at most 86,400 seconds, got {self.poll}")
        for name in ("attempts", "most_requests", "most_bytes"):
            if not 1 <= getattr(self, name) <= 10**9:
                raise UserError(f"{name} is at least 1 for batches, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one request of a batch; ``again`` where another batch could answer it."""

    name: str
    completion: Completion
    again: bool = False


class BatchService(Protocol):
    """One kind of batch endpoint.

    ``item`` is one request as the service takes it. ``create`` submits a batch and gives its id.
    ``find`` gives the ids of batches that may be the one noted here. ``ended`` tells whether a
    batch has ended; it raises LookupError for one that is not there. ``results`` gives what became
    of its requests, in any order; how their answers are read is in the requests themselves.
    """

    def item(self, name: str, request: Request) -> Mapping[str, Any]: ...

    def size(self, item: Mapping[str, Any]) -> int: ...

    def create(self, token: str, items: list[Mapping[str, Any]]) -> str: ...

    def find(self, batch: Batch) -> Iterable[str]: ...

    def ended(self, identifier: str) -> bool: ...

    def results(self, identifier: str, requests: Mapping[str, Request]) -> Iterable[Result]: ...

    def close(self) -> None: ...


class BatchSession:
    """Answers requests by batches.

    Parameters
    ----------
    service : BatchService
        The endpoint.
    state : BatchState
        What was submitted already.
    options : BatchOptions
        Limits.
    engine : str
        Digest of the engine's identity, part of the requests' names.
    config : GenerationConfig
        What all requests have in common.
    """

    def __init__(
        self,
        service: BatchService,
        state: BatchState,
        options: BatchOptions,
        engine: str,
        config: GenerationConfig,
    ) -> None:
        self._service, self._state, self._options = service, state, options
        self._engine, self._config = engine, config
        self._tickets: dict[str, list[str]] = {}
        self._requests: dict[str, Request] = {}
        # Requests without a batch, and the batches in which the others are.
        self._waiting: list[str] = []
        self._running: set[str] = set()
        self._tried: dict[str, int] = {}

    def submit(self, ticket: str, request: Request) -> None:
        """Take a request; nothing is sent before completions are collected."""
        name = completion_key(self._engine, self._config, request)
        self._tickets.setdefault(name, []).append(ticket)
        if name not in self._requests:
            self._requests[name] = request
            self._waiting.append(name)

    def collect(self) -> list[tuple[str, Completion]]:
        """Submit what waits, and wait until the first batch has ended; all its completions."""
        while True:
            if self._waiting:
                self._place()
            for token in sorted(self._running):
                batch = self._state.read().get(token)
                if batch is None or self._is_over(batch):
                    found = [] if batch is None else self._take(batch)
                    self._running.discard(token)
                    if found:
                        return found
            if not self._waiting:
                time.sleep(self._options.poll)

    def close(self) -> None:
        """Leave the batches to themselves: the next session finds them."""
        self._service.close()

    def _place(self) -> None:
        """Find waiting requests in batches that were submitted before; submit the others."""
        with self._state.changing() as batches:
            for batch in list(batches.values()):
                # One that ended without some of these is of no use to them.
                wanted = set(batch.names) & set(self._waiting)
                if not wanted or batch.token in self._running:
                    continue
                if not batch.id and not self._identify(batch):
                    del batches[batch.token]
                    continue
                self._state.note(batches)
                self._running.add(batch.token)
                self._waiting = [name for name in self._waiting if name not in wanted]
            while self._waiting:
                self._create(batches)

    def _create(self, batches: dict[str, Batch]) -> None:
        """Submit one batch: noted before, its id after."""
        items: list[Mapping[str, Any]] = []
        size = 0
        for name in self._waiting[: self._options.most_requests]:
            item = self._service.item(name, self._requests[name])
            size += self._service.size(item)
            if items and size > self._options.most_bytes:
                break
            items.append(item)
        names = self._waiting[: len(items)]
        batch = Batch(secrets.token_hex(16), time.time(), names)
        batches[batch.token] = batch
        self._state.note(batches)
        batch.id = self._service.create(batch.token, items)
        self._state.note(batches)
        self._running.add(batch.token)
        self._waiting = self._waiting[len(items) :]

    def _identify(self, batch: Batch) -> bool:
        """Whether a batch that was noted, but whose id was not, is at the service."""
        found = [i for i in self._service.find(batch) if i not in batch.others]
        batch.id = found[0] if found else ""
        return bool(found)

    def _is_over(self, batch: Batch) -> bool:
        try:
            return self._service.ended(batch.id)
        except LookupError:
            return True

    def _take(self, batch: Batch) -> list[tuple[str, Completion]]:
        """The completions of a batch that has ended; what it left unanswered waits again."""
        mine = [name for name in batch.names if name in self._tickets]
        answered: dict[str, Completion] = {}
        known = set(batch.names)
        ours = False
        try:
            for result in self._service.results(batch.id, self._requests):
                if result.name not in known:
                    continue
                ours = True
                last = self._tried.get(result.name, 0) + 1 >= self._options.attempts
                if not result.again or last:
                    answered[result.name] = result.completion
        except LookupError:
            answered, ours = {}, False
        except UserError:
            # Refused as a whole: it is not to be met again by the next run.
            with self._state.changing() as batches:
                batches.pop(batch.token, None)
            raise
        with self._state.changing() as batches:
            noted = batches.get(batch.token)
            if noted is not None and ours:
                # Others find their answers here; what has none is to be submitted again.
                good = {name for name in answered if answered[name].finish != "error"}
                noted.names = [name for name in noted.names if name in good]
            elif noted is not None:
                # Another's batch of the same size, or one whose results are gone.
                noted.others.append(noted.id)
                noted.id = ""
        found = []
        for name in mine:
            if name in answered:
                completion = answered[name]
                found += [(ticket, completion) for ticket in self._tickets.pop(name)]
                del self._requests[name]
            else:
                self._tried[name] = self._tried.get(name, 0) + 1
                if self._tried[name] >= self._options.attempts:
                    lost = Completion.failed(f"no answer in {self._tried[name]} batches")
                    found += [(ticket, lost) for ticket in self._tickets.pop(name)]
                    del self._requests[name]
                else:
                    self._waiting.append(name)
        return found
