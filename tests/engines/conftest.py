"""The small judge that ships with the lab, and matches for it."""

import pytest

from pairjudge_lab import load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs


@pytest.fixture(scope="module")
def tiny():
    return load_judge("tiny")


@pytest.fixture(scope="module")
def matches():
    pools = [prepare(pool.first(4)) for pool in load_pools(limit=12)]
    return [m for pool in pools for m in all_ordered_pairs(pool)]
