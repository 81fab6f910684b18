"""OpenAI's batch endpoint: a file of requests, a batch over it, a file of answers."""

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


class OpenAIBatchEngine:
    """Generates text through OpenAI's batch endpoint, or one that speaks its protocol.

    Parameters
    ----------
    address : str
        The base address, such as ``https://api.openai.com/v1``.
    model : str
        The model's name there.
    state : Path
        The file that remembers what was submitted, beside the store.
    options : BatchOptions, optional
        Limits.
    """

    control_strings: None = None

    def __init__(
        self, address: str, model: str, state: Path, options: BatchOptions | None = None
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
            For label-only answers, and where the client's package is not installed.
        """
        if config.label_only:
            raise UserError("a batch endpoint continues no answer; ask for whole answers instead")
        with naming_extras():
            from pairjudge_lab.engines.batches.openai_service import OpenAIBatches

        digest = hashlib.sha256(json.dumps(dict(self.identity), sort_keys=True).encode())
        return BatchSession(
            OpenAIBatches(self.address, self.model, config),
            BatchState(self._state, f"openai {self.address}#{self.model}"),
            self.options,
            digest.hexdigest(),
            config,
        )
