"""The knockout, compiled: ``Knockout.play`` on a recorded table, drawn anew or seeded."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round, draw_round, one_group
from pairjudge_lab.replay.compiled.referee import advance, settle, start
from pairjudge_lab.replay.compiled.rules import (
    GROUP,
    UNPLAYED,
    Accounts,
    RuleCodes,
    Table,
    kernel,
    leaf,
)

BY_SIZE, BY_STRENGTH = 1, 2


@kernel
def play_knockouts(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    seeding: int,
    strength: np.ndarray,
    seats: np.ndarray,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """One knockout a line of ``subsets``; fills ``chosen`` and ``calls``.

    Parameters
    ----------
    seeding : int
        0 where each round is drawn, else ``BY_SIZE`` or ``BY_STRENGTH``.
    strength : array
        (size,) each candidate's score.
    seats : array
        The seeds in the order of a seeded bracket's places.

    Returns
    -------
    int
        The place of a verdict that was not recorded, or -1.
    """
    n = subsets.shape[1]
    alive = np.zeros(n, dtype=np.int64)
    left = np.zeros(n, dtype=np.int64)
    wins = np.zeros(n, dtype=np.int64)
    bracket = np.zeros(max(1, len(seats)), dtype=np.int64)
    byes = np.zeros(max(1, len(seats)), dtype=np.int64)
    seeded = seeding > 0
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        for i in range(n):
            alive[i] = i
        wins[:] = 0
        places = len(seats)
        if seeded:
            _seed(accounts, seeding, strength, seats, bracket, rng)
        count = n
        spent = False
        while not spent and not one_group(accounts, alive, count):
            if seeded:
                pairs, without = _neighbours(work, bracket, places, byes)
            else:
                pairs, bye = draw_round(accounts, work, alive, count, 0, rng)
                without = 0
                if bye >= 0:
                    byes[0] = bye
                    without = 1
            spent = settle(accounts, table, rules, work.xs, work.ys, pairs, False, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
            going = 0
            for p in range(pairs):
                x, y = work.xs[p], work.ys[p]
                on = advance(accounts, rules, p, x, y, rng)
                if on == -2:
                    left[going], left[going + 1] = x, y
                    going += 2
                elif on >= 0:
                    if accounts.result[p] != GROUP and accounts.result[p] != UNPLAYED:
                        wins[on] += 1
                    left[going] = on
                    going += 1
            for k in range(without):
                left[going] = byes[k]
                going += 1
            if going == 0:
                break
            count = going
            for i in range(count):
                alive[i] = left[i]
            if seeded:
                places = _next_row(bracket, places, alive, count)
        if spent:
            count = _most(alive, count, wins)
        chosen[number] = accounts.players[alive[int(rng.random() * count)]]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _most(alive: np.ndarray, count: int, wins: np.ndarray) -> int:
    """Keep those with the most wins; how many they are."""
    most = -1
    for i in range(count):
        most = max(most, wins[alive[i]])
    going = 0
    for i in range(count):
        if wins[alive[i]] == most:
            alive[going] = alive[i]
            going += 1
    return going


@kernel
def _seed(
    accounts: Accounts,
    seeding: int,
    strength: np.ndarray,
    seats: np.ndarray,
    bracket: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """``seeding.seeded_row``: -1 where a seed has a bye."""
    n = len(accounts.players)
    lot, own = np.empty(n), np.zeros(n)
    seeds = np.arange(n)
    for i in range(n):
        lot[i] = rng.random()
        if seeding == BY_STRENGTH:
            own[i] = strength[accounts.players[i]]
        else:
            for j in range(n):
                own[i] += accounts.groups[j] == accounts.groups[i]
    for i in range(1, n):
        c, k = seeds[i], i
        while k > 0:
            above = seeds[k - 1]
            if own[above] > own[c] or (own[above] == own[c] and lot[above] < lot[c]):
                break
            seeds[k] = above
            k -= 1
        seeds[k] = c
    for place in range(len(seats)):
        bracket[place] = seeds[seats[place]] if seats[place] < n else -1


@leaf
def _neighbours(work: Round, bracket: np.ndarray, places: int, byes: np.ndarray) -> tuple[int, int]:
    """``seeding.neighbours``: how many pairs, and how many byes."""
    pairs, without = 0, 0
    for place in range(0, places, 2):
        x, y = bracket[place], bracket[place + 1]
        if x >= 0 and y >= 0:
            work.xs[pairs], work.ys[pairs] = x, y
            pairs += 1
        elif x >= 0 or y >= 0:
            byes[without] = max(x, y)
            without += 1
    return pairs, without


@leaf
def _next_row(bracket: np.ndarray, places: int, alive: np.ndarray, count: int) -> int:
    """Whoever of each two is still in; how many places are left."""
    for place in range(places // 2):
        found = -1
        for side in range(1, -1, -1):
            c = bracket[2 * place + side]
            for i in range(count):
                if c >= 0 and alive[i] == c:
                    found = c
        bracket[place] = found
    return places // 2
