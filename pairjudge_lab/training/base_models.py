"""The base model of a training run, its tokenizer, and adapters on it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pairjudge_lab.engines.sources import Readable
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.records import UserError
from pairjudge_lab.training.recipes import Recipe


def load_tokenizer(base: str) -> Any:
    from transformers import AutoTokenizer

    with Readable(base):
        tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
    if not tokenizer.chat_template:
        raise UserError(
            f"the base model {base!r} has no chat template, so a judge made of it could not be "
            "asked; use a chat model, such as Qwen/Qwen2.5-7B-Instruct"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def tokenizer_digest(tokenizer: Any) -> str:
    """What tells a tokenizer, with its chat template, from any that makes other tokens of a row."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    words = backend.to_str() if backend is not None else sorted(tokenizer.get_vocab().items())
    named = sorted(map(str, tokenizer.special_tokens_map.items()))
    told = json.dumps([words, tokenizer.chat_template, named])
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def four_bits() -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def with_adapters(model: Any, recipe: Recipe) -> Any:
    """The model with low-rank adapters on every linear layer, the rest of it frozen.

    Raises
    ------
    UserError
        Where peft is not installed.
    """
    with naming_extras():
        from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    if recipe.four_bit:
        model = prepare_model_for_kbit_training(model)
    elif recipe.checkpointing:
        model.enable_input_require_grads()
    task = "SEQ_CLS" if recipe.kind == "reward" else "CAUSAL_LM"
    settings = LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=2 * recipe.lora_rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type=task,
    )
    return get_peft_model(model, settings)
