"""What a server streams, read into a completion; nothing in it is taken on trust."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pairjudge_lab.engines.contract import Completion, Finish
from pairjudge_lab.engines.reasoning import split_reasoning
from pairjudge_lab.engines.server.faults import AttemptError
from pairjudge_lab.protocols.labels import LabelPosition

MOST_TOKENS = 10**9
"""Counts above this are no counts."""

MOST_QUOTED = 64
"""Stop strings that may be quoted in one answer; behind them it is read to its own end, since each
is looked at in the whole of the text before it."""

_ENDED = ("stop", "eos", "eos_token", "stop_sequence", "end_turn")
_CUT = ("length", "model_length", "max_tokens")
"""What servers say of an answer that is complete, and of one that is cut off; ``abort`` or
``error`` is said of one that is neither, though it may look complete."""


class Reading:
    """One answer as it comes in.

    Parameters
    ----------
    labels : sequence of LabelPosition
        Where labels stand, for their probabilities.
    stop : sequence of str
        Strings that end the answer here; empty where the server ends it.
    finished : callable, optional
        Whether the text so far, with a stop string at its end, is a whole answer.
    """

    def __init__(
        self,
        labels: Sequence[LabelPosition] = (),
        stop: Sequence[str] = (),
        finished: Callable[[str], bool] | None = None,
    ) -> None:
        self._labels, self._stop, self._finished = labels, stop, finished
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._tail = ""
        self._quoted = 0
        self._usage: Mapping[str, Any] = {}
        self._pieces = self._thoughts = 0
        self._scores = _Scores(labels)
        self.identifier = ""
        self.finish: str | None = None
        self.stopped_at: str | None = None
        self.stopped_here = False

    @property
    def begun(self) -> bool:
        """Whether the model has written anything, or ended."""
        return bool(self._text or self._reasoning or self.finish)

    def feed(self, event: Any) -> None:
        """Take in one event of the stream, or one whole answer.

        Raises
        ------
        AttemptError
            For an event that is no part of an answer.
        """
        if not isinstance(event, Mapping):
            raise AttemptError("the answer was no chat completion")
        if isinstance(event.get("usage"), Mapping):
            self._usage = event["usage"]
        if not self.identifier and isinstance(event.get("id"), str):
            self.identifier = event["id"]
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices:
            return
        choice = choices[0]
        if not isinstance(choice, Mapping) or choice.get("index", 0) != 0:
            raise AttemptError("the answer held another choice than the first")
        said = choice.get("delta") or choice.get("message") or {}
        if not isinstance(said, Mapping):
            raise AttemptError("the answer held no message")
        self._add(said)
        self._scores.add(choice.get("logprobs"))
        if isinstance(choice.get("finish_reason"), str):
            self.finish = choice["finish_reason"]
        matched = choice.get("stop_reason", choice.get("matched_stop"))
        if isinstance(matched, str):
            self.stopped_at = matched

    def _add(self, said: Mapping[str, Any]) -> None:
        thought = said.get("reasoning_content") or said.get("reasoning")
        if isinstance(thought, str) and thought:
            self._reasoning.append(thought)
            self._thoughts += 1
        piece = said.get("content")
        if isinstance(piece, str) and piece:
            self._text.append(piece)
            self._pieces += 1
            if self._stop:
                self._watch(piece)

    def _watch(self, piece: str) -> None:
        """End the answer at a stop string, where the server does not."""
        longest = max(map(len, self._stop))
        before = self._tail[-longest:]
        seen = before + piece
        self._tail = seen[-longest:]
        for stop in self._stop:
            place = seen.find(stop, max(0, len(before) - len(stop) + 1))
            while place >= 0:
                text = "".join(self._text)
                whole = text[: len(text) - len(seen) + place + len(stop)]
                if self._finished is None or self._finished(whole):
                    self._text, self.finish, self.stopped_at = [whole], "stop", stop
                    self.stopped_here = True
                    return
                self._quoted += 1
                if self._quoted == MOST_QUOTED:
                    self._stop = ()
                    return
                place = seen.find(stop, place + 1)

    def quoted(self, stop: Sequence[str], finished: Callable[[str], bool] | None) -> bool:
        """Whether the server ended the answer at a stop string that was only quoted.

        Servers that tell which string ended an answer are believed; of others, an answer is looked
        at in which the last label had begun.
        """
        if finished is None or self.finish != "stop" or not stop:
            return False
        text = self._answer()[1]
        if finished(text) or any(finished(text + end) for end in stop):
            return False
        if self.stopped_at is not None:
            return self.stopped_at in stop
        return bool(self._labels) and self._labels[-1].after in text

    def completion(self, seconds: float) -> Completion:
        """What was read.

        Raises
        ------
        AttemptError
            When the answer broke off, or holds nothing.
        """
        if self.finish is None:
            raise AttemptError("the answer broke off")
        reasoning, text = self._answer()
        finish: Finish = "length" if self.finish in _CUT else "stop"
        told = self._usage.get("completion_tokens_details")
        thought = count(told, "reasoning_tokens") or self._thoughts
        completion = count(self._usage, "completion_tokens") or self._pieces + self._thoughts
        if self.finish == "content_filter":
            raise AttemptError("the server's content filter ended the answer", again=False)
        if self.finish not in (*_ENDED, *_CUT):
            raise AttemptError(f"the server broke the answer off: {self.finish!r:.40}")
        if not text.strip() and not reasoning and not thought and finish == "stop":
            raise AttemptError("the answer held no text")
        return Completion(
            text,
            reasoning,
            finish,
            prompt_tokens=count(self._usage, "prompt_tokens"),
            cached_tokens=count(self._usage.get("prompt_tokens_details"), "cached_tokens"),
            reasoning_tokens=min(thought, completion),
            completion_tokens=completion,
            seconds=seconds,
            labels=self._scores.labels,
            mean_logprob=self._scores.mean,
        )

    def _answer(self) -> tuple[str, str]:
        """Reasoning and answer, told apart by the server or by their tags."""
        text = whole_text("".join(self._text))
        parts = split_reasoning(text)
        return whole_text("".join(self._reasoning)).strip() or parts.reasoning, parts.answer


class _Scores:
    """The log-probabilities of the tokens: those at the labels, and their mean."""

    def __init__(self, labels: Sequence[LabelPosition]) -> None:
        self._labels = labels
        self._found: list[tuple[float, ...] | None] = [None] * len(labels)
        self._written = ""
        self._longest = max((len(position.after) for position in labels), default=0)
        self._sum, self._count = 0.0, 0
        self._unusable = False

    def add(self, told: Any) -> None:
        if not isinstance(told, Mapping) or self._unusable:
            return
        try:
            for token in told.get("content") or ():
                self._take(token)
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
            # What cannot be read is not known; the answer itself is in the text.
            self._unusable = True

    def _take(self, token: Mapping[str, Any]) -> None:
        for number, position in enumerate(self._labels):
            # A label that nothing leads to stands at the beginning alone.
            if self._written.endswith(position.after) if position.after else not self._count:
                told = [token, *(token.get("top_logprobs") or ())]
                weights = {str(t["token"]): _probability(t["logprob"]) for t in told}
                self._found[number] = position.shares(weights)
        self._sum += float(token["logprob"])
        self._count += 1
        self._written = (self._written + str(token["token"]))[-self._longest - 200 :]

    @property
    def labels(self) -> tuple[tuple[float, ...] | None, ...]:
        return tuple(None if self._unusable else found for found in self._found)

    @property
    def mean(self) -> float | None:
        if self._unusable or not self._count or not math.isfinite(self._sum):
            return None
        return self._sum / self._count


def _probability(logarithm: Any) -> float:
    value = float(logarithm)
    if math.isnan(value):
        raise ValueError("not a number")
    return math.exp(min(0.0, value))


def count(told: Any, name: str) -> int:
    """A count in a server's usage; 0 for what is none."""
    value = told.get(name) if isinstance(told, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value <= MOST_TOKENS else 0


def whole_text(text: str) -> str:
    """The text with halves of surrogate pairs joined, and single ones replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
