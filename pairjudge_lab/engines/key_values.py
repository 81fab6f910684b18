"""The keys and values of a running batch: read from prompts, joined, and left by rows that ended.

Rows are padded on the left, so that all of them write into the same next column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pairjudge_lab.engines.growing_layer import SPARE_COLUMNS, growing_layer
from pairjudge_lab.transformers_names import cache_name, read_cache

SHARED_PREFIX = 64
"""Tokens that prompts must begin with alike before it pays to read them apart."""


@dataclass(slots=True)
class Rows:
    """A batch between two steps of a model.

    Attributes
    ----------
    mask : tensor, shape (n_rows, n_columns)
        1 where a column holds a token of the row.
    positions : tensor, shape (n_rows, 1)
        Position of each row's last token, counted without padding.
    cache : transformers Cache
        Keys and values of each layer, shape (n_rows, n_heads, n_columns, head_size).
    logits : tensor, shape (n_rows, n_tokens)
        What the model says comes next.
    """

    mask: Any
    positions: Any
    cache: Any
    logits: Any

    def __len__(self) -> int:
        return int(self.mask.shape[0])

    @property
    def columns(self) -> int:
        return int(self.mask.shape[1])

    @property
    def layers(self) -> list[tuple[Any, Any]]:
        """Keys and values, layer by layer."""
        return [(layer.keys, layer.values) for layer in self.cache.layers]


class Reader:
    """Runs a causal language model over prompts and over a running batch.

    Parameters
    ----------
    model : transformers model
        In evaluation mode.
    pad : int
        The token that fills a batch.
    """

    def __init__(self, model: Any, pad: int) -> None:
        self.model = model
        self._pad_id = pad
        self._cache_name = cache_name(model)
        # The beginning that the last prompts shared, as read by the model.
        self._head: tuple[int, ...] = ()
        self._head_layers: list[tuple[Any, Any]] = []

    def read(self, prompts: Sequence[Sequence[int]]) -> tuple[Rows, int]:
        """Read prompts; the rows, and how many tokens of each were not read again."""
        import torch

        shared = self._shared_beginning(prompts)
        with torch.inference_mode():
            if not shared:
                ids, mask = self.pad(prompts)
                positions = (mask.cumsum(-1) - 1).clamp(min=0)
                return self._forward(ids, mask, positions, None), 0
            layers = [
                (k[:, :, :shared].repeat(len(prompts), 1, 1, 1),
                 v[:, :, :shared].repeat(len(prompts), 1, 1, 1))
                for k, v in self._head_layers
            ]  # fmt: skip
            ids, rest = self.pad([prompt[shared:] for prompt in prompts])
            mask = torch.cat([rest.new_ones(len(prompts), shared), rest], dim=1)
            positions = (mask.cumsum(-1) - 1)[:, shared:]
            return self._forward(ids, mask, positions, _cache(layers)), shared

    def step(self, rows: Rows, tokens: Any) -> Rows:
        """Append one token to each row.

        Parameters
        ----------
        tokens : tensor, shape (n_rows,)
        """
        import torch

        with torch.inference_mode():
            mask = torch.cat([rows.mask, rows.mask.new_ones(len(rows), 1)], dim=1)
            return self._forward(tokens[:, None], mask, rows.positions + 1, rows.cache)

    def extend(self, rows: Rows, pieces: Sequence[Sequence[int]]) -> Rows:
        """Append a piece of text to each row; shorter ones are padded before they begin."""
        import torch

        with torch.inference_mode():
            ids, fresh = self.pad(pieces)
            mask = torch.cat([rows.mask, fresh], dim=1)
            positions = (mask.cumsum(-1) - 1)[:, -ids.shape[1] :]
            return self._forward(ids, mask, positions, rows.cache)

    def pad(self, rows: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Ids padded on the left, and their mask."""
        import torch

        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._pad_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, width - len(row) :] = torch.tensor(row)
            mask[place, width - len(row) :] = 1
        return ids.to(self.model.device), mask.to(self.model.device)

    def forget(self) -> None:
        """Give back the memory of the shared beginning."""
        self._head, self._head_layers = (), []

    def _shared_beginning(self, prompts: Sequence[Sequence[int]]) -> int:
        """How many first tokens are taken from the shared beginning, which is read where needed."""
        import torch

        known = _common(self._head, prompts)
        whole = _common(prompts[0], prompts) if len(prompts) > 1 else known
        # Reading a longer beginning pays when it saves every prompt but one as much again.
        if whole >= SHARED_PREFIX and whole > known and len(prompts) > 1:
            head = tuple(prompts[0][:whole])
            with torch.inference_mode():
                ids = torch.tensor([head], device=self.model.device)
                ones = torch.ones_like(ids)
                rows = self._forward(ids, ones, ones.cumsum(-1) - 1, None)
            self._head, self._head_layers = head, rows.layers
            return whole
        return known if known >= SHARED_PREFIX else 0

    def _forward(self, ids: Any, mask: Any, positions: Any, cache: Any) -> Rows:
        out = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=1,
            # Without a configuration every layer keeps all of its columns, sliding windows too, so
            # that rows can be joined; the model's mask leaves out what lies outside a window.
            **{self._cache_name: _cache([]) if cache is None else cache},
        )
        return Rows(mask, positions[:, -1:], read_cache(out), out.logits[:, -1])


def _cache(layers: Sequence[tuple[Any, Any]]) -> Any:
    """A cache with these keys and values, with columns to spare."""
    from transformers import Cache

    cache = Cache(layer_class_to_replicate=growing_layer())
    for number, (keys, values) in enumerate(layers):
        cache.update(keys, values, number)
    return cache


def keep(rows: Rows, places: Sequence[int]) -> tuple[Rows, list[int]]:
    """The rows at these places, without the columns that none of them needs.

    The last rows move into the places of those that leave, in the same memory, so that leaving
    costs as much as the rows that move; ``rows`` must not be used again. Where less than half of
    that memory would be in use, what stays is copied and the rest given back.

    Returns
    -------
    rows : Rows
    order : list of int
        The former place of each row.
    """
    count = len(places)
    if 2 * count < len(rows.cache.layers[0].buffers[0]):
        return _gather([(rows, places)]), list(places)
    import torch
    from transformers import Cache

    late = [place for place in places if place >= count]
    gaps = sorted(set(range(count)).difference(places))
    order = list(range(count))
    for gap, place in zip(gaps, late, strict=True):
        order[gap] = place
    index = torch.tensor(order, device=rows.mask.device)
    mask = rows.mask[index]
    left = int(mask.argmax(-1).min())
    with torch.inference_mode():
        for layer in rows.cache.layers:
            layer.leave(gaps, late, count, left)
    kept = Rows(
        mask[:, left:], rows.positions[index], Cache(layers=rows.cache.layers), rows.logits[index]
    )
    return kept, order


def join(one: Rows, places: Sequence[int], other: Rows) -> Rows:
    """The rows of one batch at these places, and those of another.

    Newcomers are written into the places that others left where these are enough; ``one`` must not
    be used again.
    """
    total, width = len(places) + len(other), one.columns
    fits = total <= len(one.cache.layers[0].buffers[0]) and other.columns <= width
    if not fits or len(places) < len(one):
        return _gather([(one, places), (other, range(len(other)))])
    import torch
    from transformers import Cache

    with torch.inference_mode():
        for layer, (keys, values) in zip(one.cache.layers, other.layers, strict=True):
            layer.enter(keys, values)
    padding = other.mask.new_zeros(len(other), width - other.columns)
    return Rows(
        torch.cat([one.mask, torch.cat([padding, other.mask], dim=1)]),
        torch.cat([one.positions, other.positions]),
        Cache(layers=one.cache.layers),
        torch.cat([one.logits, other.logits]),
    )


def _gather(parts: Sequence[tuple[Rows, Sequence[int]]]) -> Rows:
    """Chosen rows of several batches as one, with columns to spare; each number is copied once."""
    import torch
    from transformers import Cache

    chosen = []
    for rows, places in parts:
        index = torch.tensor(list(places), device=rows.mask.device)
        mask = rows.mask[index]
        # Columns on the left that are padding in all of these rows.
        left = int(mask.argmax(-1).min())
        chosen.append((rows, index, mask[:, left:], left))
    width = max(mask.shape[1] for _, _, mask, _ in chosen)
    masks = []
    for _, _, mask, _ in chosen:
        padding = mask.new_zeros(len(mask), width - mask.shape[1])
        masks.append(torch.cat([padding, mask], dim=1))
    made = growing_layer()
    layers = []
    for number in range(len(parts[0][0].layers)):
        buffers = tuple(
            _buffer([(rows.layers[number][which], *more) for rows, *more in chosen], width)
            for which in (0, 1)
        )
        layer = made()
        layer.take(buffers, *buffers, width)
        layers.append(layer)
    return Rows(
        torch.cat(masks),
        torch.cat([rows.positions[index] for rows, index, _, _ in chosen]),
        Cache(layers=layers),
        torch.cat([rows.logits[index] for rows, index, _, _ in chosen]),
    )


def _buffer(parts: Sequence[tuple[Any, Any, Any, int]], width: int) -> Any:
    """Keys or values of chosen rows of several batches, with columns to spare on the right."""
    first = parts[0][0]
    count = sum(len(index) for _, index, _, _ in parts)
    buffer = first.new_empty(count, first.shape[1], width + SPARE_COLUMNS, first.shape[3])
    begin = 0
    for held, index, mask, left in parts:
        end, pad = begin + len(index), width - mask.shape[1]
        # What is masked must still be a number.
        buffer[begin:end, :, :pad] = 0
        # Layers may lie on several devices.
        buffer[begin:end, :, pad:width] = held[index.to(held.device), :, left:]
        begin = end
    return buffer


def _common(head: Sequence[int], prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens of ``head`` all prompts begin with, leaving each at least one of its own."""
    # Whatever the smallest and the largest share, all between them share as well.
    low, high = min(map(list, prompts)), max(map(list, prompts))
    most = min(len(head), min(map(len, prompts)) - 1)
    triples = zip(head[:most], low[:most], high[:most], strict=True)
    return next((i for i, (a, b, c) in enumerate(triples) if not a == b == c), most)
