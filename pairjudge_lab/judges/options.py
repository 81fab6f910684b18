"""How a model is to be run: every choice a user may override, with a sensible default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pairjudge_lab.judges.families import SCORERS
from pairjudge_lab.protocols import known_protocols
from pairjudge_lab.records import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "bfloat16", "float16")
ATTENTIONS = ("auto", "sdpa", "eager", "flash_attention_2")
POOLINGS = ("majority", "mean")
QUANTISATIONS = ("none", "8bit", "4bit")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Options of a model on this machine.

    ``temperature`` 0 is greedy decoding, and then every repetition of a match says the same.
    ``batch_size`` is the most matches in one batch, ``batch_tokens`` the most tokens (prompt and
    room for the answer) held at once; None chooses both from the memory that is free.
    ``protocol`` ``auto`` is what the model's folder says, else PairJudge's. ``fast`` leaves the
    reasoning out: the answer is begun for the judge, and its labels' probabilities decide.
    ``continuous`` decodes through transformers' continuous batching, meant for a GPU.
    ``soft`` asks a server or an engine for them; a model in this process always tells. ``samples``
    verdicts are pooled for each match, by ``majority`` of the outcomes or the ``mean``
    of the labels' probabilities; more than one needs a temperature.

    Raises:
        UserError: for a value that is not offered; the message lists those that are.
    """

    device: str = "auto"
    dtype: str = "auto"
    attention: str = "auto"
    quantisation: str = "none"
    revision: str | None = None
    template: Path | None = None
    protocol: str = "auto"
    temperature: float = 0.0
    seed: int = 0
    batch_size: int | None = None
    batch_tokens: int | None = None
    trust_remote_code: bool = False
    fast: bool = False
    continuous: bool = False
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
        if not 0 <= self.temperature < 100:
            raise UserError(f"temperature is 0 or more, got {self.temperature}")
        if self.samples > 1 and (self.temperature == 0 or self.fast):
            raise UserError(
                "several samples of a match differ only at a temperature, and with the reasoning "
                f"written; got samples {self.samples}, temperature {self.temperature}, "
                f"fast {self.fast}"
            )
        if self.continuous and (self.temperature > 0 or self.fast):
            raise UserError(
                "continuous batching decodes greedily and in full; leave out the temperature and "
                "the fast mode, or continuous"
            )
        for name in ("samples", "batch_size", "batch_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"{name} is at least 1, got {value}")
