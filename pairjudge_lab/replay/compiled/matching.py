"""Minimum-cost perfect matching in a dense graph, compiled: Edmonds' blossom algorithm.

The primal-dual method in O(n^3) (Galil 1986). A cost has two parts, compared one after the other,
so that a second part of many bits makes the best matching the only one. Before the first search
every player's label is its cheapest pairing, and pairings that are cheapest for both are taken at
once; then the labels of those left are raised as far as they go, and what becomes tight is taken
too: of the rounds of a Swiss tournament that leaves little to search.
"""

from __future__ import annotations

from pairjudge_lab.replay.compiled.blossoms import (
    FREE,
    INNER,
    OUTER,
    Search,
    excess,
    expand,
    found_edge,
    node_excess,
    push,
    update_slack,
)
from pairjudge_lab.replay.compiled.rules import leaf, part

_FAR = 2**62


@part
def match_all(s: Search, n: int) -> bool:
    """Find the perfect matching of least cost of the players 1 to n, from ``high``, ``low`` and
    ``allowed``; it is in ``mate``. False where there is none."""
    s.ends[2] = n
    for u in range(1, n + 1):
        s.top[u] = u
        s.mate[u] = 0
        s.sizes[u] = 0
        best_high, best_low = _FAR, _FAR
        for v in range(1, n + 1):
            if u != v and s.allowed[u, v]:
                s.end_a[u, v], s.end_b[u, v] = u, v
                high, low = s.high[u, v], s.low[u, v]
                if high < best_high or (high == best_high and low < best_low):
                    best_high, best_low = high, low
            else:
                s.end_a[u, v], s.end_b[u, v] = 0, 0
        if best_high == _FAR:
            return False
        s.label_high[u], s.label_low[u] = -best_high, -best_low
    for b in range(n + 1, len(s.top)):
        s.top[b] = 0
    left = n
    for u in range(1, n + 1):
        for v in range(u + 1, n + 1):
            if s.mate[u] == 0 and s.mate[v] == 0 and s.allowed[u, v]:
                high, low = excess(s, u, v)
                if high == 0 and low == 0:
                    s.mate[u], s.mate[v] = v, u
                    left -= 2
    for u in range(1, n + 1):
        if s.mate[u] == 0 and left > 0:
            left -= 2 * _reduce(s, n, u)
    while left > 0:
        if not _phase(s, n):
            return False
        left -= 2
    return True


@leaf
def _reduce(s: Search, n: int, u: int) -> int:
    """Make the edge of a single player that costs least tight, and match it where the other is
    single too; how many pairs that makes."""
    near, best_high, best_low = 0, _FAR, _FAR
    for v in range(1, n + 1):
        if s.allowed[u, v]:
            high, low = excess(s, u, v)
            nearer = high < best_high or (high == best_high and low < best_low)
            same = high == best_high and low == best_low
            if nearer or (same and s.mate[near] != 0 and s.mate[v] == 0):
                near, best_high, best_low = v, high, low
    s.label_high[u] -= best_high
    s.label_low[u] -= best_low
    if s.mate[near] != 0:
        return 0
    s.mate[u], s.mate[near] = near, u
    return 1


@part
def _phase(s: Search, n: int) -> bool:
    """Match two more players; False where that cannot be."""
    s.ends[0] = s.ends[1] = 0
    for x in range(1, s.ends[2] + 1):
        s.side[x] = FREE
        s.slack[x] = 0
    for x in range(1, s.ends[2] + 1):
        if s.top[x] == x and s.mate[x] == 0:
            s.parent[x] = 0
            s.side[x] = OUTER
            push(s, n, x)
    while True:
        while s.ends[0] < s.ends[1]:
            u = s.queue[s.ends[0]]
            s.ends[0] += 1
            if s.side[s.top[u]] == INNER:
                continue
            for v in range(1, n + 1):
                if s.allowed[u, v] and s.top[u] != s.top[v]:
                    high, low = excess(s, u, v)
                    if high == 0 and low == 0:
                        if found_edge(s, n, u, v):
                            return True
                    else:
                        update_slack(s, u, s.top[v])
        high, low = _step(s, n)
        if high == _FAR:
            return False
        _shift(s, n, high, low)
        s.ends[0] = s.ends[1] = 0
        for x in range(1, s.ends[2] + 1):
            near = s.slack[x]
            if s.top[x] == x and near and s.top[near] != x:
                high, low = node_excess(s, near, x)
                if high == 0 and low == 0 and found_edge(s, n, s.end_a[near, x], s.end_b[near, x]):
                    return True
        for b in range(n + 1, s.ends[2] + 1):
            if (
                s.top[b] == b
                and s.side[b] == INNER
                and s.label_high[b] == 0
                and s.label_low[b] == 0
            ):
                expand(s, n, b)


@leaf
def _step(s: Search, n: int) -> tuple[int, int]:
    """How far the labels can move until something becomes tight."""
    best_high, best_low = _FAR, _FAR
    for x in range(1, s.ends[2] + 1):
        if s.top[x] != x:
            continue
        if x > n and s.side[x] == INNER:
            high, low = s.label_high[x] // 2, s.label_low[x] // 2
        elif s.slack[x] and s.side[x] == FREE:
            high, low = node_excess(s, s.slack[x], x)
        elif s.slack[x] and s.side[x] == OUTER:
            high, low = node_excess(s, s.slack[x], x)
            high, low = high // 2, low // 2
        else:
            continue
        if high < best_high or (high == best_high and low < best_low):
            best_high, best_low = high, low
    return best_high, best_low


@leaf
def _shift(s: Search, n: int, high: int, low: int) -> None:
    for u in range(1, n + 1):
        side = s.side[s.top[u]]
        if side == OUTER:
            s.label_high[u] -= high
            s.label_low[u] -= low
        elif side == INNER:
            s.label_high[u] += high
            s.label_low[u] += low
    for b in range(n + 1, s.ends[2] + 1):
        if s.top[b] == b:
            if s.side[b] == OUTER:
                s.label_high[b] += 2 * high
                s.label_low[b] += 2 * low
            elif s.side[b] == INNER:
                s.label_high[b] -= 2 * high
                s.label_low[b] -= 2 * low
