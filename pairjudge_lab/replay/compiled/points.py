"""Round-robin and pivot, compiled: points from every pairing, and a score that ranks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round, shuffle
from pairjudge_lab.replay.compiled.referee import counted, settle, start
from pairjudge_lab.replay.compiled.rules import (
    BALANCED,
    BOTH,
    GROUP,
    KEPT,
    NONE,
    TIED,
    WON_X,
    WON_Y,
    Accounts,
    RuleCodes,
    Table,
    kernel,
    leaf,
)
from pairjudge_lab.replay.compiled.strengths import Fit, new_fit, newton

WINS, COPELAND, BORDA, BRADLEY_TERRY, LABELS = range(5)
SCORES = {
    "wins": WINS,
    "copeland": COPELAND,
    "borda": BORDA,
    "bradley-terry": BRADLEY_TERRY,
    "labels": LABELS,
}


class Points(NamedTuple):
    """``Standings`` of n players: points taken, meetings that counted, points without a verdict,
    how often both or neither of a pairing were called correct, and working arrays of strengths."""

    points: np.ndarray
    met: np.ndarray
    given: np.ndarray
    correct: np.ndarray
    wrong: np.ndarray
    fit: Fit


def new_points(n: int) -> Points:
    """No points for n players."""
    square, line = np.zeros((2, n, n)), np.zeros((3, n))
    return Points(square[0], square[1], line[0], line[1], line[2], new_fit(n))


@leaf
def clear(accounts: Accounts, points: Points) -> None:
    """Nobody has any."""
    points.points[:] = 0
    points.met[:] = 0
    points.given[:] = 0
    points.correct[:] = 0
    points.wrong[:] = 0
    accounts.called[:] = 0
    accounts.heard[:] = 0


@leaf
def book(
    accounts: Accounts, rules: RuleCodes, points: Points, xs: np.ndarray, ys: np.ndarray, pairs: int
) -> None:
    """``Standings.add``, without the byes."""
    for p in range(pairs):
        x, y = xs[p], ys[p]
        if accounts.result[p] == GROUP:
            points.given[x] += 0.5
            points.given[y] += 0.5
            continue
        what = counted(accounts, p, x)
        if what == KEPT:
            continue
        points.met[x, y] += 1
        points.met[y, x] += 1
        if what == WON_X:
            points.points[x, y] += 1
        elif what == WON_Y:
            points.points[y, x] += 1
        elif what == TIED:
            points.points[x, y] += 0.5
            points.points[y, x] += 0.5
        # A tie of preferences calls nobody correct.
        if accounts.result[p] == BOTH and rules.labels:
            points.correct[x] += 1
            points.correct[y] += 1
        elif accounts.result[p] == NONE:
            points.wrong[x] += 1
            points.wrong[y] += 1


@kernel
def score(accounts: Accounts, points: Points, name: int, out: np.ndarray) -> None:
    """``Standings.score``, to nine decimals, as ``ranking_by`` compares them."""
    n = len(out)
    if name == BRADLEY_TERRY:
        points.fit.theta[:] = 0
        newton(points.fit, n, points.points, points.correct, points.wrong, 0.5)
        for i in range(n):
            out[i] = points.fit.theta[i]
    for i in range(n):
        if name == WINS:
            out[i] = points.given[i] + points.points[i].sum()
        elif name == COPELAND:
            total = 0
            for j in range(n):
                ahead = points.points[i, j] - points.points[j, i]
                total += 1 if ahead > 0 else (-1 if ahead < 0 else 0)
            out[i] = total
        elif name == BORDA:
            shares, met = 0.0, 0
            for j in range(n):
                if points.met[i, j] > 0:
                    shares += points.points[i, j] / points.met[i, j]
                    met += 1
            out[i] = shares / max(met, 1)
        elif name == LABELS:
            out[i] = accounts.called[i] / max(accounts.heard[i], 1)
        out[i] = np.rint(out[i] * 1e9)


@kernel
def play_round_robins(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    points: Points,
    name: int,
    rounds: np.ndarray,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """``RoundRobin.play``, one a line of ``subsets``; see ``play_knockouts``.

    Parameters
    ----------
    rounds : array
        (rounds, pairs, 2) the Berger table's seats.
    """
    n = subsets.shape[1]
    seats = np.zeros(n, dtype=np.int64)
    own = np.zeros(n)
    first = np.zeros((n, n), dtype=np.bool_)
    balanced = rules.order == BALANCED
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        clear(accounts, points)
        for i in range(n):
            seats[i] = i
        shuffle(seats, n, rng)
        if balanced:
            walk(accounts.groups[seats], first)
        for r in range(rounds.shape[0]):
            pairs = rounds.shape[1]
            for p in range(pairs):
                i, j = rounds[r, p, 0], rounds[r, p, 1]
                if balanced and first[j, i]:
                    i, j = j, i
                work.xs[p], work.ys[p] = seats[i], seats[j]
            spent = settle(accounts, table, rules, work.xs, work.ys, pairs, balanced, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
            book(accounts, rules, points, work.xs, work.ys, pairs)
            if spent:
                break
        score(accounts, points, name, own)
        chosen[number] = accounts.players[_best_by_lot(own, own, rng)]
        calls[number] = accounts.calls[0]
    return -1


@kernel
def walk(groups: np.ndarray, first: np.ndarray) -> None:
    """``round_robin.balance_positions``: ``first[i, j]`` where seat i is shown before seat j."""
    n = len(groups)
    open_ = np.zeros((n + 1, n + 1), dtype=np.bool_)
    for i in range(n):
        degree = 0
        for j in range(n):
            open_[i, j] = groups[i] != groups[j]
            degree += open_[i, j]
            first[i, j] = False
        if degree % 2:
            open_[i, n] = True
            open_[n, i] = True
    low = np.zeros(n + 1, dtype=np.int64)
    for begin in range(n + 1):
        here = begin
        while True:
            there = low[here]
            while there <= n and not open_[here, there]:
                there += 1
            low[here] = there
            if there > n:
                break
            open_[here, there] = False
            open_[there, here] = False
            if here < n and there < n:
                first[here, there] = True
            here = there


@leaf
def _best_by_lot(one: np.ndarray, two: np.ndarray, rng: np.random.Generator) -> int:
    """The first of ``ranking_by``: the best by the first score, then the second, then by lot."""
    best, lot = 0, rng.random()
    for i in range(1, len(one)):
        mine = rng.random()
        if one[i] > one[best] or (
            one[i] == one[best] and (two[i] > two[best] or (two[i] == two[best] and mine < lot))
        ):
            best, lot = i, mine
    return best


@kernel
def play_pivots(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    points: Points,
    pivots: int,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """``Pivot.play``, one a line of ``subsets``; see ``play_knockouts``."""
    n = subsets.shape[1]
    order = np.zeros(n, dtype=np.int64)
    some = np.zeros(n, dtype=np.int64)
    is_pivot = np.zeros(n, dtype=np.bool_)
    borda, labels = np.zeros(n), np.zeros(n)
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        clear(accounts, points)
        for i in range(n):
            order[i] = i
        shuffle(order, n, rng)
        found = _choose_pivots(accounts, order, pivots, some, is_pivot)
        is_pivot[:] = False
        for place in range(found):
            is_pivot[some[place]] = True
            pairs = 0
            for i in range(n):
                if not is_pivot[order[i]]:
                    work.xs[pairs], work.ys[pairs] = some[place], order[i]
                    pairs += 1
            spent = settle(accounts, table, rules, work.xs, work.ys, pairs, False, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
            book(accounts, rules, points, work.xs, work.ys, pairs)
            if spent:
                break
        score(accounts, points, BORDA, borda)
        score(accounts, points, LABELS, labels)
        chosen[number] = accounts.players[_best_by_lot(borda, labels, rng)]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _choose_pivots(
    accounts: Accounts, order: np.ndarray, most: int, some: np.ndarray, taken: np.ndarray
) -> int:
    """The first of each answer group in the order drawn, then the others; how many there are."""
    n = len(order)
    taken[:] = False
    found = 0
    for i in range(n):
        fresh = True
        for j in range(i):
            if accounts.groups[order[j]] == accounts.groups[order[i]]:
                fresh = False
                break
        if fresh and found < most:
            some[found] = order[i]
            taken[order[i]] = True
            found += 1
    for i in range(n):
        if found < most and not taken[order[i]]:
            some[found] = order[i]
            found += 1
    return found
