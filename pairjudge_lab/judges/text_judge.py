"""A judge that writes: an engine that generates text, and a protocol that asks and reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pairjudge_lab.engines.cached import CachedSession, CompletionCache
from pairjudge_lab.engines.contract import Completion, Engine, Messages, Request
from pairjudge_lab.engines.reasoning import CLOSE, OPEN
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.judges.sessions import judge_all
from pairjudge_lab.protocols import (
    JudgeProtocol,
    conversations,
    is_finished,
    read_completions,
    with_label_positions,
)
from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status, Verdict

SECOND_TRY = "Your time for reasoning is over. Give your judgment now, in the form asked for."
"""What a judge is told whose token budget went on reasoning, where a second try is allowed."""

_PLAIN = Match(Pool(Problem("", "1"), (Candidate("1"), Candidate("2"))), 0, 1)


class TextJudge:
    """Judges matches by what an engine writes about them.

    Parameters
    ----------
    name : str
        What the judge is called in tables.
    engine : Engine
        Generates the text.
    protocol : JudgeProtocol
        How a match is asked and an answer read.
    config : GenerationConfig
        How text is generated.
    second_try : bool
        Whether an answer whose token budget went on reasoning is asked for once more.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        protocol: JudgeProtocol,
        config: GenerationConfig,
        *,
        second_try: bool = False,
    ) -> None:
        self.name = name
        self.engine = engine
        self.protocol = with_label_positions(protocol)
        self.config = config
        self.second_try = second_try
        # A function of the protocol alone, so that a request can travel to another process.
        self._finished = partial(is_finished, protocol)
        self._frames = tuple(_messages(said) for said in conversations(protocol, _PLAIN))

    @property
    def identity(self) -> Mapping[str, Any]:
        """Everything that could change a verdict: the engine with all that it loaded, the wording
        with its system message, and the generation settings."""
        asked = json.dumps(self._frames, ensure_ascii=False).encode("utf-8", "replace")
        return {
            "name": self.name,
            "engine": dict(self.engine.identity),
            "protocol": self.protocol.name,
            "template": self.protocol.template.digest,
            "asked": hashlib.sha256(asked).hexdigest(),
            "generation": dict(self.config.identity),
            **({"second_try": True} if self.second_try else {}),
        }

    @property
    def capacity(self) -> int:
        return self.engine.capacity

    def session(self, completions: CompletionCache | None = None) -> TextSession:
        """Matches in flight at the engine.

        Parameters
        ----------
        completions : CompletionCache, optional
            Where completions are kept and looked up.
        """
        return TextSession(self, completions)

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """Judge a plain list of matches; verdicts in their order."""
        return judge_all(self, matches)

    def requests(self, match: Match) -> list[Request]:
        """What the engine is asked about a match."""
        # Fewer than there are frames only where a protocol asks as often as it likes.
        return [
            Request(
                _messages(said),
                match.repetition,
                self._frames[min(number, len(self._frames) - 1)],
                tuple(self.protocol.label_positions),
                self.protocol.close,
                finished=self._finished,
            )
            for number, said in enumerate(conversations(self.protocol, match))
        ]

    def read(self, completions: Sequence[Completion]) -> Verdict:
        """The verdict in the completions of a match's requests."""
        spent: dict[str, Any] = {
            "prompt_tokens": sum(c.prompt_tokens for c in completions),
            "completion_tokens": sum(c.completion_tokens for c in completions),
            "seconds": sum(c.seconds for c in completions),
            "reasoning": "\n\n".join(c.reasoning for c in completions if c.reasoning),
            "reasoning_tokens": sum(c.reasoning_tokens for c in completions),
            "cached_tokens": sum(c.cached_tokens for c in completions),
        }
        return replace(read_completions(self.protocol, completions), **spent)

    def tried_again(self, request: Request, completion: Completion) -> Request | None:
        """The request of a second try, where the rule is on and the reasoning took all tokens."""
        if not (self.second_try and completion.finish == "length" and not completion.text.strip()):
            return None
        if not completion.reasoning or any(role == "assistant" for role, _ in request.messages):
            return None
        thought = f"{OPEN}\n{completion.reasoning}\n{CLOSE}"
        more: Messages = (("assistant", thought), ("user", SECOND_TRY))
        plain: Messages = (("assistant", f"{OPEN}\n1\n{CLOSE}"), ("user", SECOND_TRY))
        return replace(request, messages=request.messages + more, frame=request.frame + plain)


@dataclass(slots=True)
class _Open:
    """A match in flight: its requests, and the completions that have come."""

    requests: list[Request]
    completions: list[Completion | None]
    missing: int
    keys: list[str] = field(default_factory=list)


class TextSession:
    """Matches in flight at a judge that writes."""

    def __init__(self, judge: TextJudge, completions: CompletionCache | None) -> None:
        self._judge = judge
        self._completions = completions
        self._session = CachedSession(judge.engine, judge.config, completions)
        self._open: dict[str, _Open] = {}

    def submit(self, ticket: str, match: Match) -> None:
        requests = self._judge.requests(match)
        self._open[ticket] = _Open(
            requests, [None] * len(requests), len(requests), [""] * len(requests)
        )
        for number, request in enumerate(requests):
            self._session.submit(f"{number} {ticket}", request)

    def collect(self) -> list[tuple[str, Verdict]]:
        found: list[tuple[str, Verdict]] = []
        while not found:
            for numbered, key, completion in self._session.collect():
                number, _, ticket = numbered.partition(" ")
                if (verdict := self._take(ticket, int(number), key, completion)) is not None:
                    found.append((ticket, verdict))
        return found

    def close(self) -> None:
        self._session.close()
        self._open.clear()

    def _take(self, ticket: str, number: int, key: str, completion: Completion) -> Verdict | None:
        """Note a completion; the match's verdict where it was the last one missing."""
        row = self._open[ticket]
        again = self._judge.tried_again(row.requests[number], completion)
        if again is not None:
            row.requests[number] = again
            self._session.submit(f"{number} {ticket}", again)
            return None
        row.completions[number], row.keys[number] = completion, key
        row.missing -= 1
        if row.missing:
            return None
        del self._open[ticket]
        verdict = self._judge.read([c for c in row.completions if c is not None])
        if self._completions is not None and verdict.status is not Status.FAILED:
            self._completions.link(ticket, row.keys)
        return verdict


def _messages(said: Sequence[Mapping[str, str]]) -> Messages:
    return tuple((message["role"], message["content"]) for message in said)
