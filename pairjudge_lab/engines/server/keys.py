"""The key of a server in what the server answers."""

from __future__ import annotations

from dataclasses import replace

from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.engines.server.faults import masked

SECRET = 16
"""Characters from which on a key is one that a text does not hold by chance."""


def without_key_in(completion: Completion, key: str | None) -> Completion:
    """The completion with ``[key]`` for the key: a server that shows the request in its answer must
    not get it into a table."""
    if key is None or len(key) < SECRET:
        return completion
    return replace(
        completion,
        text=masked(completion.text, key),
        reasoning=masked(completion.reasoning, key),
    )
