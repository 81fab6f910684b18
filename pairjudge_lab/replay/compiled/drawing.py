"""Drawing lots and rounds, compiled: ``tournaments.lots`` and ``tournaments.knockout``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.rules import Accounts, leaf


class Round(NamedTuple):
    """Working arrays for drawing a round: who meets whom, and what it takes to work it out.

    Attributes
    ----------
    xs, ys : array
        (n,) the pairs.
    row : array
        (n,) players in a random order.
    ordered : array
        (n,) another order, or a number of each.
    seen, begin : array
        (groups,) where each group stands.
    """

    xs: np.ndarray
    ys: np.ndarray
    row: np.ndarray
    ordered: np.ndarray
    seen: np.ndarray
    begin: np.ndarray


def new_round(n: int, groups: int) -> Round:
    """Empty arrays for n players and so many answer groups in the recorded pool."""
    players = np.zeros((4, max(1, n)), dtype=np.int64)
    marks = np.zeros((2, max(groups, n) + 1), dtype=np.int64)
    return Round(players[0], players[1], players[2], players[3], marks[0], marks[1])


@leaf
def shuffle(items: np.ndarray, count: int, rng: np.random.Generator) -> None:
    """``lots.shuffled``, in place."""
    for last in range(count - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        items[last], items[other] = items[other], items[last]


@leaf
def one_group(accounts: Accounts, players: np.ndarray, count: int) -> bool:
    """Whether all of these have the same answer."""
    same = 1
    while same < count and accounts.groups[players[same]] == accounts.groups[players[0]]:
        same += 1
    return same >= count


@leaf
def draw_round(
    accounts: Accounts,
    work: Round,
    players: np.ndarray,
    count: int,
    at: int,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """``knockout.draw_round``: writes pairs from place ``at`` on; how many, and the bye or -1."""
    for i in range(count):
        work.row[i] = players[i]
    shuffle(work.row, count, rng)
    playing = count - count % 2
    bye = work.row[count - 1] if count % 2 else -1
    _pair_groups(accounts, work, playing, at)
    return playing // 2, bye


@leaf
def _pair_groups(accounts: Accounts, work: Round, count: int, at: int) -> None:
    """With those of one group side by side, in the order of first appearance, the first half meets
    the second."""
    half = count // 2
    sizes, groups, found = work.begin, work.seen, 0
    sizes[:] = 0
    for i in range(count):
        group = accounts.groups[work.row[i]]
        # Written each time and kept where it is new: that is quicker than to ask.
        groups[found] = group
        found += sizes[group] == 0
        sizes[group] += 1
    if found == count:
        for i in range(half):
            work.xs[at + i] = work.row[i]
            work.ys[at + i] = work.row[i + half]
        return
    total = 0
    for k in range(found):
        total, sizes[groups[k]] = total + sizes[groups[k]], total
    for i in range(count):
        group = accounts.groups[work.row[i]]
        work.ordered[sizes[group]] = work.row[i]
        sizes[group] += 1
    for i in range(half):
        work.xs[at + i] = work.ordered[i]
        work.ys[at + i] = work.ordered[i + half]
