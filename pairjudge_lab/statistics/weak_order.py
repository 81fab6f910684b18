"""Weak transitivity: circles that ties may be part of."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def weak_triples(strict: np.ndarray, judged: np.ndarray) -> tuple[int, int]:
    """Triples that break weak transitivity, and all triples with three judged pairs.

    With i >= j for "i beats j or they are even", a triple is broken where i >= j, j >= k and yet k
    beats i. A judge that gives each item a grade, such as correct or not, breaks none, however many
    pairs are even; the share of circles among strict wins says little of such a judge, for nearly
    every triple holds an even pair.

    Parameters
    ----------
    strict : array
        (n, n) whether i beats j.
    judged : array
        (n, n) whether the pair was judged, symmetric.
    """
    n = len(strict)
    if n < 3:
        return 0, 0
    i, j, k = np.array(list(combinations(range(n), 3))).T
    there = judged[i, j] & judged[j, k] & judged[i, k]
    i, j, k = i[there], j[there], k[there]
    least = ~strict.T  # i >= j: j does not beat i
    round_one = least[i, j] & least[j, k] & least[k, i]
    round_two = least[j, i] & least[k, j] & least[i, k]
    won = strict | strict.T
    some = won[i, j] | won[j, k] | won[i, k]
    return int(((round_one | round_two) & some).sum()), len(i)
