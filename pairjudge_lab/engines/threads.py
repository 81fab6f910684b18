"""How many threads and rows a model is run with where nothing else is asked for.

A small model has one thread, since two spend their time on each other.

With a few million parameters a step takes a millisecond or two. On a machine that does other work
as well, a second thread of torch was seen to make such a step many times slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SMALL = 20_000_000
"""Parameters below which a model on a processor is run with one thread."""


def rows_for(device: str, parameters: int) -> int:
    """The most rows of a batch. On a processor more rows gain nothing but for a small model, half
    of whose step is spent on what does not depend on them."""
    if device == "cuda":
        return 256
    return 128 if parameters < SMALL else 64


@contextmanager
def threads_for(model: Any) -> Iterator[None]:
    """One thread for a small model on a processor; what was set before comes back afterwards."""
    import torch

    before = torch.get_num_threads()
    small = model.device.type == "cpu" and before > 1 and model.num_parameters() < SMALL
    if small:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if small:
            torch.set_num_threads(before)
