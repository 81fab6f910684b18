"""Engines by name. A new engine is one file, and one line here.

An engine is asked for by a prefix (``vllm:SPEC``, ``sglang:SPEC``, ``ray:4:SPEC``) or an address
(``http://HOST:PORT/v1#MODEL``); a model's name alone runs in vLLM where it is installed and there
is a GPU, and in transformers otherwise.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pairjudge_lab.engines.contract import Engine
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.sources import SHIPPED_MODELS
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.records import UserError

Opener = Callable[[str, ModelOptions], Engine]
"""From what follows the prefix, and the options, to an engine."""

ENGINES: dict[str, tuple[str, str]] = {
    "transformers": ("pairjudge_lab.engines.loading", "open_transformers"),
    "vllm": ("pairjudge_lab.engines.vllm_engine", "open_vllm"),
    "sglang": ("pairjudge_lab.engines.sglang_engine", "open_sglang"),
    "ray": ("pairjudge_lab.engines.ray_engine", "open_ray"),
    "http": ("pairjudge_lab.engines.server.opening", "open_server"),
    "https": ("pairjudge_lab.engines.server.opening", "open_server"),
    "openai-batch": ("pairjudge_lab.engines.batches.opening", "open_openai_batch"),
    "anthropic-batch": ("pairjudge_lab.engines.batches.opening", "open_anthropic_batch"),
}
"""Module and function of each engine, by prefix. Addresses keep theirs."""
ELSEWHERE = ("http", "https", "openai-batch", "anthropic-batch")
"""Engines whose models are known to a service alone: what follows a ``#`` is a name there."""


@naming_extras()
def load_engine(spec: str, options: ModelOptions | None = None) -> Engine:
    """Open an engine.

    Parameters
    ----------
    spec : str
        A model's name, folder, GGUF file or hub id, with an engine's prefix or without; or a
        server's address with the model's name there behind a ``#``.
    options : ModelOptions, optional

    Raises
    ------
    UserError
        When the engine is not installed, or the model is not there or not sound.

    Examples
    --------
    >>> from pairjudge_lab import load_engine
    >>> load_engine("tiny").identity["engine"]
    'transformers'
    """
    options = options or ModelOptions()
    name, rest = split_spec(spec, options)
    module, function = ENGINES[name]
    opener: Any = getattr(import_module(module), function)
    engine: Engine = opener(rest, options)
    return engine


def split_spec(spec: str, options: ModelOptions) -> tuple[str, str]:
    """The engine's name, and what it is to open."""
    prefix, colon, rest = spec.partition(":")
    if colon and prefix in ENGINES:
        if prefix in ("http", "https"):
            return prefix, spec
        if not rest:
            raise UserError(f"{spec!r} names no model; write {prefix}:MODEL")
        return prefix, rest
    return ("vllm" if _vllm_is_better(spec, options) else "transformers"), spec


def _vllm_is_better(spec: str, options: ModelOptions) -> bool:
    """Whether a model named alone runs in vLLM: one from the hub, on a machine made for it."""
    from pairjudge_lab.engines.sources import resolve

    if spec in SHIPPED_MODELS or options.fast or options.device not in ("auto", "cuda"):
        return False
    if options.quantisation in ("8bit", "4bit") or importlib.util.find_spec("vllm") is None:
        return False
    import torch

    return bool(torch.cuda.is_available()) and resolve(spec) is None
