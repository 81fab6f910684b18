"""How a judge is trained: every choice in one record, and named presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pairjudge_lab.records import UserError
from pairjudge_lab.training.encoding import KINDS

SCHEDULES = ("constant", "linear", "cosine", "fade")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run's choices.

    Attributes
    ----------
    kind : str
        A ``pairwise`` judge, or a rival: a ``pointwise`` critic, a ``reward`` model.
    epochs : float
        Passes over the rows; ``max_steps`` ends a run earlier without changing its rate.
    batch_size : int
        Rows of one step of the optimiser, on all devices and in all accumulations.
    device_batch : int
        Rows that a device takes at once.
    learning_rate, beta2, weight_decay : float
        Of AdamW; without decay it is Adam.
    schedule : str
        ``constant``; ``linear`` or ``cosine`` down to nothing; ``fade``, constant and then linear
        to a tenth over the last three tenths. ``warmup`` steps lead in.
    max_length : int
        Tokens of a row; longer ones are left out and counted.
    dtype : str
        Of the weights that are loaded; ``bf16`` computes in bfloat16 whatever they are.
    checkpointing : bool
        Recompute activations to save memory.
    lora_rank : int
        0 trains every weight; else low-rank adapters, merged in the end.
    four_bit : bool
        Load the frozen weights in 4 bits under the adapters (QLoRA; a GPU).
    evaluations : int
        How often held-out pairs are judged in a run, the end included.
    held_out_pairs : int
        How many of them.
    save_every : int
        Steps between checkpoints.
    fsdp : bool
        Share weights among devices, under ``accelerate launch``.
    seed : int
        Of the order of the rows and of new weights.

    Raises
    ------
    UserError
        For a value that makes no sense.
    """

    kind: str = "pairwise"
    epochs: float = 3.0
    max_steps: int = 0
    batch_size: int = 64
    device_batch: int = 4
    learning_rate: float = 1e-5
    beta2: float = 0.999
    weight_decay: float = 0.0
    schedule: str = "constant"
    warmup: int = 0
    max_length: int = 4096
    dtype: str = "float32"
    bf16: bool = True
    checkpointing: bool = False
    lora_rank: int = 0
    four_bit: bool = False
    evaluations: int = 8
    held_out_pairs: int = 200
    save_every: int = 200
    fsdp: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, offered in (("kind", KINDS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in offered:
                raise UserError(
                    f"{name} {getattr(self, name)!r} is not offered; choose {', '.join(offered)}"
                )
        if self.dtype not in ("float32", "bfloat16"):
            raise UserError(f"weights train in float32 or bfloat16, got {self.dtype!r}")
        for name in ("batch_size", "device_batch", "max_length", "save_every", "held_out_pairs"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is at least 1, got {getattr(self, name)}")
        if self.epochs <= 0 or self.learning_rate <= 0:
            raise UserError(
                "epochs and the learning rate are above 0, got "
                f"{self.epochs} and {self.learning_rate}"
            )
        if min(self.max_steps, self.warmup, self.lora_rank, self.evaluations) < 0:
            raise UserError("max_steps, warmup, lora_rank and evaluations are 0 or more")
        if self.four_bit and not self.lora_rank:
            raise UserError("4-bit weights cannot be trained; give them adapters with --lora 16")

    def accumulation(self, devices: int) -> int:
        """Device batches that make one step.

        Raises
        ------
        UserError
            When the batch cannot be divided so.
        """
        share = self.device_batch * devices
        if self.batch_size % share:
            fitting = [d for d in range(1, self.batch_size + 1) if self.batch_size % d == 0]
            here = [d // devices for d in fitting if d % devices == 0]
            advice = (
                f"choose a device batch of {', '.join(map(str, here))}"
                if here
                else f"choose a batch that {devices} divides"
            )
            raise UserError(
                f"a batch of {self.batch_size} cannot be divided into {self.device_batch} rows on "
                f"each of {devices} device{'s' * (devices > 1)}; {advice}"
            )
        return self.batch_size // share


PRESETS: Mapping[str, Recipe] = {
    # arXiv 2501.13007: Adam, 1e-5, batches of 128, 8 epochs. What the paper does not say (warm-up,
    # schedule, precision) is the plainest choice.
    "paper": Recipe(
        epochs=8, batch_size=128, learning_rate=1e-5, dtype="bfloat16", checkpointing=True
    ),
    "lora": Recipe(
        epochs=3, batch_size=128, learning_rate=1e-4, dtype="bfloat16", checkpointing=True,
        lora_rank=16, schedule="cosine", warmup=50,
    ),
    # The small world's judge, on a processor.
    "small": Recipe(
        epochs=1, batch_size=64, device_batch=16, learning_rate=1.5e-3, beta2=0.98,
        weight_decay=0.01, schedule="fade", warmup=100, max_length=1024,
    ),
}  # fmt: skip
"""Recipes by name: ``paper``, ``lora``, ``small``."""


def recipe(name: str, **changes: Any) -> Recipe:
    """The preset of that name, with changes.

    Raises
    ------
    UserError
        When there is none, or a change makes no sense.
    """
    if name not in PRESETS:
        raise UserError(f"no preset named {name!r}; there are: {', '.join(PRESETS)}")
    return replace(PRESETS[name], **changes)
