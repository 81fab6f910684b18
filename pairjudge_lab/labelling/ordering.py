"""Which pair a person sees next, and which response first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pairjudge_lab.records import Match, Pool, UserError

if TYPE_CHECKING:
    import numpy as np

POLICIES = ("random", "both", "given")
"""Pairs shuffled and each in one order drawn at random; shuffled and each in both orders; as they
are given."""


def pairs_of(pools: Sequence[Pool] | Sequence[Match]) -> list[Match]:
    """Every pair of candidates of some pools, once; matches stay as they are.

    Raises
    ------
    UserError
        When there is no pair.
    """
    found: list[Match] = []
    for one in pools:
        if isinstance(one, Match):
            found.append(one)
        else:
            n = len(one)
            found += [Match(one, i, j) for i in range(n) for j in range(i + 1, n)]
    if not found:
        raise UserError("there is nothing to judge: no match, and no pool with two candidates")
    return found


def ordered_matches(matches: Sequence[Match], policy: str, rng: np.random.Generator) -> list[Match]:
    """Matches in the order in which one person sees them.

    Parameters
    ----------
    matches : sequence of Match
    policy : {"random", "both", "given"}
        ``random``: the pairs are shuffled and each is shown in one order, drawn with equal chances.
        ``both``: every pair is shown in both orders, the second one only after all pairs have been
        seen once; what a person's position bias is estimated from. ``given``: nothing is changed.
    rng : numpy.random.Generator

    Returns
    -------
    list of Match
        As many as came, or twice as many for ``both``.

    Raises
    ------
    UserError
        For another policy.
    """
    if policy not in POLICIES:
        raise UserError(f"an order is one of {', '.join(POLICIES)}; got {policy!r}")
    if policy == "given":
        return list(matches)
    turned = rng.random(len(matches)) < 0.5
    first = [m.swapped if turn else m for m, turn in zip(matches, turned, strict=True)]
    shown = [first[i] for i in rng.permutation(len(first))]
    if policy == "both":
        shown += [first[i].swapped for i in rng.permutation(len(first))]
    return shown
