"""What a model will need on this machine, told before anything is loaded.

Only headers and the configuration are read. The estimate was held against the real peak of two
models on a CPU (``tests/judges/test_doctor.py``); on a GPU it has not been measured.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pairjudge_lab.datasets.pools import load_pools
from pairjudge_lab.engines.loading import BYTES_EACH, choose_device, choose_dtype
from pairjudge_lab.engines.memory import GB, free_memory
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.registry import ELSEWHERE, ENGINES
from pairjudge_lab.engines.sources import find_source
from pairjudge_lab.engines.threads import rows_for
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.records import UserError

GGUF_LOADING = 1.6
"""A GGUF file is dequantised beside the weights that it fills: times the weights, at the peak."""

CUDA_CONTEXT = 0.6e9
"""What the driver's context takes on one GPU; a rule of thumb, not measured here."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A model's needs, in bytes.

    Attributes
    ----------
    parameters : int
        Of the model; ``dtype`` and ``quantisation`` as they would be loaded.
    weights : float
        Of the model in memory.
    cache : float
        Keys and values of ``rows`` matches of ``prompt_tokens`` + ``answer_tokens``; held twice
        while it grows.
    activations : float
        Of reading the prompts of one batch.
    libraries : float
        The process without any model.
    peak : float
        The largest of loading and running.
    free : float
        What this machine has free.
    fits : bool
        Whether the peak is at most what is free.
    advice : tuple of str
        Options that would make it fit, or run more at once.
    """

    model: str
    device: str
    dtype: str
    quantisation: str
    parameters: int
    weights: float
    rows: int
    prompt_tokens: int
    answer_tokens: int
    cache: float
    activations: float
    libraries: float
    peak: float
    free: float
    fits: bool
    advice: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        words = "fits" if self.fits else "does not fit"
        lines = [
            f"{self.model}: {self.parameters / 1e6:,.1f} million parameters in {self.dtype}"
            + ("" if self.quantisation == "none" else f", {self.quantisation}"),
            f"  weights       {self.weights / GB:8.2f} GB",
            f"  cache, twice  {2 * self.cache / GB:8.2f} GB   {self.rows} matches of "
            f"{self.prompt_tokens} + {self.answer_tokens} tokens at once",
            f"  activations   {self.activations / GB:8.2f} GB",
            f"  libraries     {self.libraries / GB:8.2f} GB",
            f"  peak          {self.peak / GB:8.2f} GB   on {self.device}, which has "
            f"{self.free / GB:.2f} GB free: it {words}",
        ]
        return "\n".join([*lines, *(f"  {line}" for line in self.advice)])


def model_of(spec: str) -> str:
    """The model in a judge's name, without the engine that runs it.

    Raises
    ------
    UserError
        For a judge that is no model on this machine.
    """
    prefix, colon, rest = spec.partition(":")
    if prefix in ("simulated", "recorded"):
        raise UserError(f"{spec!r} is no model: it needs no memory to speak of")
    if colon and prefix in ELSEWHERE:
        raise UserError(
            f"{spec!r} runs elsewhere and needs no memory here; on the server's own machine, ask "
            "for the model by its folder or hub id"
        )
    if not colon or prefix not in ENGINES:
        return spec
    count, again, below = rest.partition(":")
    return model_of(below if prefix == "ray" and again and count.isdigit() else rest)


@naming_extras()
def diagnose(
    spec: str,
    options: ModelOptions | None = None,
    *,
    rows: int | None = None,
    prompt_tokens: int = 1024,
    answer_tokens: int = 512,
) -> Diagnosis:
    """What a judge would need here.

    Parameters
    ----------
    spec : str
        As ``load_judge`` takes it; the need of a replica for ``ray:4:MODEL``.
    rows : int or None
        Matches in one batch; by default as many as the judge would take.

    Raises
    ------
    UserError
        For a judge that is no model on this machine, or a model that is not there.
    """
    options = options or ModelOptions()
    spec = model_of(spec)
    device = choose_device(options)
    source = find_source(spec, options)
    dtype = choose_dtype(options, device, source.parameters)
    size = BYTES_EACH.get(options.quantisation, float(dtype.itemsize))
    config = _config(source.address, source.where, options).get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    a_token = 2 * config.num_hidden_layers * heads * head * dtype.itemsize
    each = prompt_tokens + answer_tokens
    libraries = CUDA_CONTEXT if device == "cuda" else _libraries()
    weights = source.parameters * size
    working = (8 * config.hidden_size + 4 * config.intermediate_size) * dtype.itemsize
    free = float(free_memory(device))

    def run(count: int, weight: float = weights) -> float:
        batch: float = count * (2.0 * a_token * each + working * prompt_tokens)
        return libraries + weight + batch

    rows = rows or options.batch_size or rows_for(device, source.parameters)
    loading = libraries + weights * (GGUF_LOADING if "gguf_file" in source.where else 1.0)
    peak = max(loading, run(rows))
    return Diagnosis(
        model=spec,
        device=device,
        dtype=str(dtype).removeprefix("torch."),
        quantisation=options.quantisation,
        parameters=source.parameters,
        weights=weights,
        rows=rows,
        prompt_tokens=prompt_tokens,
        answer_tokens=answer_tokens,
        cache=float(rows * a_token * each),
        activations=float(rows * working * prompt_tokens),
        libraries=libraries,
        peak=peak,
        free=free,
        fits=peak <= free,
        advice=_advice(source.parameters, size, device, free, run, rows),
    )


def _advice(
    parameters: int, size: float, device: str, free: float, run: Any, rows: int
) -> tuple[str, ...]:
    if run(rows) <= free:
        return ()
    out = []
    if run(1) <= free:
        most = next(count for count in range(rows, 0, -1) if run(count) <= free)
        out.append(f"--batch-size {most} fits; the judge shrinks its batches by itself as well")
    smaller = {"--dtype bfloat16": 2.0}
    if device == "cuda":
        smaller |= {"--quantisation 8bit": 1.0, "--quantisation 4bit": 0.55}
    for name, each in smaller.items():
        if each < size:
            need = run(1, parameters * each)
            words = "fits" if need <= free else "does not fit either"
            out.append(f"{name}: {need / GB:.2f} GB for one match at a time, which {words}")
    return tuple(out) or ("nothing would make it fit here; use a larger machine or smaller model",)


def _config(address: str, where: dict[str, Any], options: ModelOptions) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(address, **where, trust_remote_code=options.trust_remote_code)


def _libraries() -> float:
    """Bytes that this process takes once everything but a model has been loaded, pools included."""
    import psutil
    import torch  # noqa: F401
    from transformers import (  # noqa: F401
        AutoModelForCausalLM,
        AutoTokenizer,
        LlamaForCausalLM,
        Qwen2ForCausalLM,
    )

    load_pools("embedded")
    return float(psutil.Process().memory_info().rss)
