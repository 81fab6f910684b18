"""Random subsets of candidates, the same for every selector that is compared."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.compiling import njit
from pairjudge_lab.records import UserError


def draw_subsets(size: int, n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, n) subsets of n of the numbers below size, without replacement, in random order.

    When n is size there is but one subset, and it is given in its own order: what is left to chance
    then is the bracket alone.

    Raises
    ------
    UserError
        Unless 1 <= n <= size.
    """
    if not 1 <= n <= size:
        raise UserError(
            f"N = {n} cannot be drawn from {size} candidates; choose N between 1 and {size}"
        )
    out = np.empty((count, n), dtype=np.int32)
    if n == size:
        out[:] = np.arange(size, dtype=np.int32)
    else:
        _draw(size, n, rng, out)
    return out


@njit(cache=True, nogil=True)
def _draw(size: int, n: int, rng: np.random.Generator, out: np.ndarray) -> None:
    """The first n steps of Fisher and Yates, once a line."""
    items = np.arange(size)
    for line in range(len(out)):
        for i in range(n):
            j = i + int(rng.random() * (size - i))
            items[i], items[j] = items[j], items[i]
            out[line, i] = items[i]
