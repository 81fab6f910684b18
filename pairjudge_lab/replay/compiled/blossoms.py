"""Blossoms, compiled: the steps of Edmonds' algorithm, for ``matching``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.rules import leaf, part

FREE, OUTER, INNER = -1, 0, 1


class Search(NamedTuple):
    """The algorithm's arrays; players are numbered from 1, blossoms after them, 0 is nobody.

    Attributes
    ----------
    high, low : array
        (n + 1, n + 1) the two parts of each cost, doubled so that halves are whole.
    allowed : array
        (n + 1, n + 1) whether two may be paired.
    label_high, label_low : array
        (nodes,) dual variables.
    end_a, end_b : array
        (nodes, nodes) the players that the cheapest edge of two nodes joins, 0 where there is none.
    mate : array
        (nodes,) the player at the other end of a node's matched edge.
    slack : array
        (nodes,) the outer player nearest to a node.
    top : array
        (nodes,) the outermost blossom that holds a node; 0 for one that is not in use.
    parent : array
        (nodes,) the player through which a node was reached.
    side : array
        (nodes,) ``FREE``, ``OUTER`` or ``INNER``.
    seen : array
        (nodes,) marks of the search for a common ancestor; the last place counts searches.
    within : array
        (nodes, n + 1) the child of a blossom that holds a player.
    petals : array
        (nodes, nodes) a blossom's children in cyclic order; ``sizes`` how many.
    queue : array
        (n + 1,) outer players to be looked at; ``ends`` its first and last, and the number of
        nodes.
    stack : array
        (3, 2 * nodes) for going down into blossoms.
    """

    high: np.ndarray
    low: np.ndarray
    allowed: np.ndarray
    label_high: np.ndarray
    label_low: np.ndarray
    end_a: np.ndarray
    end_b: np.ndarray
    mate: np.ndarray
    slack: np.ndarray
    top: np.ndarray
    parent: np.ndarray
    side: np.ndarray
    seen: np.ndarray
    within: np.ndarray
    petals: np.ndarray
    sizes: np.ndarray
    queue: np.ndarray
    ends: np.ndarray
    stack: np.ndarray


def new_search(n: int) -> Search:
    """Working arrays for n players."""
    nodes = n + n // 2 + 2

    def whole(*shape: int) -> Any:
        return np.zeros(shape, dtype=np.int64)

    within = whole(nodes, n + 1)
    for u in range(n + 1):
        within[u, u] = u
    return Search(
        high=whole(n + 1, n + 1),
        low=whole(n + 1, n + 1),
        allowed=np.zeros((n + 1, n + 1), dtype=np.bool_),
        label_high=whole(nodes),
        label_low=whole(nodes),
        end_a=whole(nodes, nodes),
        end_b=whole(nodes, nodes),
        mate=whole(nodes),
        slack=whole(nodes),
        top=whole(nodes),
        parent=whole(nodes),
        side=whole(nodes),
        seen=whole(nodes + 1),
        within=within,
        petals=whole(nodes, nodes),
        sizes=whole(nodes),
        queue=whole(n + 1),
        ends=whole(3),
        stack=whole(3, 2 * nodes),
    )


@leaf
def excess(s: Search, u: int, v: int) -> tuple[int, int]:
    """By how much an edge costs more than the labels of its ends."""
    return (
        s.label_high[u] + s.label_high[v] + 2 * s.high[u, v],
        s.label_low[u] + s.label_low[v] + 2 * s.low[u, v],
    )


@leaf
def node_excess(s: Search, u: int, x: int) -> tuple[int, int]:
    """The same for the cheapest edge of two nodes."""
    return excess(s, s.end_a[u, x], s.end_b[u, x])


@leaf
def update_slack(s: Search, u: int, x: int) -> None:
    if s.slack[x] == 0:
        s.slack[x] = u
        return
    high, low = node_excess(s, u, x)
    old_high, old_low = node_excess(s, s.slack[x], x)
    if high < old_high or (high == old_high and low < old_low):
        s.slack[x] = u


@part
def _set_slack(s: Search, n: int, x: int) -> None:
    s.slack[x] = 0
    for u in range(1, n + 1):
        if s.end_a[u, x] > 0 and s.top[u] != x and s.side[s.top[u]] == OUTER:
            update_slack(s, u, x)


@leaf
def push(s: Search, n: int, x: int) -> None:
    """Every player of a node is to be looked at."""
    if x <= n:
        s.queue[s.ends[1]] = x
        s.ends[1] += 1
        return
    for u in range(1, n + 1):
        if s.within[x, u] > 0:
            s.queue[s.ends[1]] = u
            s.ends[1] += 1


@part
def _set_top(s: Search, n: int, x: int, b: int) -> None:
    """The node x and all in it belong to b."""
    stack, height = s.stack[0], 1
    stack[0] = x
    while height:
        height -= 1
        y = stack[height]
        s.top[y] = b
        if y > n:
            for i in range(s.sizes[y]):
                stack[height] = s.petals[y, i]
                height += 1


@part
def _even_place(s: Search, b: int, x: int) -> int:
    """The place of a child in its blossom, turned round where needed so that it is even."""
    place = 0
    while s.petals[b, place] != x:
        place += 1
    if place % 2:
        i, j = 1, s.sizes[b] - 1
        while i < j:
            s.petals[b, i], s.petals[b, j] = s.petals[b, j], s.petals[b, i]
            i += 1
            j -= 1
        return int(s.sizes[b] - place)
    return place


@part
def _set_mate(s: Search, n: int, u: int, v: int) -> None:
    """Match node u along its cheapest edge to node v, and what is within u accordingly."""
    us, vs, turned, height = s.stack[0], s.stack[1], s.stack[2], 1
    us[0], vs[0] = u, v
    while height:
        height -= 1
        u, v = us[height], vs[height]
        s.mate[u] = s.end_b[u, v]
        if u <= n:
            continue
        inner = s.within[u, s.end_a[u, v]]
        place = _even_place(s, u, inner)
        us[height], vs[height] = inner, v
        height += 1
        for i in range(place):
            us[height], vs[height] = s.petals[u, i], s.petals[u, i ^ 1]
            height += 1
        size = s.sizes[u]
        for i in range(size):
            turned[i] = s.petals[u, (i + place) % size]
        for i in range(size):
            s.petals[u, i] = turned[i]


@part
def _augment(s: Search, n: int, u: int, v: int) -> None:
    while True:
        after = s.top[s.mate[u]]
        _set_mate(s, n, u, v)
        if after == 0:
            return
        _set_mate(s, n, after, s.top[s.parent[after]])
        u, v = s.top[s.parent[after]], after


@part
def _ancestor(s: Search, u: int, v: int) -> int:
    """Where the paths from two outer nodes to their roots meet; 0 where they do not."""
    s.seen[len(s.top)] += 1
    mark = s.seen[len(s.top)]
    while u or v:
        if u:
            if s.seen[u] == mark:
                return u
            s.seen[u] = mark
            u = s.top[s.mate[u]]
            if u:
                u = s.top[s.parent[u]]
        u, v = v, u
    return 0


@part
def _add_blossom(s: Search, n: int, u: int, ancestor: int, v: int) -> None:
    b = n + 1
    while b <= s.ends[2] and s.top[b]:
        b += 1
    s.ends[2] = max(s.ends[2], b)
    s.label_high[b] = s.label_low[b] = 0
    s.side[b] = OUTER
    s.mate[b] = s.mate[ancestor]
    s.petals[b, 0] = ancestor
    size = 1
    x = u
    while x != ancestor:
        y = s.top[s.mate[x]]
        s.petals[b, size], s.petals[b, size + 1] = x, y
        size += 2
        push(s, n, y)
        x = s.top[s.parent[y]]
    i, j = 1, size - 1
    while i < j:
        s.petals[b, i], s.petals[b, j] = s.petals[b, j], s.petals[b, i]
        i += 1
        j -= 1
    x = v
    while x != ancestor:
        y = s.top[s.mate[x]]
        s.petals[b, size], s.petals[b, size + 1] = x, y
        size += 2
        push(s, n, y)
        x = s.top[s.parent[y]]
    s.sizes[b] = size
    _set_top(s, n, b, b)
    nodes = s.ends[2]
    for x in range(nodes + 1):
        s.end_a[b, x] = s.end_a[x, b] = 0
    for x in range(1, n + 1):
        s.within[b, x] = 0
    for k in range(size):
        petal = s.petals[b, k]
        for x in range(1, nodes + 1):
            if s.end_a[petal, x] == 0:
                continue
            nearer = s.end_a[b, x] == 0
            if not nearer:
                high, low = node_excess(s, petal, x)
                old_high, old_low = node_excess(s, b, x)
                nearer = high < old_high or (high == old_high and low < old_low)
            if nearer:
                s.end_a[b, x], s.end_b[b, x] = s.end_a[petal, x], s.end_b[petal, x]
                s.end_a[x, b], s.end_b[x, b] = s.end_a[x, petal], s.end_b[x, petal]
        for x in range(1, n + 1):
            if s.within[petal, x]:
                s.within[b, x] = petal
    _set_slack(s, n, b)


@part
def expand(s: Search, n: int, b: int) -> None:
    """An inner blossom whose label is spent falls apart."""
    for i in range(s.sizes[b]):
        _set_top(s, n, s.petals[b, i], s.petals[b, i])
    entry = s.within[b, s.end_a[b, s.parent[b]]]
    place = _even_place(s, b, entry)
    for i in range(0, place, 2):
        x, y = s.petals[b, i], s.petals[b, i + 1]
        s.parent[x] = s.end_a[y, x]
        s.side[x], s.side[y] = INNER, OUTER
        s.slack[x] = 0
        _set_slack(s, n, y)
        push(s, n, y)
    s.side[entry] = INNER
    s.parent[entry] = s.parent[b]
    for i in range(place + 1, s.sizes[b]):
        x = s.petals[b, i]
        s.side[x] = FREE
        _set_slack(s, n, x)
    s.top[b] = 0


@part
def found_edge(s: Search, n: int, a: int, b: int) -> bool:
    """A tight edge from an outer player a to a player b elsewhere; whether it ended the phase."""
    u, v = s.top[a], s.top[b]
    if s.side[v] == FREE:
        s.parent[v] = a
        s.side[v] = INNER
        after = s.top[s.mate[v]]
        s.slack[v] = s.slack[after] = 0
        s.side[after] = OUTER
        push(s, n, after)
    elif s.side[v] == OUTER:
        ancestor = _ancestor(s, u, v)
        if ancestor == 0:
            _augment(s, n, u, v)
            _augment(s, n, v, u)
            return True
        _add_blossom(s, n, u, ancestor, v)
    return False
