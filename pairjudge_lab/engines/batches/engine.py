"""What engines over batch endpoints have in common: address, model, limits, and the session."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pairjudge_lab.engines.batches.session import BatchOptions, BatchService, BatchSession
from pairjudge_lab.engines.batches.state import BatchState
from pairjudge_lab.engines.server.engine import check_address
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError


class BatchEngine:
    """A model at a batch endpoint; each class names its ``endpoint`` and opens its service.

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
    endpoint: ClassVar[str]

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

    def session_at(self, service: BatchService, config: GenerationConfig) -> BatchSession:
        """A session at this engine's service."""
        digest = hashlib.sha256(json.dumps(dict(self.identity), sort_keys=True).encode())
        return BatchSession(
            service,
            BatchState(self._state, f"{self.endpoint} {self.address}#{self.model}"),
            self.options,
            digest.hexdigest(),
            config,
        )
