"""Weighted win rates and the pairings that look for them, compiled: ``Quality``,
``coverage_pairs`` and ``swiss_pairs``, on a recorded table without probabilities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round, shuffle
from pairjudge_lab.replay.compiled.referee import counted, settle
from pairjudge_lab.replay.compiled.rules import (
    BOTH_ORDERS,
    KEPT,
    TIED,
    UNPLAYED,
    WON_X,
    WON_Y,
    Accounts,
    RuleCodes,
    Table,
    X,
    Y,
    leaf,
    part,
)
from pairjudge_lab.verdicts.codes import FIRST, SECOND, UNREAD


class Rates(NamedTuple):
    """``Quality`` of n players.

    Attributes
    ----------
    opponents : array
        (n, n) how often two have met.
    won, weight : array
        (n,) weighted points, and the weights' sums.
    score : array
        (n,) win rates; ``degree`` (n,) how many opponents each has met.
    used : array
        (n,) who has a match in the round that is being paired.
    """

    opponents: np.ndarray
    won: np.ndarray
    weight: np.ndarray
    score: np.ndarray
    degree: np.ndarray
    used: np.ndarray


class Settings(NamedTuple):
    """The settings that both have: the least opponents, the places looked at in the ranking, and
    the least weight of a match."""

    coverage: int
    window: int
    floor: float


def new_rates(n: int) -> Rates:
    """Nothing heard of n players."""
    lines, marks = np.zeros((3, n)), np.zeros((2, n), dtype=np.int64)
    return Rates(np.zeros((n, n), dtype=np.int64), lines[0], lines[1], lines[2], marks[0], marks[1])


@leaf
def forget(rates: Rates) -> None:
    for i in range(len(rates.won)):
        rates.won[i] = 0
        rates.weight[i] = 0
        rates.score[i] = 0.5
        rates.degree[i] = 0
        for j in range(len(rates.won)):
            rates.opponents[i, j] = 0


@part
def cover(
    accounts: Accounts,
    work: Round,
    rates: Rates,
    among: np.ndarray,
    count: int,
    degree: int,
    rng: np.random.Generator,
) -> int:
    """``coverage_pairs``; how many they are."""
    order, needy, score, used = work.row, work.ordered, rates.score, rates.used
    for k in range(count):
        order[k] = among[k]
    shuffle(order, count, rng)
    needing = 0
    for k in range(count):
        c = order[k]
        used[c] = 0
        if rates.degree[c] < degree:
            at = needing
            while at > 0 and rates.degree[needy[at - 1]] > rates.degree[c]:
                needy[at] = needy[at - 1]
                at -= 1
            needy[at] = c
            needing += 1
    pairs = 0
    for place in range(needing):
        i = needy[place]
        if used[i]:
            continue
        nearest, apart = -1, 0.0
        for k in range(count):
            j = order[k]
            if used[j] or rates.opponents[i, j] > 0 or accounts.groups[i] == accounts.groups[j]:
                continue
            gap = abs(score[i] - score[j])
            if nearest < 0 or gap < apart:
                nearest, apart = j, gap
        if nearest >= 0:
            work.xs[pairs], work.ys[pairs] = i, nearest
            used[i], used[nearest] = 1, 1
            pairs += 1
    return pairs


@part
def near(
    accounts: Accounts,
    rules: RuleCodes,
    work: Round,
    rates: Rates,
    among: np.ndarray,
    count: int,
    window: int,
    rng: np.random.Generator,
) -> int:
    """``swiss_pairs``; how many they are."""
    order, ranking, score, used = work.row, work.ordered, rates.score, rates.used
    most = 1 if rules.order == BOTH_ORDERS else 2
    for k in range(count):
        order[k] = among[k]
    shuffle(order, count, rng)
    for k in range(count):
        c, at = order[k], k
        used[c] = 0
        while at > 0 and score[ranking[at - 1]] < score[c]:
            ranking[at] = ranking[at - 1]
            at -= 1
        ranking[at] = c
    pairs = 0
    for place in range(count):
        i = ranking[place]
        if used[i]:
            continue
        nearest, apart, met = -1, 0.0, 0
        for k in range(place + 1, min(place + 1 + window, count)):
            j = ranking[k]
            times = rates.opponents[i, j]
            if used[j] or times >= most or accounts.groups[i] == accounts.groups[j]:
                continue
            gap = abs(score[i] - score[j])
            if nearest < 0 or gap < apart or (gap == apart and times < met):
                nearest, apart, met = j, gap, times
        if nearest >= 0:
            work.xs[pairs], work.ys[pairs] = i, nearest
            used[i], used[nearest] = 1, 1
            pairs += 1
    return pairs


@part
def meet(
    accounts: Accounts,
    table: Table,
    rules: RuleCodes,
    work: Round,
    rates: Rates,
    pairs: int,
    floor: float,
    rng: np.random.Generator,
) -> bool:
    """``settle`` and ``Quality.hear``."""
    spent = settle(accounts, table, rules, work.xs, work.ys, pairs, False, rng)
    begin = 0
    for p in range(pairs):
        if accounts.result[p] == UNPLAYED:
            continue
        x, y = work.xs[p], work.ys[p]
        rates.degree[x] += rates.opponents[x, y] == 0
        rates.degree[y] += rates.opponents[x, y] == 0
        rates.opponents[x, y] += 1
        rates.opponents[y, x] += 1
        weight = max(_margin(accounts, rules, p, begin), floor)
        begin += rules.cost
        what = counted(accounts, p, x)
        if what == KEPT:
            continue
        if what == WON_X:
            rates.won[x] += weight
        elif what == WON_Y:
            rates.won[y] += weight
        elif what == TIED:
            rates.won[x] += weight * 0.5
            rates.won[y] += weight * 0.5
        rates.weight[x] += weight
        rates.weight[y] += weight
        rates.score[x] = rates.won[x] / rates.weight[x]
        rates.score[y] = rates.won[y] / rates.weight[y]
    return spent


@leaf
def _margin(accounts: Accounts, rules: RuleCodes, p: int, begin: int) -> float:
    """``groups.margin`` without its sign."""
    if rules.cost == 1 and rules.again == 0:
        return 1.0 if accounts.result[p] == X or accounts.result[p] == Y else 0.0
    ahead, read = 0, 0
    for k in range(rules.cost):
        code = accounts.said[begin + k]
        read += code != UNREAD
        sign = 1 if k < rules.votes else -1
        if code == FIRST:
            ahead += sign
        elif code == SECOND:
            ahead -= sign
    return abs(ahead) / max(read, 1)


@leaf
def best_of(
    rates: Rates, others: Rates, among: np.ndarray, count: int, rng: np.random.Generator
) -> int:
    """Of these the best by one score, then by another, then by lot; everybody draws a lot."""
    best, most, more, lot, at = -1, 0.0, 0.0, 0.0, 0
    for c in range(len(rates.won)):
        mine = rng.random()
        if at == count or among[at] != c:
            continue
        at += 1
        one, two = np.rint(rates.score[c] * 1e9), np.rint(others.score[c] * 1e9)
        if best < 0 or one > most or (one == most and (two > more or (two == more and mine < lot))):
            best, most, more, lot = c, one, two, mine
    return best
