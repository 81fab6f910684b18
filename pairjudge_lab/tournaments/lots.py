"""Drawing lots. What a knockout leaves to chance is made of one primitive, ``rng.random()``.

That is why the compiled replay makes the same draws, and selects the same candidates, from the same
generator.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def draw(n: int, rng: np.random.Generator) -> int:
    """One of 0 to n - 1, each as likely."""
    return int(rng.random() * n)


def shuffled(items: Sequence[int], rng: np.random.Generator) -> list[int]:
    """The items in random order (Fisher and Yates): n - 1 draws."""
    out = list(items)
    for last in range(len(out) - 1, 0, -1):
        other = draw(last + 1, rng)
        out[last], out[other] = out[other], out[last]
    return out
