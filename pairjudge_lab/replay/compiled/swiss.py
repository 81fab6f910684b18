"""The Swiss tournament, compiled: ``Swiss.play`` on a recorded table."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.replay.compiled.blossoms import Search
from pairjudge_lab.replay.compiled.drawing import Round, draw_round, one_group
from pairjudge_lab.replay.compiled.matching import match_all
from pairjudge_lab.replay.compiled.points import Points, book, clear
from pairjudge_lab.replay.compiled.referee import claim, settle, start
from pairjudge_lab.replay.compiled.rules import (
    BALANCED,
    Accounts,
    RuleCodes,
    Table,
    kernel,
    leaf,
    part,
)
from pairjudge_lab.tournaments.swiss import (
    POSITION,
    POSITION_MUST,
    REMATCH,
    SAME_ANSWER,
    SCORE,
    SPARE,
)


@kernel
def play_swiss(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    points: Points,
    search: Search,
    ties: np.ndarray,
    rounds: int,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """One Swiss tournament a line of ``subsets``; see ``play_knockouts``.

    Parameters
    ----------
    ties : array
        ``tournaments.swiss.tie_breaks`` of those who are paired.
    """
    n = subsets.shape[1]
    everyone, order = np.arange(n), np.zeros(n, dtype=np.int64)
    met = np.zeros((n, n))
    byes = np.zeros(n, dtype=np.int64)
    keys, lot, claims = np.zeros((3, n)), np.zeros(n), np.zeros(n)
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        clear(accounts, points)
        met[:] = 0
        byes[:] = 0
        played = 0
        for r in range(0 if one_group(accounts, everyone, n) else rounds):
            if r == 0:
                pairs, bye = draw_round(accounts, work, everyone, n, 0, rng)
            else:
                _wins(points, keys[0])
                _buchholz(keys[0], met, 0, keys[1])
                keys[2] = 0
                _rank(keys, order, lot, rng)
                bye = _sits_out(order, byes) if n % 2 else -1
                for i in range(n):
                    claims[i] = claim(accounts, i) if rules.order == BALANCED else 0.0
                pairs = _pair(accounts, work, search, ties, order, bye, keys[0], claims, met, rng)
            spent = settle(accounts, table, rules, work.xs, work.ys, pairs, False, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
            book(accounts, rules, points, work.xs, work.ys, pairs)
            played += 1
            for p in range(pairs):
                met[work.xs[p], work.ys[p]] += 1
                met[work.ys[p], work.xs[p]] += 1
            if bye >= 0:
                byes[bye] += 1
                points.given[bye] += 0.5
            if spent:
                break
        _wins(points, keys[0])
        _buchholz(keys[0], points.met, played, keys[1])
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += points.points[i, j] * keys[0, j]
            keys[2, i] = total
        _rank(keys, order, lot, rng)
        chosen[number] = accounts.players[order[0]]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _wins(points: Points, out: np.ndarray) -> None:
    for i in range(len(out)):
        total = points.given[i]
        for j in range(len(out)):
            total += points.points[i, j]
        out[i] = total


@leaf
def _buchholz(scores: np.ndarray, met: np.ndarray, played: int, out: np.ndarray) -> None:
    """``standings.buchholz``; of so many rounds, those without a judged match count as one against
    an opponent with the player's own score."""
    for i in range(len(out)):
        total, judged = 0.0, 0.0
        for j in range(len(out)):
            total += met[i, j] * scores[j]
            judged += met[i, j]
        if played:
            total += (played - judged) * scores[i]
        out[i] = total


@leaf
def _rank(keys: np.ndarray, order: np.ndarray, lot: np.ndarray, rng: np.random.Generator) -> None:
    """``standings.ranking_by``: by the first key, then the next, then by lot. Every key is a
    multiple of a quarter, so there is nothing to round."""
    n = len(order)
    for i in range(n):
        lot[i] = rng.random()
        k = i
        while k > 0 and _before(keys, lot, i, order[k - 1]):
            order[k] = order[k - 1]
            k -= 1
        order[k] = i


@leaf
def _before(keys: np.ndarray, lot: np.ndarray, x: int, y: int) -> bool:
    for k in range(3):
        if keys[k, x] != keys[k, y]:
            return bool(keys[k, x] > keys[k, y])
    return bool(lot[x] < lot[y])


@leaf
def _sits_out(order: np.ndarray, byes: np.ndarray) -> int:
    """The lowest of those with the fewest byes."""
    fewest = byes[0]
    for c in range(len(byes)):
        fewest = min(fewest, byes[c])
    for place in range(len(order) - 1, -1, -1):
        if byes[order[place]] == fewest:
            return int(order[place])
    return -1


@part
def _pair(
    accounts: Accounts,
    work: Round,
    search: Search,
    ties: np.ndarray,
    order: np.ndarray,
    bye: int,
    scores: np.ndarray,
    claims: np.ndarray,
    met: np.ndarray,
    rng: np.random.Generator,
) -> int:
    """The pairing of least cost: ``tournaments.swiss._pair``."""
    n = 0
    for place in range(len(order)):
        if order[place] != bye:
            work.row[n] = order[place]
            n += 1
    largest = 0
    # The size of each one's score group; scores stand side by side in the order.
    begin = 0
    for i in range(1, n + 1):
        if i == n or scores[work.row[i]] != scores[work.row[begin]]:
            for k in range(begin, i):
                work.ordered[k] = i - begin
            largest = max(largest, i - begin)
            begin = i
    for attempt in range(3):
        width = largest // 2 + SPARE if attempt == 0 else n
        for i in range(n):
            x = work.row[i]
            half = work.ordered[i] // 2
            search.allowed[i + 1, i + 1] = False
            for j in range(i + 1, n):
                y = work.row[j]
                fine = j - i <= width and (attempt == 2 or met[x, y] == 0)
                search.allowed[i + 1, j + 1] = search.allowed[j + 1, i + 1] = fine
                if fine:
                    cost = SAME_ANSWER if accounts.groups[x] == accounts.groups[y] else 0
                    if claims[x] * claims[y] > 0:
                        cost += _position_cost(min(abs(claims[x]), abs(claims[y])))
                    if scores[x] == scores[y]:
                        cost += abs(j - i - half)
                    else:
                        apart = int(2 * (scores[x] - scores[y]))
                        cost += SCORE * apart * apart
                    if attempt == 2:
                        cost += REMATCH * int(met[x, y])
                    search.high[i + 1, j + 1] = search.high[j + 1, i + 1] = 2 * cost
                    search.low[i + 1, j + 1] = search.low[j + 1, i + 1] = 2 * ties[i, j]
        if match_all(search, n):
            break
    pairs = 0
    for i in range(n):
        j = search.mate[i + 1] - 1
        if j > i:
            x, y = work.row[i], work.row[j]
            if int(rng.random() * 2) == 0:
                x, y = y, x
            work.xs[pairs], work.ys[pairs] = x, y
            pairs += 1
    return pairs


@leaf
def _position_cost(weakest: float) -> int:
    """What it costs that two should both be shown first, or both second."""
    if weakest >= 10:
        return POSITION_MUST
    return POSITION if weakest >= 2 else POSITION // 10
