"""Batched decoding that lets finished rows go.

``generate`` keeps every row of a batch until the last has ended and looks for stop strings in a
way that costs more than a small model's step. Here a row leaves the batch when it stops, so the
batch shrinks as it ends, and a stop string is looked for in the last few pieces of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Completion:
    """What was written after one prompt; ``cut_off`` when the token limit ended it."""

    text: str
    tokens: int
    cut_off: bool


class Decoder:
    """Writes completions for batches of prompts.

    Args:
        model: a causal language model of transformers.
        tokenizer: its tokenizer.
        stop: strings that end a completion; the string itself is kept.
    """

    def __init__(self, model: Any, tokenizer: Any, stop: Sequence[str]) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.stop = tuple(stop)
        self._pieces: dict[int, str] = {}
        ends = model.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        self._ends = {e for e in (*ends, tokenizer.eos_token_id) if e is not None}
        pad = tokenizer.pad_token_id
        self._pad = pad if pad is not None else next(iter(self._ends), 0)

    def write(
        self,
        prompts: Sequence[Sequence[int]],
        limits: Sequence[int],
        *,
        temperature: float = 0.0,
        seeds: Sequence[Sequence[int]] = (),
    ) -> list[Completion]:
        """Complete each prompt, greedily or by sampling.

        Args:
            prompts: token ids, each prompt at least one.
            limits: the most new tokens for each.
            temperature: 0 takes the likeliest token.
            seeds: with a temperature, one seed sequence a prompt, so that what is drawn for a
                prompt does not depend on its batch.
        """
        import numpy as np
        import torch

        device = self.model.device
        width = max(map(len, prompts))
        ids = torch.full((len(prompts), width), self._pad, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for place, prompt in enumerate(prompts):
            ids[place, width - len(prompt) :] = torch.tensor(prompt)
            mask[place, width - len(prompt) :] = 1
        ids, mask = ids.to(device), mask.to(device)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        draws = [np.random.default_rng(list(seed)) for seed in seeds]
        written: list[list[int]] = [[] for _ in prompts]
        tails = [""] * len(prompts)
        cut_off = [False] * len(prompts)
        longest = max((len(s) for s in self.stop), default=0)
        # Which prompt each row of the batch belongs to; None once that prompt's text has ended.
        rows: list[int | None] = list(range(len(prompts)))
        cache = None
        with torch.inference_mode():
            while True:
                out = self.model(
                    input_ids=ids,
                    attention_mask=mask,
                    position_ids=positions,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
                cache = out.past_key_values
                logits = out.logits[:, -1]
                if temperature > 0:
                    uniforms = [0.0 if row is None else draws[row].random() for row in rows]
                    chosen = _sample(logits, temperature, uniforms)
                else:
                    chosen = logits.argmax(-1)
                for place, token in enumerate(chosen.tolist()):
                    row = rows[place]
                    if row is None:
                        continue
                    if token in self._ends:
                        rows[place] = None
                        continue
                    written[row].append(token)
                    piece = self._piece(token)
                    tails[row] = (tails[row] + piece)[-longest - len(piece) :]
                    if any(s in tails[row] for s in self.stop):
                        rows[place] = None
                    elif len(written[row]) >= limits[row]:
                        rows[place], cut_off[row] = None, True
                alive = [place for place, row in enumerate(rows) if row is not None]
                if not alive:
                    break
                mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
                ids, positions = chosen[:, None], positions[:, -1:] + 1
                # Leaving copies the cache, about a step's cost, so rows go when enough have ended.
                if len(alive) <= 0.85 * len(rows):
                    index = torch.tensor(alive, device=device)
                    cache.batch_select_indices(index)
                    mask, ids, positions = mask[index], ids[index], positions[index]
                    rows = [rows[place] for place in alive]
        texts = self.tokenizer.batch_decode(
            written, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return [
            Completion(text, len(ids), cut)
            for text, ids, cut in zip(texts, written, cut_off, strict=True)
        ]

    def _piece(self, token: int) -> str:
        if token not in self._pieces:
            self._pieces[token] = self.tokenizer.decode([token])
        return self._pieces[token]


def _sample(logits: torch.Tensor, temperature: float, uniforms: Sequence[float]) -> torch.Tensor:
    """One token a row by inverting the cumulative distribution at the row's own uniform number."""
    import torch

    weights = torch.softmax(logits.double() / temperature, dim=-1).cumsum(-1)
    points = torch.tensor(uniforms, dtype=weights.dtype, device=weights.device)[:, None]
    # Scaled by the total, which rounding keeps a little off one, so the last token stays in reach.
    return (
        torch.searchsorted(weights, points * weights[:, -1:])
        .squeeze(-1)
        .clamp(max=weights.shape[-1] - 1)
    )
