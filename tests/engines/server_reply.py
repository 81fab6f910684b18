"""What a server of the tests answers, in one piece or as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What the model says; ``events`` in the place of all else are sent as they are."""

    text: str = ""
    reasoning: str = ""
    finish: str | None = "stop"
    usage: Any = field(default_factory=lambda: {"prompt_tokens": 7, "completion_tokens": 3})
    logprobs: list[dict[str, Any]] | None = None
    reasoning_field: str = "reasoning_content"
    stop_reason: str | None = None
    events: tuple[str, ...] | None = None

    def chunks(self, identifier: str, size: int = 12) -> Iterator[str]:
        """The events of a streamed answer, as JSON."""
        if self.events is not None:
            yield from self.events
            return
        yield chunk(identifier, {"role": "assistant", "content": ""})
        for place in range(0, len(self.reasoning), size):
            piece = self.reasoning[place : place + size]
            yield chunk(identifier, {self.reasoning_field: piece})
        for place in range(0, len(self.text), size):
            yield chunk(identifier, {"content": self.text[place : place + size]})
        for token in self.logprobs or ():
            yield chunk(identifier, {}, logprobs={"content": [token]})
        if self.finish is not None:
            yield chunk(identifier, {}, finish=self.finish, stop_reason=self.stop_reason)
        yield json.dumps({"id": identifier, "choices": [], "usage": self.usage})

    def whole(self, identifier: str) -> str:
        """The same in one piece."""
        message = {"role": "assistant", "content": self.text}
        if self.reasoning:
            message[self.reasoning_field] = self.reasoning
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return json.dumps({"id": identifier, "choices": [choice], "usage": self.usage})


def chunk(identifier: str, delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return json.dumps({"id": identifier, "object": "chat.completion.chunk", "choices": [choice]})
