import sqlite3
from collections import Counter

import numpy as np
import pytest

from pairjudge_lab.arena import Arena, all_ordered_pairs
from pairjudge_lab.judges.simulated import SimulatedJudge
from pairjudge_lab.records import Candidate, Match, Pool, Problem, Status, UserError, Verdict
from pairjudge_lab.store import Store, judge_digest, verdict_key
from pairjudge_lab.tournaments import Knockout
from pairjudge_lab.verdicts.columns import COLUMNS
from tests.conftest import make_pool


class Counting:
    """A simulated judge that remembers which matches it was given."""

    def __init__(self, capacity=16, **plan):
        self.inner = SimulatedJudge(**plan)
        self.capacity = capacity
        self.identity = self.inner.identity
        self.batches = []

    def judge(self, matches):
        self.batches.append(list(matches))
        return self.inner.judge(matches)

    @property
    def keys(self):
        digest = judge_digest(self.identity)
        return Counter(verdict_key(digest, m) for batch in self.batches for m in batch)


def pools(count=20, n=9):
    rng = np.random.default_rng(3)
    return [make_pool([bool(x) for x in rng.random(n) < 0.4], name=f"p{i}") for i in range(count)]


def chosen(selections):
    return [(s.candidate, s.calls, s.rounds) for s in selections]


@pytest.mark.parametrize("capacity", [1, 7, 10_000])
def test_the_batch_size_changes_nothing(capacity):
    expected = Arena(SimulatedJudge(seed=1)).play(pools(), Knockout(), seed=5)
    judge = Counting(capacity, seed=1)
    assert chosen(Arena(judge).play(pools(), Knockout(), seed=5)) == chosen(expected)
    assert max(map(len, judge.batches)) <= capacity


def test_other_pools_change_nothing():
    all_of_them = Arena(SimulatedJudge()).play(pools(), Knockout(), seed=5)
    some = Arena(SimulatedJudge()).play(pools()[4:6], Knockout(), seed=5)
    assert chosen(some) == chosen(all_of_them)[4:6]
    other_seed = Arena(SimulatedJudge()).play(pools(), Knockout(), seed=6)
    assert chosen(other_seed) != chosen(all_of_them)


def test_batches_are_full_while_there_is_work_for_them():
    judge = Counting(capacity=16, accuracy=0.9)
    arena = Arena(judge)
    selections = arena.play(pools(count=64, n=16), Knockout())
    sizes = [len(batch) for batch in judge.batches]
    assert sum(sizes) == arena.statistics.judged == sum(s.calls for s in selections)
    assert all(size == 16 for size in sizes[: int(0.9 * len(sizes))]), sizes


def test_nothing_is_judged_twice(tmp_path):
    store = Store(tmp_path / "v.sqlite")
    first = Counting()
    expected = Arena(first, store).play(pools(), Knockout(), seed=1)
    assert max(first.keys.values()) == 1
    store.close()
    again = Counting()
    arena = Arena(again, Store(tmp_path / "v.sqlite"))
    assert chosen(arena.play(pools(), Knockout(), seed=1)) == chosen(expected)
    assert again.batches == []
    assert arena.statistics.from_store == arena.statistics.asked == sum(s.calls for s in expected)


def test_equal_texts_in_play_are_judged_once():
    twice = [make_pool([True, False], name="same"), make_pool([True, False], name="same")]
    judge = Counting()
    arena = Arena(judge)
    arena.judge([Match(pool, 0, 1) for pool in twice])
    assert (arena.statistics.asked, arena.statistics.judged, arena.statistics.shared) == (2, 1, 1)
    assert arena.statistics.statuses == {"parsed": 2}


class Unlucky(Counting):
    """Fails on the first asking of every match, as a server might."""

    def judge(self, matches):
        before = self.keys
        super().judge(matches)
        digest = judge_digest(self.identity)
        return [
            v if before[verdict_key(digest, m)] else Verdict(Status.FAILED, reason="no answer")
            for m, v in zip(matches, self.inner.judge(matches), strict=True)
        ]


def test_a_failure_is_never_stored_as_an_answer():
    store, judge = Store(), Unlucky()
    match = Match(make_pool([True, False]), 0, 1)
    assert Arena(judge, store).judge([match])[0].status is Status.FAILED
    assert len(store) == 0
    assert Arena(judge, store).judge([match])[0].status is Status.PARSED
    assert len(store) == 1


def test_the_key_covers_all_that_could_change_a_verdict():
    base = Match(make_pool([True, False]), 0, 1)
    others = [
        base.swapped,
        Match(base.pool, 0, 1, repetition=1),
        Match(make_pool([True, False], name="q"), 0, 1),
    ]
    digest = judge_digest({"name": "j", "template": "1"})
    keys = {verdict_key(digest, m) for m in [base, *others]}
    keys.add(verdict_key(judge_digest({"name": "j", "template": "2"}), base))
    assert len(keys) == 5
    assert judge_digest({"template": "1", "name": "j"}) == digest
    # Text that moves from one field to the next is another match.
    shifted = make_pool([True, False])
    assert verdict_key(digest, Match(shifted, 0, 1)) == verdict_key(digest, base)


def test_a_verdict_comes_back_as_it_went_in():
    store, identity = Store(), {"name": "j"}
    match = Match(make_pool([True, False]), 0, 1)
    stored = [
        Verdict(Status.PARSED, True, False, "text \u2264 \x00", "", 10, 20, 0.5),
        Verdict(Status.UNPARSED, text="?", reason="why"),
        Verdict(Status.TRUNCATED, text="..."),
    ]
    store.put(identity, [(str(i), match, v) for i, v in enumerate(stored)])
    found = store.get(["0", "1", "2", "absent"])
    assert found == {str(i): v for i, v in enumerate(stored)}
    table = store.table()
    assert tuple(table.columns) == COLUMNS
    assert list(table["verdict"]) == ["A", "invalid", "invalid"]
    assert table["a_correct"].isna().sum() == 2
    assert store.forget(Status.UNPARSED, Status.TRUNCATED) == 2
    assert len(store) == 1


def test_a_lone_surrogate_loses_no_batch():
    store = Store()
    match = Match(make_pool([True, False], name="\ud800"), 0, 1)
    store.put(
        {"name": "j"},
        [("k", Match(make_pool([True, False]), 0, 1), Verdict(Status.UNPARSED, text="\ud800"))],
    )
    assert store.get(["k"])["k"].text == "?"
    assert len(verdict_key("d", match)) == 64


def test_a_file_that_is_no_store_is_refused(tmp_path):
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).execute("CREATE TABLE mine (x)").connection.close()
    with pytest.raises(UserError, match="not a verdict store"):
        Store(other)
    text = tmp_path / "text.sqlite"
    text.write_text("hello " * 1000)
    with pytest.raises(UserError, match="cannot open the verdict store"):
        Store(text)
    with pytest.raises(UserError, match="cannot open the verdict store"):
        Store(tmp_path / "absent" / "v.sqlite")


def test_ordered_pairs():
    pairs = all_ordered_pairs(make_pool([True] * 4), range(2))
    assert len(pairs) == 2 * 4 * 3
    assert len({(m.a, m.b, m.repetition) for m in pairs}) == len(pairs)


def test_a_planted_position_effect_of_five_points_is_there():
    judge = SimulatedJudge(accuracy=0.8, position_bias=0.05, seed=2)
    many = [make_pool([True, False, True, False], name=str(i)) for i in range(1500)]
    matches = [m for pool in many for m in all_ordered_pairs(pool)]
    verdicts = judge.judge(matches)
    a = np.mean([v.a_correct for v in verdicts])
    b = np.mean([v.b_correct for v in verdicts])
    assert abs((a - b) - 0.05) < 0.015
    right = [
        (v.a_correct == m.pool.candidates[m.a].correct)
        for m, v in zip(matches, verdicts, strict=True)
    ]
    # (1 - bias) of the labels are beliefs, right with 0.8; the rest says Correct, half of them so.
    assert abs(np.mean(right) - (0.95 * 0.8 + 0.05 * 0.5)) < 0.015


def test_noise_and_unread_verdicts_are_planted_too():
    matches = all_ordered_pairs(make_pool([True, False] * 10), range(5))
    calm = SimulatedJudge(accuracy=0.7)
    for match in matches[:50]:
        verdict, swap = calm.judge([match, match.swapped])
        assert (verdict.a_correct, verdict.b_correct) == (swap.b_correct, swap.a_correct)
    static = SimulatedJudge(unread=0.25).judge(matches)
    assert abs(np.mean([v.status is Status.UNPARSED for v in static]) - 0.25) < 0.04
    with pytest.raises(UserError, match="accuracy lies between 0 and 1, got 2"):
        SimulatedJudge(accuracy=2)


def test_a_match_says_what_is_wrong_with_it_and_is_short_to_read():
    pool = make_pool([True, False])
    for bad, message in (
        (("2+3?", "a", "b"), "a match is of a Pool, got str"),
        (
            (pool, "a", 1),
            "a is a candidate's place in the pool, a whole number from 0 to 1; got 'a'",
        ),
        ((pool, 0, True), "b is a candidate's place"),
        ((pool, 0, 2), "b is a candidate's place"),
        ((pool, -1, 1), "a is a candidate's place"),
        ((pool, 1, 1), "candidate 1 cannot be compared with itself"),
        ((pool, 0, 1, -1), "repetition is a whole number from 0"),
        ((pool, 0, 1, 0.5), "repetition is a whole number from 0"),
    ):
        # Code that knows nothing of this package catches it as a ValueError.
        with pytest.raises(ValueError, match=message) as raised:
            Match(*bad)
        assert raised.type is UserError
    large = Pool(Problem("p" * 5000, "q"), (Candidate("a long solution " * 1000),) * 64)
    assert len(repr(Match(large, 0, 63, repetition=2))) < 100
    assert repr(Match(pool, np.int64(1), 0)) == "Match(problem='p', a=1, b=0 of 2)"
