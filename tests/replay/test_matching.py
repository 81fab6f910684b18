"""The compiled matching finds the cheapest perfect matching, against networkx's."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.replay.compiled.blossoms import new_search
from pairjudge_lab.replay.compiled.matching import match_all


@given(
    st.integers(1, 10), st.integers(0, 2**32), st.floats(0.2, 1), st.sampled_from([2, 50, 10**9])
)
def test_the_cheapest_perfect_matching(half, seed, share, costs):
    n, rng = 2 * half, np.random.default_rng(seed)
    search, graph = new_search(n), nx.Graph()
    for i in range(n):
        for j in range(i + 1, n):
            high, low = int(rng.integers(costs)), int(rng.integers(2**40))
            allowed = rng.random() < share
            search.allowed[i + 1, j + 1] = search.allowed[j + 1, i + 1] = allowed
            search.high[i + 1, j + 1] = search.high[j + 1, i + 1] = 2 * high
            search.low[i + 1, j + 1] = search.low[j + 1, i + 1] = 2 * low
            if allowed:
                graph.add_edge(i, j, weight=-(high * 2**45 + low))
    expected = nx.max_weight_matching(graph, maxcardinality=True)
    found = match_all(search, n)
    assert found == (2 * len(expected) == n)
    if found:
        pairs = {frozenset((i, int(search.mate[i + 1]) - 1)) for i in range(n)}
        assert pairs == set(map(frozenset, expected))
