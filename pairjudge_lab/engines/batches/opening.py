"""From ``openai-batch:FILE#MODEL`` and ``anthropic-batch:FILE#MODEL`` to an engine.

FILE remembers what was submitted; it lies beside the store. Another service that speaks the same
protocol is named behind the model: ``openai-batch:FILE#MODEL@https://HOST/v1``.
"""

from __future__ import annotations

from pathlib import Path

from pairjudge_lab.engines.batches.anthropic_batch import AnthropicBatchEngine
from pairjudge_lab.engines.batches.openai_batch import OpenAIBatchEngine
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.records import UserError

OPENAI, ANTHROPIC = "https://api.openai.com/v1", "https://api.anthropic.com"


def open_openai_batch(spec: str, options: ModelOptions) -> OpenAIBatchEngine:
    """The engine of OpenAI's batch endpoint, or of one that speaks its protocol."""
    del options  # What is generated is in each session's configuration.
    file, model, address = split_batch("openai-batch", spec)
    return OpenAIBatchEngine(address or OPENAI, model, file)


def open_anthropic_batch(spec: str, options: ModelOptions) -> AnthropicBatchEngine:
    """The engine of Anthropic's Message Batches."""
    del options
    file, model, address = split_batch("anthropic-batch", spec)
    return AnthropicBatchEngine(model, file, address=address or ANTHROPIC)


def split_batch(name: str, spec: str) -> tuple[Path, str, str]:
    """File, model and address; the address is empty where the service's own is meant.

    Raises
    ------
    UserError
        Where a part is missing, or the file's folder is not there.
    """
    file, hash_, rest = spec.partition("#")
    model, at, address = rest.partition("@http")
    if not (file and hash_ and model):
        raise UserError(
            f"a batch endpoint is named {name}:FILE#MODEL, where FILE remembers what was "
            f"submitted, such as {name}:out/store.batches.json#MODEL; got {name}:{spec}"
        )
    path = Path(file).expanduser()
    if not path.absolute().parent.is_dir():
        raise UserError(f"there is no folder {path.parent} for the list of batches {path.name}")
    return path, model, f"http{address}" if at else ""
