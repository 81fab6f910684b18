"""Seeded brackets: the strong kept apart until the last rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pairjudge_lab.records import Pool, UserError

SEEDINGS = {
    "majority": "by the size of a candidate's answer group, equal ones by lot",
    "score": "by the candidates' scalar scores, equal ones by lot",
}


def seeded_row(pool: Pool, seeding: str, rng: np.random.Generator) -> list[int | None]:
    """The bracket's first row: neighbours meet; None where a seed has a bye.

    Raises
    ------
    UserError
        When seeding by score and a candidate has none.
    """
    if seeding == "score":
        if any(c.score is None for c in pool.candidates):
            raise UserError(
                f"pool {pool.problem.id!r}: seeding by score needs a 'score' for every candidate"
            )
        strength = [float(c.score or 0.0) for c in pool.candidates]
    else:
        sizes = Counter(pool.group_of(c) for c in range(len(pool)))
        strength = [float(sizes[pool.group_of(c)]) for c in range(len(pool))]
    lot = rng.random(len(pool))
    seeds = [int(c) for c in np.lexsort((lot, -np.array(strength)))]
    places = bracket_seats(len(pool))
    return [seeds[seat] if seat < len(seeds) else None for seat in places]


def bracket_seats(n: int) -> list[int]:
    """Seeds (from 0) in the order of the bracket's places, for the next power of two from n on.

    Seeds 0 and 1 can meet in the final alone, 0 to 3 from the semi-finals on, and so on.
    """
    seats = [0]
    while len(seats) < n:
        total = 2 * len(seats)
        seats = [seat for first in seats for seat in (first, total - 1 - first)]
    return seats


def neighbours(row: Sequence[int | None]) -> tuple[list[tuple[int, int]], list[int]]:
    """Who meets whom in a row of places, and who has nobody to meet."""
    pairs, byes = [], []
    for x, y in zip(row[::2], row[1::2], strict=True):
        if x is not None and y is not None:
            pairs.append((x, y))
        elif x is not None or y is not None:
            byes.append(x if x is not None else y)
    return pairs, [c for c in byes if c is not None]
