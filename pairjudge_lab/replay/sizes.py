"""The numbers of candidates that a curve has where nobody names any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pairjudge_lab.replay.recording import Recording

MOST = 16


def usual_sizes(recordings: Sequence[Recording], least: int = 1) -> list[int]:
    """Powers of two up to 16, as far as half of the problems go, and the last N that these have.

    Parameters
    ----------
    recordings : sequence of Recording
        The problems; those count of which it is known which candidates are right.
    least : int
        The smallest N, where there are so many.

    Returns
    -------
    list of int
        In ascending order, one number or more; 1 alone where there is no problem.

    Examples
    --------
    >>> from pairjudge_lab import load_pools
    >>> from pairjudge_lab.replay import without_verdicts
    >>> pools = [pool.first(6) for pool in load_pools("embedded", limit=3)]
    >>> usual_sizes(without_verdicts(pools))
    [1, 2, 4, 6]
    """
    found = sorted(
        len(one) for one in recordings if all(c.correct is not None for c in one.pool.candidates)
    )
    last = min(MOST, max(1, found[(len(found) - 1) // 2])) if found else 1
    return [n for n in (1, 2, 4, 8) if least <= n < last] + [last]
