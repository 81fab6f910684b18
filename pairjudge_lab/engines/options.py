"""How a model is to be run: every choice a user may override, with a sensible default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.protocols import known_protocols
from pairjudge_lab.protocols.families import SCORERS
from pairjudge_lab.records import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "bfloat16", "float16")
ATTENTIONS = ("auto", "sdpa", "eager", "flash_attention_2")
POOLINGS = ("majority", "mean")
QUANTISATIONS = ("none", "8bit", "4bit", "fp8", "awq", "gptq")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Options of a model, whatever engine runs it.

    Attributes
    ----------
    device, dtype, attention, quantisation : str
        How a model in this process is held; ``auto`` chooses by the machine and the model's size.
        ``8bit`` and ``4bit`` are bitsandbytes'; ``fp8``, ``awq`` and ``gptq`` are vLLM's.
    revision : str or None
        Of a model on the hub.
    protocol : str
        How a judge is asked; ``auto`` is what the model's folder says, else PairJudge's.
    template : Path or None
        A file with the protocol's wording.
    temperature, top_p, seed
        Of sampling; temperature 0 is greedy, and then every repetition of a match says the same.
    max_new_tokens, context_window, thinking, thinking_budget
        See ``GenerationConfig``; None leaves the protocol's default.
    batch_size : int or None
        The most requests at once; None chooses by the device, or lets a server's load decide.
    batch_tokens : int or None
        The most tokens (prompts, and what answers may take) held at once; None by the memory that
        is free.
    fast : bool
        Label-only answers: the answer is begun for the judge, and its labels' probabilities decide.
    soft : bool
        Whether a server or vLLM is asked for the labels' probabilities; a model of transformers
        always tells them.
    samples, pooling
        Verdicts pooled for each match, by ``majority`` of the outcomes or the ``mean`` of the
        labels' probabilities; more than one needs a temperature.
    second_try : bool
        Whether an answer whose token budget went on reasoning is asked for once more, with the
        reasoning closed where it was cut off.
    tensor_parallel : int
        GPUs over which vLLM or SGLang spreads one model.
    memory_share : float
        The share of a GPU's memory that vLLM or SGLang takes.
    batch_invariant : bool
        Whether vLLM uses kernels whose results do not depend on the batch, where it has them.
    trust_remote_code : bool
        Whether code that comes with a model may run.

    Raises
    ------
    UserError
        For a value that is not offered; the message lists those that are.

    Examples
    --------
    >>> from pairjudge_lab import ModelOptions
    >>> ModelOptions(temperature=0.7, samples=5).pooling
    'majority'
    """

    device: str = "auto"
    dtype: str = "auto"
    attention: str = "auto"
    quantisation: str = "none"
    revision: str | None = None
    template: Path | None = None
    protocol: str = "auto"
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_new_tokens: int | None = None
    context_window: int | None = None
    thinking: bool | None = None
    thinking_budget: int | None = None
    second_try: bool = False
    batch_size: int | None = None
    batch_tokens: int | None = None
    tensor_parallel: int = 1
    memory_share: float = 0.9
    batch_invariant: bool = False
    trust_remote_code: bool = False
    fast: bool = False
    soft: bool = False
    samples: int = 1
    pooling: str = "majority"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("device", DEVICES),
            ("dtype", DTYPES),
            ("attention", ATTENTIONS),
            ("quantisation", QUANTISATIONS),
            ("protocol", ("auto", *known_protocols(), *SCORERS)),
            ("pooling", POOLINGS),
        ):
            if getattr(self, name) not in allowed:
                raise UserError(
                    f"{name} {getattr(self, name)!r} is not offered; choose {', '.join(allowed)}"
                )
        if self.samples > 1 and (self.temperature == 0 or self.fast):
            raise UserError(
                "several samples of a match differ only at a temperature, and with the reasoning "
                f"written; got samples {self.samples}, temperature {self.temperature}, "
                f"fast {self.fast}"
            )
        for name in ("samples", "batch_size", "batch_tokens", "tensor_parallel"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 1_000_000_000:
                raise UserError(f"{name} lies between 1 and 1,000,000,000, got {value}")
        if not 0 < self.memory_share <= 1:
            raise UserError(f"memory_share is above 0 and at most 1, got {self.memory_share}")
        # What makes no sense is refused before a model is loaded.
        self.generation(GenerationConfig())

    def generation(self, defaults: GenerationConfig) -> GenerationConfig:
        """A protocol's defaults with what was asked for in their place.

        Parameters
        ----------
        defaults : GenerationConfig
            Those of the protocol, or of the sampler.
        """
        given = {
            name: getattr(self, name)
            for name in ("max_new_tokens", "context_window", "thinking", "thinking_budget")
            if getattr(self, name) is not None
        }
        return replace(
            defaults,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            label_only=self.fast,
            label_probabilities=defaults.label_probabilities or self.soft,
            **given,
        )
