"""The numbers of candidates that a curve has where nobody names any."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 16


def usual_sizes(lengths: Iterable[int], least: int = 1) -> list[int]:
    """Powers of two up to 16, as far as half of the problems go, and the last N that these have.

    Parameters
    ----------
    lengths : iterable of int
        How many candidates each problem has.
    least : int
        The smallest N, where there are so many.

    Returns
    -------
    list of int
        In ascending order, one number or more; 1 alone where there is no problem.

    Examples
    --------
    >>> usual_sizes([16, 16, 16]), usual_sizes([6, 6, 32]), usual_sizes([6, 6, 6], least=4)
    ([1, 2, 4, 8, 16], [1, 2, 4, 6], [4, 6])
    """
    found = sorted(lengths)
    last = min(MOST, max(1, found[(len(found) - 1) // 2])) if found else 1
    return [n for n in (1, 2, 4, 8) if least <= n < last] + [last]
