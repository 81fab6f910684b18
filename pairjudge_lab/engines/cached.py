"""Requests answered from what was generated before, and by an engine otherwise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pairjudge_lab.engines.contract import Completion, Engine, Request, completion_key
from pairjudge_lab.generation import GenerationConfig


class CompletionCache(Protocol):
    """Where completions are kept under what produced them; ``Store`` is one."""

    def completions(self, keys: Sequence[str]) -> dict[str, Completion]: ...

    def keep_completions(
        self, producer: Mapping[str, Any], rows: Sequence[tuple[str, Request, Completion]]
    ) -> None: ...

    def link(self, ticket: str, keys: Sequence[str]) -> None:
        """Note that the verdict with this key is read from these completions."""
        ...


def producer_of(engine: Engine, config: GenerationConfig) -> dict[str, Any]:
    """The identity under which an engine's completions are kept."""
    return {"engine": dict(engine.identity), "generation": dict(config.identity)}


class CachedSession:
    """A session at an engine that asks for nothing twice.

    A request that is in flight, or that was answered before, is not submitted again. Completions
    are kept before they are handed on. One that ended in an error is no answer and is not kept.

    Parameters
    ----------
    engine : Engine
    config : GenerationConfig
    cache : CompletionCache, optional
        Without one, completions are kept for as long as the session.

    Attributes
    ----------
    generated, tokens : int
        Completions that the engine wrote in this session, and their tokens.
    """

    def __init__(
        self, engine: Engine, config: GenerationConfig, cache: CompletionCache | None = None
    ) -> None:
        self._session = engine.session(config)
        self._config = config
        self._cache = cache
        self._producer = producer_of(engine, config)
        canonical = json.dumps(dict(engine.identity), sort_keys=True, ensure_ascii=False)
        self._engine_digest = hashlib.sha256(canonical.encode()).hexdigest()
        self._tickets: dict[str, list[str]] = {}
        self._requests: dict[str, Request] = {}
        self._known: dict[str, Completion] = {}
        self._ready: list[tuple[str, str, Completion]] = []
        self.generated = self.tokens = 0

    @property
    def in_flight(self) -> int:
        """Requests that the engine is working on."""
        return len(self._requests)

    def key(self, request: Request) -> str:
        """The name under which the request's completion is kept."""
        return completion_key(self._engine_digest, self._config, request)

    def submit(self, ticket: str, request: Request) -> None:
        """Ask for a completion."""
        key = self.key(request)
        found = self._known.get(key)
        if found is None and self._cache is not None and key not in self._tickets:
            found = self._cache.completions([key]).get(key)
        if found is not None:
            self._ready.append((ticket, key, found))
            return
        if key not in self._tickets:
            self._requests[key] = request
            self._session.submit(key, request)
        self._tickets.setdefault(key, []).append(ticket)

    def collect(self) -> list[tuple[str, str, Completion]]:
        """At least one (ticket, key, completion), and all that are there."""
        if self._ready:
            ready, self._ready = self._ready, []
            return ready
        answers = self._session.collect()
        answered = [c for _, c in answers if c.finish != "error"]
        self.generated += len(answered)
        self.tokens += sum(c.completion_tokens for c in answered)
        done = [(key, self._requests.pop(key), completion) for key, completion in answers]
        if self._cache is not None:
            whole = [row for row in done if row[2].finish != "error"]
            self._cache.keep_completions(self._producer, whole)
        else:
            self._known.update((key, c) for key, _, c in done if c.finish != "error")
        return [
            (ticket, key, completion)
            for key, _, completion in done
            for ticket in self._tickets.pop(key)
        ]

    def close(self) -> None:
        """Give up whatever is in flight."""
        self._session.close()
