"""Opening a model of transformers: measured first, loaded from safe formats, and checked whole."""

from __future__ import annotations

from typing import Any

from pairjudge_lab.engines.memory import check_fit
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.sizes import check_sizes
from pairjudge_lab.engines.sources import Readable, Source, find_source
from pairjudge_lab.engines.transformers_engine import TransformersEngine
from pairjudge_lab.engines.weights import check_loading, check_numbers
from pairjudge_lab.records import UserError

BYTES_EACH = {"8bit": 1.0, "4bit": 0.55}
"""Bytes a parameter takes, where that is not its data type's size."""

_KEEPS_ALL_COLUMNS = {"full_attention", "sliding_attention", "chunked_attention"}


def open_transformers(spec: str, options: ModelOptions) -> TransformersEngine:
    """Load a causal language model as an engine.

    Raises
    ------
    UserError
        No such model, no safetensors, damaged or incomplete weights, does not fit, or no chat
        template.
    """
    source = find_source(spec, options)
    model, tokenizer = load_model(source, options)
    layers = set(getattr(model.config.get_text_config(), "layer_types", None) or ())
    if layers - _KEEPS_ALL_COLUMNS:
        raise UserError(
            f"{source.name} has layers of the kind {', '.join(sorted(layers - _KEEPS_ALL_COLUMNS))}"
            f", which this engine does not batch; use vllm:{spec}"
        )
    return TransformersEngine(
        source.name,
        model,
        tokenizer,
        source.weights,
        rows=options.batch_size,
        tokens=options.batch_tokens,
        quantization=options.quantisation,
    )


def load_model(source: Source, options: ModelOptions, kind: Any = None) -> tuple[Any, Any]:
    """A model in evaluation mode, and its tokenizer.

    Parameters
    ----------
    source : Source
    options : ModelOptions
    kind : type, optional
        A class with ``from_pretrained``; ``AutoModelForCausalLM`` by default.

    Raises
    ------
    UserError
        When it does not fit, or its files are damaged or incomplete.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    device = choose_device(options)
    dtype = choose_dtype(options, device, source.parameters)
    size = BYTES_EACH.get(options.quantisation, float(dtype.itemsize))
    check_fit(source.spec, source.parameters, size, device)
    where = {**source.where, "trust_remote_code": options.trust_remote_code}
    settings: dict[str, Any] = {"dtype": dtype, **where}
    if options.attention != "auto":
        settings["attn_implementation"] = options.attention
    if options.quantisation != "none":
        settings["quantization_config"] = _quantisation(options, dtype)
    if device == "cuda":
        settings["device_map"] = "auto" if torch.cuda.device_count() > 1 else {"": 0}
    if "gguf_file" not in where:
        settings["use_safetensors"] = True
    with Readable(source.spec):
        tokenizer = AutoTokenizer.from_pretrained(source.address, **where)
        chosen = kind or AutoModelForCausalLM
        config = AutoConfig.from_pretrained(source.address, **where)
        check_sizes(
            source.spec,
            source.parameters,
            lambda: chosen.from_config(config, trust_remote_code=options.trust_remote_code),
            packed=getattr(config, "quantization_config", None) is not None,
        )
        # Weights of another shape are then told of by name, and refused below.
        settings["ignore_mismatched_sizes"] = True
        model, told = chosen.from_pretrained(
            source.address, config=config, output_loading_info=True, **settings
        )
    check_loading(source.spec, told)
    check_numbers(source.spec, model)
    return (model if device == "cuda" else model.to(device)).eval(), tokenizer


def choose_device(options: ModelOptions) -> str:
    """``cuda``, ``mps`` or ``cpu``.

    Raises
    ------
    UserError
        When a device was asked for that this machine does not have.
    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if options.device == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    if (options.device == "cuda" and not cuda) or (options.device == "mps" and not mps):
        raise UserError(
            f"device {options.device!r} was asked for and this machine has none; use 'auto'"
        )
    return options.device


def choose_dtype(options: ModelOptions, device: str, parameters: int) -> Any:
    """The data type of the weights, as torch names it."""
    import torch

    if options.dtype != "auto":
        return getattr(torch, options.dtype)
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    # On a CPU single precision is as fast for small models; large ones need the memory.
    return torch.float32 if parameters < 1_000_000_000 else torch.bfloat16


def _quantisation(options: ModelOptions, dtype: Any) -> Any:
    import importlib.util

    if options.quantisation not in BYTES_EACH:
        raise UserError(
            f"quantisation {options.quantisation!r} is vLLM's; use vllm:MODEL, or 8bit or 4bit here"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError(
            f"quantisation {options.quantisation} needs bitsandbytes: pip install bitsandbytes"
        )
    from transformers import BitsAndBytesConfig

    if options.quantisation == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )
