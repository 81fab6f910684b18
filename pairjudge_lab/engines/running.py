"""One request while the transformers engine writes its answer."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pairjudge_lab.engines.contract import Completion, Finish, Request
from pairjudge_lab.engines.prompts import Prompt
from pairjudge_lab.engines.reasoning import CLOSE, OPEN, split_reasoning

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


@dataclass(slots=True, eq=False)
class Running:
    """A request's prompt, what has been written so far, and how it ends.

    Attributes
    ----------
    tail : str
        The last characters written: enough to recognise a stop string or a label.
    part : str
        ``start`` until it is clear whether the model thinks first, then ``thinking``, ``answer``.
    tail_length : int
        Characters that the tail keeps before what was written last.
    forced : deque of int
        Tokens that are written next whatever the model says.
    scored : int
        Tokens that the model chose and that are part of the text: neither forced ones nor the one
        that ends it.
    logprobs, certainty : float
        Sums over the scored tokens.
    spent : float
        The batch's clock (seconds a row) when this row came in.
    """

    ticket: str
    request: Request
    prompt: Prompt
    draws: np.random.Generator | None = None
    tail_length: int = 16
    written: list[int] = field(default_factory=list)
    tail: str = ""
    head: str = ""
    part: str = "start"
    reasoning_tokens: int = 0
    forced: deque[int] = field(default_factory=deque)
    labels: list[tuple[float, ...] | None] = field(default_factory=list)
    scored: int = 0
    logprobs: float = 0.0
    certainty: float = 0.0
    cached: int = 0
    spent: float = 0.0

    def __post_init__(self) -> None:
        self.labels = [None] * len(self.request.labels)
        if self.prompt.thinking:
            self.part = "thinking"

    def add(self, token: int, piece: str) -> None:
        """Write one token, whose text is ``piece``.

        Text that began as reasoning is counted as such until the tag that closes it.
        """
        self.written.append(token)
        self.tail = (self.tail + piece)[-self.tail_length - len(piece) :]
        if self.part == "answer":
            return
        if self.part == "start":
            self.head = (self.head + piece).lstrip()
            if self.head.startswith(OPEN):
                self.part = "thinking"
            elif not OPEN.startswith(self.head):
                self.part = "answer"
                return
        self.reasoning_tokens += 1
        if self.part == "thinking" and CLOSE in self.tail:
            # What follows is the answer; its stop strings are looked for from here on.
            self.part, self.tail = "answer", self.tail.rpartition(CLOSE)[2]

    def score(self, logprob: float, certainty: float) -> None:
        """Count one token's log-probability, and the certainty of the distribution it is from."""
        self.scored += 1
        self.logprobs += logprob
        self.certainty += certainty

    def stops(self, stop: tuple[str, ...], text: Callable[[], str]) -> bool:
        """Whether a stop string that was just written ends the answer."""
        if self.part == "thinking" or not any(s in self.tail for s in stop):
            return False
        if self.request.finished is None or self.request.finished(text()):
            return True
        # It was quoted: looked for anew from here.
        self.tail = ""
        return False

    def completion(self, text: str, finish: Finish, seconds: float) -> Completion:
        """What came of the request."""
        parts = split_reasoning(text, begun=self.prompt.thinking)
        thought = bool(parts.reasoning) or self.part == "thinking"
        return Completion(
            parts.answer,
            parts.reasoning,
            finish,
            prompt_tokens=len(self.prompt.ids),
            cached_tokens=self.cached,
            reasoning_tokens=self.reasoning_tokens if thought else 0,
            completion_tokens=len(self.written),
            seconds=seconds,
            labels=tuple(self.labels),
            mean_logprob=self.logprobs / self.scored if self.scored else None,
            # Without bound where a token has no probability at all: such a model says nothing.
            self_certainty=self.certainty / self.scored
            if self.scored and math.isfinite(self.certainty)
            else None,
        )
