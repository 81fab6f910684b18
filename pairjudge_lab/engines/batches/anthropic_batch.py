"""Anthropic's Message Batches: a list of requests, and a stream of their results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pairjudge_lab.engines.batches.session import BatchOptions, BatchSession
from pairjudge_lab.engines.batches.state import BatchState
from pairjudge_lab.engines.server.engine import check_address
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

LEAST_THINKING = 1024
"""The fewest tokens that the service takes as a thinking budget."""


class AnthropicBatchEngine:
    """Generates text through Anthropic's Message Batches.

    Parameters
    ----------
    model : str
        The model's name there.
    state : Path
        The file that remembers what was submitted, beside the store.
    options : BatchOptions, optional
        Limits.
    address : str
        The base address.
    """

    control_strings: None = None

    def __init__(
        self,
        model: str,
        state: Path,
        options: BatchOptions | None = None,
        *,
        address: str = "https://api.anthropic.com",
    ) -> None:
        check_address(address)
        if not model:
            raise UserError("name the model at the batch endpoint")
        self.address = address.rstrip("/")
        self.model = self.name = model
        self.options = options or BatchOptions()
        self._state = state

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"name": self.model, "server": self.address}

    @property
    def capacity(self) -> int:
        return self.options.most_requests

    def session(self, config: GenerationConfig) -> BatchSession:
        """Batches under this configuration; those that run already are found again.

        Raises
        ------
        UserError
            For what the service cannot do: label-only answers, probabilities, thinking at another
            temperature than 1; and where the client's package is not installed.
        """
        _check(config)
        with naming_extras():
            from pairjudge_lab.engines.batches.anthropic_service import AnthropicBatches

        digest = hashlib.sha256(json.dumps(dict(self.identity), sort_keys=True).encode())
        return BatchSession(
            AnthropicBatches(self.address, self.model, config),
            BatchState(self._state, f"anthropic {self.address}#{self.model}"),
            self.options,
            digest.hexdigest(),
            config,
        )


def _check(config: GenerationConfig) -> None:
    if config.label_only or config.label_probabilities:
        raise UserError("Anthropic's batches tell no probabilities of labels; leave them out")
    if config.temperature > 1:
        raise UserError(f"the temperature is at most 1 at Anthropic, got {config.temperature}")
    if config.thinking:
        budget = config.thinking_budget
        if budget is None or not LEAST_THINKING <= budget < config.max_new_tokens:
            raise UserError(
                f"thinking at Anthropic wants a thinking budget of at least {LEAST_THINKING} and "
                f"fewer than max_new_tokens ({config.max_new_tokens}), got {budget}"
            )
        if config.temperature != 1 or config.top_p != 1:
            raise UserError("thinking at Anthropic wants temperature 1 and top_p 1")
