"""Drawing lots and rounds, compiled: ``tournaments.lots`` and ``tournaments.knockout``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.rules import Accounts, leaf


class Round(NamedTuple):
    """Room for drawing a round: who meets whom, and what it takes to work it out.

    Attributes:
        xs, ys: (n,) the pairs.
        row: (n,) players in a random order.
        ordered: (n,) room for another order, or a number of each.
        seen, begin: (groups,) where each group stands.
    """

    xs: np.ndarray
    ys: np.ndarray
    row: np.ndarray
    ordered: np.ndarray
    seen: np.ndarray
    begin: np.ndarray


def new_round(n: int, groups: int) -> Round:
    """Empty room for n players and so many answer groups in the recorded pool."""
    room = np.zeros((4, max(1, n)), dtype=np.int64)
    marks = np.zeros((2, max(1, groups, n)), dtype=np.int64)
    return Round(room[0], room[1], room[2], room[3], marks[0], marks[1])


@leaf
def shuffle(items: np.ndarray, count: int, rng: np.random.Generator) -> None:
    """``lots.shuffled``, in place."""
    for last in range(count - 1, 0, -1):
        other = int(rng.random() * (last + 1))
        items[last], items[other] = items[other], items[last]


@leaf
def one_group(accounts: Accounts, players: np.ndarray, count: int) -> bool:
    """Whether all of these have the same answer."""
    apart = 0
    for i in range(1, count):
        apart += accounts.groups[players[i]] != accounts.groups[players[0]]
    return apart == 0


@leaf
def draw_round(
    accounts: Accounts,
    room: Round,
    players: np.ndarray,
    count: int,
    at: int,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """``knockout.draw_round``: writes pairs from place ``at`` on; how many, and the bye or -1."""
    for i in range(count):
        room.row[i] = players[i]
    shuffle(room.row, count, rng)
    playing = count - count % 2
    bye = room.row[count - 1] if count % 2 else -1
    _pair_groups(accounts, room, playing, at)
    return playing // 2, bye


@leaf
def _pair_groups(accounts: Accounts, room: Round, count: int, at: int) -> None:
    """With those of one group side by side, in the order of first appearance, the first half meets
    the second."""
    seen, half = 0, count // 2
    room.seen[:] = -1
    for i in range(count):
        group = accounts.groups[room.row[i]]
        if room.seen[group] < 0:
            room.seen[group] = seen
            room.begin[seen] = 0
            seen += 1
        room.begin[room.seen[group]] += 1
    if seen == count:
        for i in range(half):
            room.xs[at + i] = room.row[i]
            room.ys[at + i] = room.row[i + half]
        return
    total = 0
    for number in range(seen):
        total, room.begin[number] = total + room.begin[number], total
    for i in range(count):
        number = room.seen[accounts.groups[room.row[i]]]
        place = room.begin[number]
        room.begin[number] += 1
        if place < half:
            room.xs[at + place] = room.row[i]
        else:
            room.ys[at + place - half] = room.row[i]
