"""Batched decoding that lets finished rows go.

``generate`` keeps every row of a batch until the last has ended and looks for stop strings in a
way that costs more than a small model's step. Here a row leaves the batch when it stops, so the
batch shrinks as it ends, and a stop string is looked for in the last few pieces of each row. What
all prompts of a batch begin with is read once. Where a label is about to be written, the
probabilities of the labels are kept: they cost no second pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pairjudge_lab.protocols.labels import Cue
from pairjudge_lab.transformers_names import cache_name, read_cache

if TYPE_CHECKING:
    import torch


SHARED_PREFIX = 64
"""Tokens that all prompts must begin with before it pays to read them apart."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What was written after one prompt; ``cut_off`` when the token limit ended it.

    ``shares[i]`` are the probabilities of the words of cue i, where the text came by it.
    """

    text: str
    tokens: int
    cut_off: bool
    shares: tuple[tuple[float, ...] | None, ...] = ()


class Decoder:
    """Writes completions for batches of prompts.

    Args:
        model: a causal language model of transformers.
        tokenizer: its tokenizer.
        stop: strings that end a completion; the string itself is kept.
        cues: where labels stand, so that their probabilities can be kept.
    """

    def __init__(
        self, model: Any, tokenizer: Any, stop: Sequence[str], cues: Sequence[Cue] = ()
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.stop = tuple(stop)
        self.cues = tuple(cues)
        self._cache_name = cache_name(model)
        self._words: list[list[torch.Tensor]] | None = None
        self._pieces: dict[int, str] = {}
        ends = model.generation_config.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        self._ends = {e for e in (*ends, tokenizer.eos_token_id) if e is not None}
        pad = tokenizer.pad_token_id
        self._pad_id = pad if pad is not None else next(iter(self._ends), 0)

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
        ids, mask, positions, cache = self._begin(prompts)
        draws = [np.random.default_rng(list(seed)) for seed in seeds]
        written: list[list[int]] = [[] for _ in prompts]
        tails = [""] * len(prompts)
        cut_off = [False] * len(prompts)
        longest = max((len(s) for s in (*self.stop, *(c.after for c in self.cues))), default=0)
        shares: list[list[tuple[float, ...] | None]] = [[None] * len(self.cues) for _ in prompts]
        # Which prompt each row of the batch belongs to; None once that prompt's text has ended.
        rows: list[int | None] = list(range(len(prompts)))
        with torch.inference_mode():
            while True:
                out = self.model(
                    input_ids=ids,
                    attention_mask=mask,
                    position_ids=positions,
                    use_cache=True,
                    logits_to_keep=1,
                    **{self._cache_name: cache},
                )
                cache = read_cache(out)
                logits = out.logits[:, -1]
                for number, cue in enumerate(self.cues):
                    # A cue that leads with nothing stands at the beginning of an answer alone.
                    if not cue.after:
                        continue
                    here = [
                        (place, owner)
                        for place, owner in enumerate(rows)
                        if owner is not None and tails[owner].endswith(cue.after)
                    ]
                    if here:
                        found = self._shares(number, logits[[place for place, _ in here]])
                        for (_, owner), share in zip(here, found, strict=True):
                            shares[owner][number] = share
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
            Completion(text, len(ids), cut, tuple(share))
            for text, ids, cut, share in zip(texts, written, cut_off, shares, strict=True)
        ]

    def fill(self, prompts: Sequence[Sequence[int]], close: str) -> list[Completion]:
        """Begin each answer up to a label, take the likelier label, and go on to the next.

        Nothing else is written: what the judge would have reasoned is left out. Ties go to the
        later word.

        Args:
            prompts: token ids.
            close: what ends an answer.
        """
        import torch

        texts = [""] * len(prompts)
        shares: list[list[tuple[float, ...]]] = [[] for _ in prompts]
        with torch.inference_mode():
            ids, mask, positions, cache = None, None, None, None
            for number, cue in enumerate(self.cues):
                texts = [text + cue.lead for text in texts]
                # The label that was taken, and what leads to the next.
                before = self.cues[number - 1].words
                added = [
                    self._encode((before[_likeliest(s[-1])] if s else "") + cue.lead)
                    for s in shares
                ]
                if cache is None:
                    ids, mask, positions, cache = self._begin(
                        [[*p, *more] for p, more in zip(prompts, added, strict=True)]
                    )
                else:
                    # Shorter pieces are padded between what has been read and what is new.
                    assert mask is not None
                    ids, fresh = self._pad(added)
                    mask = torch.cat([mask, fresh], dim=1)
                    positions = (mask.cumsum(-1) - 1)[:, -ids.shape[1] :]
                out = self.model(
                    input_ids=ids,
                    attention_mask=mask,
                    position_ids=positions,
                    use_cache=True,
                    logits_to_keep=1,
                    **{self._cache_name: cache},
                )
                cache = read_cache(out)
                found = self._shares(number, out.logits[:, -1])
                for row, share in enumerate(found):
                    shares[row].append(share)
                    texts[row] += cue.words[_likeliest(share)]
        return [
            Completion(text + close, 0, False, tuple(share))
            for text, share in zip(texts, shares, strict=True)
        ]

    def _begin(self, prompts: Sequence[Sequence[int]]) -> tuple[Any, Any, Any, Any]:
        """Ids, mask, positions and cache of the first step; a shared beginning is read already."""
        import torch

        shared = _common(prompts) if len(prompts) > 1 else 0
        if shared < SHARED_PREFIX:
            ids, mask = self._pad(prompts)
            return ids, mask, (mask.cumsum(-1) - 1).clamp(min=0), None
        head = torch.tensor([list(prompts[0][:shared])], device=self.model.device)
        with torch.inference_mode():
            read = self.model(input_ids=head, use_cache=True, logits_to_keep=1)
        cache = read_cache(read)
        cache.batch_repeat_interleave(len(prompts))
        ids, rest = self._pad([prompt[shared:] for prompt in prompts])
        mask = torch.cat([rest.new_ones(len(prompts), shared), rest], dim=1)
        return ids, mask, (mask.cumsum(-1) - 1)[:, shared:], cache

    def _pad(self, rows: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Left-padded ids and their mask."""
        import torch

        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._pad_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, width - len(row) :] = torch.tensor(row)
            mask[place, width - len(row) :] = 1
        return ids.to(self.model.device), mask.to(self.model.device)

    def _shares(self, number: int, logits: Any) -> list[tuple[float, ...]]:
        """The probabilities of a cue's words in each row, as shares of their sum."""
        import torch

        if self._words is None:
            pieces = [self._piece(token) for token in range(logits.shape[-1])]
            self._words = [
                [torch.tensor(word, device=logits.device) for word in cue.places(pieces)]
                for cue in self.cues
            ]
        logs = torch.log_softmax(logits.float(), dim=-1)
        sums = torch.stack([logs[:, word].logsumexp(-1) for word in self._words[number]], dim=-1)
        return [tuple(row) for row in torch.softmax(sums, dim=-1).tolist()]

    def _encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    def _piece(self, token: int) -> str:
        if token not in self._pieces:
            self._pieces[token] = self.tokenizer.decode([token])
        return self._pieces[token]


def _likeliest(share: tuple[float, ...]) -> int:
    return max(range(len(share)), key=lambda i: (share[i], i))


def _common(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all prompts begin with, leaving each at least one of its own."""
    # Whatever two sequences share, all between them share as well.
    low, high = min(map(list, prompts)), max(map(list, prompts))
    most = min(map(len, prompts)) - 1
    pairs = zip(low[:most], high[:most], strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(most, len(low), len(high)))


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
