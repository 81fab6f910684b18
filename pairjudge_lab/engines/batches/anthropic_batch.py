"""Anthropic's Message Batches: a list of requests, and a stream of their results."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pairjudge_lab.engines.batches.engine import BatchEngine
from pairjudge_lab.engines.batches.session import BatchOptions, BatchSession
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

LEAST_THINKING = 1024
"""The fewest tokens that the service takes as a thinking budget."""


class AnthropicBatchEngine(BatchEngine):
    """Generates text through Anthropic's Message Batches."""

    endpoint: ClassVar[str] = "anthropic"

    def __init__(
        self,
        model: str,
        state: Path,
        options: BatchOptions | None = None,
        *,
        address: str = "https://api.anthropic.com",
    ) -> None:
        super().__init__(address, model, state, options)

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

        return self.session_at(AnthropicBatches(self.address, self.model, config), config)


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
