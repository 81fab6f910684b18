"""Draws of Bradley-Terry strengths, compiled: ``tournaments.strengths.drawn_strengths``.

They are worked out in blocks, and no more of them than are asked for: in most matches of an
adaptive tournament a few of them show that no group is best often enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.rules import leaf, part, sums
from pairjudge_lab.replay.compiled.strengths import Fit
from pairjudge_lab.tournaments.adaptive import POSTERIOR_DRAWS

BLOCK = 8
"""Draws that are worked out together; ``_work_out`` names as many numbers."""


class Draws(NamedTuple):
    """Working arrays for the draws of n groups' strengths.

    Attributes
    ----------
    normal : array
        (n, draws) standard normal numbers, kept for a whole play.
    values : array
        (n, draws) by how much each draw is above the strengths.
    best : array
        (draws,) the best group of each draw; ``height`` (draws,) its strength.
    counts : array
        (n,) in how many of the draws looked at each group is best.
    known : array
        (blocks,) which blocks have been worked out.
    """

    normal: np.ndarray
    values: np.ndarray
    best: np.ndarray
    height: np.ndarray
    counts: np.ndarray
    known: np.ndarray


def new_draws(n: int) -> Draws:
    """Working arrays for n groups."""
    numbers = np.zeros((2, n, POSTERIOR_DRAWS))
    return Draws(
        numbers[0],
        numbers[1],
        np.zeros(POSTERIOR_DRAWS, dtype=np.int64),
        np.zeros(POSTERIOR_DRAWS),
        np.zeros(n, dtype=np.int64),
        np.zeros(POSTERIOR_DRAWS // BLOCK, dtype=np.bool_),
    )


@leaf
def draw_normal(draws: Draws, n: int, rng: np.random.Generator) -> None:
    """The standard normal numbers of a play of n groups."""
    for place in range(POSTERIOR_DRAWS):
        for t in range(n):
            draws.normal[t, place] = rng.standard_normal()


@part
def favourite(draws: Draws, fit: Fit, n: int, confidence: float) -> int:
    """A group that is best in this share of the draws, -1 where there is none."""
    enough = confidence * POSTERIOR_DRAWS
    draws.known[:] = False
    for t in range(n):
        draws.counts[t] = 0
    most, left = 0, POSTERIOR_DRAWS
    for block in range(len(draws.known)):
        _work_out(draws, fit, n, block)
        left -= BLOCK
        for place in range(block * BLOCK, (block + 1) * BLOCK):
            best = draws.best[place]
            draws.counts[best] += 1
            most = max(most, draws.counts[best])
        if most >= enough:
            for t in range(n):
                if draws.counts[t] == most:
                    return t
        if most + left < enough:
            break
    return -1


@leaf
def sample(draws: Draws, fit: Fit, n: int, rng: np.random.Generator, first: int) -> int:
    """Take a draw: its best group, or its place where the first group has been chosen."""
    place = int(rng.random() * POSTERIOR_DRAWS)
    if not draws.known[place // BLOCK]:
        _work_out(draws, fit, n, place // BLOCK)
    return place if first >= 0 else int(draws.best[place])


@sums
def _work_out(draws: Draws, fit: Fit, n: int, block: int) -> None:
    """Solve U values = normal for a block of draws, and find the best of each."""
    begin = block * BLOCK
    for i in range(n - 1, -1, -1):
        # Eight numbers by name: those of an array would be stored and read anew for every j.
        mine, row = draws.normal[i, begin : begin + BLOCK], fit.factor[i]
        a, b, c, d = mine[0], mine[1], mine[2], mine[3]
        e, f, g, h = mine[4], mine[5], mine[6], mine[7]
        for j in range(i + 1, n):
            times, other = row[j], draws.values[j, begin : begin + BLOCK]
            a -= times * other[0]
            b -= times * other[1]
            c -= times * other[2]
            d -= times * other[3]
            e -= times * other[4]
            f -= times * other[5]
            g -= times * other[6]
            h -= times * other[7]
        out, scale = draws.values[i, begin : begin + BLOCK], fit.inverse[i]
        out[0], out[1], out[2], out[3] = a * scale, b * scale, c * scale, d * scale
        out[4], out[5], out[6], out[7] = e * scale, f * scale, g * scale, h * scale
    best, height = draws.best[begin : begin + BLOCK], draws.height[begin : begin + BLOCK]
    for place in range(BLOCK):
        best[place] = 0
        height[place] = draws.values[0, begin + place] + fit.theta[0]
    for i in range(1, n):
        mine = draws.values[i, begin : begin + BLOCK]
        own = fit.theta[i]
        for place in range(BLOCK):
            value = mine[place] + own
            ahead = value > height[place]
            best[place] = i if ahead else best[place]
            height[place] = value if ahead else height[place]
    draws.known[block] = True
