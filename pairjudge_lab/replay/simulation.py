"""Studies of a judge whose Best-of-N curve is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

import numpy as np

from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.statistics.scaling import knockout_recursion
from pairjudge_lab.verdicts.codes import FIRST, SECOND

SHAPE = (2.0, 3.0)
"""Each problem's chance of a right candidate is drawn from this beta distribution."""

P_COMP = 0.8
"""The chance that a match of a right and a wrong candidate goes to the right one."""


def known_study(
    rng: np.random.Generator, problems: int, *, size: int = 8, p_gen: float | None = None
) -> list[Recording]:
    """Recordings of problems drawn from the population; every verdict apart from all others.

    Parameters
    ----------
    p_gen : float or None
        The same chance of a right candidate for every problem, in place of ``SHAPE``.
    """
    out = []
    for i in range(problems):
        p = rng.beta(*SHAPE) if p_gen is None else p_gen
        right = rng.random(size) < p
        edge = right[:, None].astype(int) - right[None, :]
        wins = rng.random((size, size)) < 0.5 + (P_COMP - 0.5) * edge
        candidates = tuple(Candidate(str(k), None, bool(ok)) for k, ok in enumerate(right))
        codes = np.where(wins, FIRST, SECOND)[None].astype(np.int8)
        out.append(Recording(Pool(Problem(f"p{i}", "?"), candidates), codes))
    return out


def known_curve(sizes: Sequence[int], *, draws: int = 100_000, seed: int = 0) -> dict[int, float]:
    """The accuracy of a knockout in the population at each N, a power of two, by the recursion."""
    chances = np.random.default_rng(seed).beta(*SHAPE, size=draws)
    levels = {n: int(log2(n)) for n in sizes}
    deepest = max(levels.values())
    curves = [chances]
    for _ in range(deepest):
        p = curves[-1]
        curves.append(p * p + 2 * p * (1 - p) * P_COMP)
    # One problem by the published recursion, so that the two cannot drift apart.
    assert np.isclose(curves[-1][0], knockout_recursion(float(chances[0]), P_COMP, deepest)[-1])
    return {n: float(curves[level].mean()) for n, level in levels.items()}
