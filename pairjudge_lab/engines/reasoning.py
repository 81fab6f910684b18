"""What a thinking model writes before its answer, told apart from the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

OPEN, CLOSE = "<think>", "</think>"
_TAG = re.compile(r"\s*<think>")


@dataclass(frozen=True, slots=True)
class Parts:
    """A completion's text in two: ``closed`` says whether the reasoning came to its end."""

    reasoning: str
    answer: str
    closed: bool = True


def split_reasoning(text: str, *, begun: bool | None = None) -> Parts:
    """Split a completion into reasoning and answer.

    Reasoning is what stands between ``<think>`` at the very beginning and the first ``</think>``.
    Tags further on are part of the answer, which may quote them.

    Parameters
    ----------
    text : str
        What was written.
    begun : bool or None
        Whether the prompt itself ended with ``<think>``, as some chat templates do; None, where
        the prompt is not known, takes a text that closes the part without opening it for one.
    """
    opened = _TAG.match(text)
    if begun is None:
        before, closed, _ = text.partition(CLOSE)
        begun = bool(closed) and OPEN not in before
    if opened is None and not begun:
        return Parts("", text)
    start = opened.end() if opened else 0
    end = text.find(CLOSE, start)
    if end < 0:
        return Parts(text[start:].strip(), "", closed=False)
    return Parts(text[start:end].strip(), text[end + len(CLOSE) :].lstrip())


def begins_thinking(prompt: str) -> bool:
    """Whether a rendered prompt ends with an open reasoning part."""
    return prompt.rstrip().endswith(OPEN)
