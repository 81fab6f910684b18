"""A judge that gives back another number of verdicts than matches is found out; nothing is paired
with a verdict of another match."""

import pytest

from pairjudge_lab import Arena, Pool, Status, Verdict, prepare
from pairjudge_lab.arena import all_ordered_pairs


class Miscounting:
    identity = {"name": "miscounting"}
    capacity = 8

    def __init__(self, more):
        self.more = more

    def judge(self, matches):
        return [Verdict(Status.PARSED, True, False)] * (len(matches) + self.more)


@pytest.mark.parametrize("more", [-1, 1])
def test_a_wrong_number_of_verdicts_is_said_and_none_is_stored(more):
    pool = prepare(Pool.from_texts("What is 2 + 3?", ["5", "6"]))
    arena = Arena(Miscounting(more))
    with pytest.raises(RuntimeError, match=f"the judge returned {2 + more} verdicts for 2 matches"):
        arena.judge(all_ordered_pairs(pool))
    assert arena.statistics.judged == 0
