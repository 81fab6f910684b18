"""Names that differ among the versions of transformers that this package admits.

Everything that must ask which version is installed stands here, so that a renamed argument is
followed in one place. No version number is compared: what is looked at is whether a name is there.
"""

from __future__ import annotations

import inspect
from typing import Any

CACHE_NAMES = ("cache", "past_key_values")
"""What the key-value cache is called, newest first: transformers renamed it in version 5.24."""


def cache_name(model: Any) -> str:
    """The name under which a model's ``forward`` takes its key-value cache.

    Parameters
    ----------
    model
        A causal language model of transformers, or one with adapters of peft around it.

    Returns
    -------
    str
        ``"cache"`` or ``"past_key_values"``.
    """
    # peft's wrappers take any argument and hand it on, so the model inside is asked.
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    taken = inspect.signature(inner.forward).parameters
    return next((name for name in CACHE_NAMES if name in taken), CACHE_NAMES[-1])


def read_cache(output: Any) -> Any:
    """The key-value cache in what a model's ``forward`` returned; None where it kept none.

    Parameters
    ----------
    output
        A ``ModelOutput`` of transformers.
    """
    # As a mapping, because in newer versions the old attribute is an alias that warns.
    return next((output[name] for name in CACHE_NAMES if name in output), None)


def checkpointing_name() -> str:
    """What ``TrainingArguments`` calls computing activations again instead of keeping them."""
    from transformers import TrainingArguments

    new = "activation_checkpointing" in TrainingArguments.__dataclass_fields__
    return "activation_checkpointing" if new else "gradient_checkpointing"


def sharding() -> bool | str:
    """What ``TrainingArguments`` takes as ``fsdp`` to share a model, layer by layer."""
    from transformers import TrainingArguments

    # A switch in newer versions, where layers are wrapped by themselves; words in older ones.
    switch = TrainingArguments.__dataclass_fields__["fsdp"].metadata.get("const") is True
    return True if switch else "full_shard auto_wrap"
