"""OpenAI's batch endpoint: a file of requests, a batch over it, a file of answers."""

from __future__ import annotations

from typing import ClassVar

from pairjudge_lab.engines.batches.engine import BatchEngine
from pairjudge_lab.engines.batches.session import BatchSession
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError


class OpenAIBatchEngine(BatchEngine):
    """Generates text through OpenAI's batch endpoint, or one that speaks its protocol."""

    endpoint: ClassVar[str] = "openai"

    def session(self, config: GenerationConfig) -> BatchSession:
        """Batches under this configuration; those that run already are found again.

        Raises
        ------
        UserError
            For label-only answers, and where the client's package is not installed.
        """
        if config.label_only:
            raise UserError("a batch endpoint continues no answer; ask for whole answers instead")
        with naming_extras():
            from pairjudge_lab.engines.batches.openai_service import OpenAIBatches

        return self.session_at(OpenAIBatches(self.address, self.model, config), config)
