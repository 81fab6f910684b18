"""Judges of k candidates: an engine that writes, or any judge of pairs where k is two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from pairjudge_lab.engines.cached import CachedSession, CompletionCache
from pairjudge_lab.engines.contract import Completion, Engine, Request
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.listwise.protocol import ListwiseProtocol
from pairjudge_lab.listwise.records import Choice, ListMatch
from pairjudge_lab.records import Judge, Match, Status, StreamingJudge, UserError


class Chooser(Protocol):
    """Names the best of k candidates, match by match."""

    @property
    def identity(self) -> Mapping[str, Any]: ...

    def choose(self, matches: Sequence[ListMatch]) -> list[Choice]: ...


class ListwiseJudge:
    """Names the best of k by what an engine writes about them.

    Parameters
    ----------
    name : str
        What the judge is called.
    engine : Engine
    protocol : ListwiseProtocol, optional
    config : GenerationConfig, optional
        The protocol's own by default.
    store : CompletionCache, optional
        Where completions are kept; nothing is asked twice with it.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        protocol: ListwiseProtocol | None = None,
        config: GenerationConfig | None = None,
        *,
        store: CompletionCache | None = None,
    ) -> None:
        self.name = name
        self.engine = engine
        self.protocol = protocol or ListwiseProtocol(reserved=engine.control_strings or ())
        self.config = config or self.protocol.generation
        self.store = store

    @property
    def identity(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "engine": dict(self.engine.identity),
            "protocol": self.protocol.name,
            "template": self.protocol.template.digest,
            "generation": dict(self.config.identity),
        }

    def choose(self, matches: Sequence[ListMatch]) -> list[Choice]:
        """The choice in each match, in their order."""
        session = CachedSession(self.engine, self.config, self.store)
        found: dict[int, Choice] = {}
        begun = 0
        try:
            while len(found) < len(matches):
                while begun < len(matches) and begun - len(found) < max(1, self.engine.capacity):
                    session.submit(str(begun), self._request(matches[begun]))
                    begun += 1
                for ticket, _, completion in session.collect():
                    place = int(ticket)
                    found[place] = self._read(completion, len(matches[place].candidates))
        finally:
            session.close()
        return [found[place] for place in range(len(matches))]

    def _request(self, match: ListMatch) -> Request:
        frame = self.protocol.frame(len(match.candidates))
        return Request(self.protocol.messages(match), match.repetition, frame)

    def _read(self, completion: Completion, k: int) -> Choice:
        spent = {
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
        }
        if completion.finish == "error":
            return Choice(Status.FAILED, reason=completion.reason, **spent)  # type: ignore[arg-type]
        choice = self.protocol.read(completion.text, k, cut_off=completion.finish == "length")
        return replace(choice, reasoning=completion.reasoning, **spent)  # type: ignore[arg-type]


class PairwiseChooser:
    """A judge of pairs as a chooser for k = 2.

    A win names the winner; both correct, neither correct and a tie name nobody.

    Parameters
    ----------
    judge : Judge or StreamingJudge
    """

    def __init__(self, judge: Judge | StreamingJudge) -> None:
        self.judge = judge

    @property
    def identity(self) -> Mapping[str, Any]:
        return self.judge.identity

    def choose(self, matches: Sequence[ListMatch]) -> list[Choice]:
        """The choice in each match of two.

        Raises
        ------
        UserError
            For a match of more.
        """
        if any(len(match.candidates) != 2 for match in matches):
            raise UserError("a judge of pairs chooses between two candidates; use k = 2")
        pairs = [Match(m.pool, m.candidates[0], m.candidates[1], m.repetition) for m in matches]
        return [
            Choice(
                verdict.status,
                {"A": 0, "B": 1}.get(verdict.outcome),
                verdict.text,
                verdict.reasoning,
                verdict.reason,
                verdict.prompt_tokens,
                verdict.completion_tokens,
            )
            for verdict in self.judge.judge(pairs)
        ]
