"""Keys and values of one layer with columns to spare: a step writes one column and copies nothing.

The library's own layer joins all that it holds with what is new at every step, which for small
models is a third of the time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

SPARE_COLUMNS = 64
"""Columns by which a layer grows when it is full."""


@cache
def growing_layer() -> type[Any]:
    """The class of such a layer; made when first asked for, since its base is transformers'."""
    from transformers.cache_utils import DynamicLayer

    class GrowingLayer(DynamicLayer):  # type: ignore[misc, unused-ignore]
        """A layer of transformers' cache; ``keys`` and ``values`` are views of larger buffers."""

        keys: Any
        values: Any
        buffers: Any
        held: int

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            """Append columns; all keys and values there are."""
            if not self.is_initialized:
                self.take(None, key_states, value_states, 0)
            end = self.held + key_states.shape[-2]
            if self.buffers is None or end > self.buffers[0].shape[-2]:
                self.buffers = (
                    self._larger(self.keys, key_states, end),
                    self._larger(self.values, value_states, end),
                )
            # Rows that left have their places behind those in use.
            count = len(key_states)
            for buffer, new in zip(self.buffers, (key_states, value_states), strict=True):
                buffer[:count, :, self.held : end] = new
            self.held = end
            self.keys, self.values = (buffer[:count, :, :end] for buffer in self.buffers)
            return self.keys, self.values

        def take(self, buffers: tuple[Any, Any] | None, keys: Any, values: Any, held: int) -> None:
            """Hold ``held`` columns of buffers that were filled elsewhere.

            ``keys`` and ``values`` tell the data type and the device.
            """
            self.lazy_initialization(keys, values)
            self.buffers, self.held = buffers, held
            if buffers is not None:
                self.keys, self.values = (buffer[..., :held, :] for buffer in buffers)

        def leave(self, gaps: list[int], late: list[int], count: int, left: int) -> None:
            """Move rows into the places of others, and hold the first ``count`` from a column on.

            The buffers stay as large as they are, so that nothing else is copied.
            """
            for held in (self.keys, self.values):
                held[gaps, :, left:] = held[late, :, left:]
            self.buffers = tuple(buffer[:, :, left:] for buffer in self.buffers)
            self.held -= left
            self.keys, self.values = (buffer[:count, :, : self.held] for buffer in self.buffers)

        def enter(self, keys: Any, values: Any) -> None:
            """Add rows behind those in use, their last columns where those of the others are."""
            begin, end = len(self.keys), len(self.keys) + len(keys)
            pad = self.held - keys.shape[-2]
            for buffer, new in zip(self.buffers, (keys, values), strict=True):
                # What is masked must still be a number.
                buffer[begin:end, :, :pad] = 0
                buffer[begin:end, :, pad : self.held] = new
            self.keys, self.values = (buffer[:end, :, : self.held] for buffer in self.buffers)

        def _larger(self, old: Any, new: Any, end: int) -> Any:
            shape = list(new.shape)
            shape[-2] = end + SPARE_COLUMNS
            buffer = new.new_empty(shape)
            if self.held:
                buffer[..., : self.held, :] = old
            return buffer

    return GrowingLayer
