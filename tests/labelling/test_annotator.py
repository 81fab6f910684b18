"""People's verdicts: their order, their place in the store, and what is counted of them."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pairjudge_lab import Match, Status, Store, UserError, judge_pairs, load_judge
from pairjudge_lab.labelling import (
    AnnotatorQueue,
    annotator_identity,
    choices_of,
    ordered_matches,
    pairs_of,
)
from pairjudge_lab.statistics.agreement import krippendorff_alpha, raters_by_item
from pairjudge_lab.statistics.position import bias_report
from tests.conftest import make_pool


def pools(n=3, size=4):
    return [make_pool([i % 2 == 0 for i in range(size)], name=f"p{k}") for k in range(n)]


def names(matches):
    return [(m.pool.problem.id, m.a, m.b) for m in matches]


def queue(store, annotator="Ada", seed=0, matches=None, **settings):
    matches = pairs_of(pools()) if matches is None else matches
    return AnnotatorQueue(matches, store, annotator, rng=np.random.default_rng(seed), **settings)


def test_a_pair_is_a_pair_once_and_matches_stay_as_they_are():
    some = pools(2, 3)
    found = names(pairs_of(some))
    assert found == [(p, a, b) for p in ("p0", "p1") for a, b in [(0, 1), (0, 2), (1, 2)]]
    match = Match(some[0], 2, 0)
    assert pairs_of([match]) == [match]
    with pytest.raises(UserError, match="nothing to judge"):
        pairs_of([make_pool([True])])


def test_an_order_shows_every_pair_as_often_as_it_says():
    matches = pairs_of(pools(20, 4))
    rng = np.random.default_rng(3)
    drawn = ordered_matches(matches, "random", rng)
    assert {(p, min(a, b), max(a, b)) for p, a, b in names(drawn)} == set(names(matches))
    assert len(drawn) == len(matches)
    assert names(drawn) != names(matches)
    # 120 fair coins: outside of 40 to 80 once in four thousand seeds.
    assert 40 < sum(m.a < m.b for m in drawn) < 80
    both = ordered_matches(matches, "both", rng)
    assert len(set(names(both))) == len(both) == 2 * len(matches)
    half = len(matches)
    assert {frozenset(m) for m in names(both[:half])} == {frozenset(m) for m in names(both[half:])}
    assert sorted(names(both[half:])) == sorted((p, b, a) for p, a, b in names(both[:half]))
    assert ordered_matches(matches, "given", rng) == matches
    with pytest.raises(UserError, match="random, both, given"):
        ordered_matches(matches, "sorted", rng)


def test_the_same_seed_draws_the_same_order():
    matches = pairs_of(pools())
    one, two, other = (
        ordered_matches(matches, "both", np.random.default_rng(s)) for s in (1, 1, 2)
    )
    assert one == two
    assert names(one) != names(other)


def test_every_key_gives_its_verdict():
    said = {"A": (True, False), "B": (False, True), "tie": (True, True), "neither": (False, False)}
    with Store() as store:
        work = queue(store)
        for choice in choices_of("labels"):
            verdict = work.judge(choice.outcome, note="because", seconds=2.5)
            assert (verdict.a_correct, verdict.b_correct) == said[choice.outcome]
            assert (verdict.text, verdict.seconds) == ("because", 2.5)
        better = queue(store, kind="preference")
        assert [better.judge(o).preference for o in ("A", "B", "tie")] == ["A", "B", "tie"]
        with pytest.raises(UserError, match="one of A, B, tie; got 'neither'"):
            better.judge("neither")
        assert better.done == 3
        table = store.table()
    assert set(table["judge"]) == {"person:Ada"}
    assert table["kind"].value_counts().to_dict() == {"labels": 4, "preference": 3}


def test_the_work_is_taken_up_where_it_was_left(tmp_path):
    path = tmp_path / "hands.sqlite"
    with Store(path) as store:
        work = queue(store)
        first = [work.current]
        work.judge("A")
        first.append(work.current)
        work.judge("tie")
    with Store(path) as store:
        again = queue(store)
        assert again.done == 2
        assert again.current not in first
        assert not again.can_undo
        # Another seed draws other orders; what was judged is not asked the other way round.
        other = queue(store, seed=5)
        assert other.done == 2
        assert {frozenset(m) for m in names(other.matches)} == {
            frozenset(m) for m in names(again.matches)
        }
        assert queue(store, "Bo").done == 0, "another person begins at the beginning"
        assert queue(store, instructions="Which is shorter?").done == 0


def test_undo_takes_a_verdict_out_of_the_store(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        work = queue(store)
        pair = work.current
        assert work.undo() is None
        work.judge("A", note="first thought")
        taken = work.undo()
        assert (taken.outcome, taken.text) == ("A", "first thought")
        assert len(store) == 0
        assert work.current == pair
        work.judge("B")
        assert store.table()["verdict"].tolist() == ["B"]
        assert work.judged().to_pandas()["verdict"].tolist() == ["B"]
        assert work.judged().counts == {"judged": 1, "from_store": 0}


def test_a_skipped_pair_comes_last():
    with Store() as store:
        work = queue(store)
        pair = work.current
        work.skip()
        assert len(store) == 0
        seen = []
        while work.current is not None:
            seen.append(work.current)
            work.judge("tie")
        assert seen[-1] == pair
        assert len(seen) == len(work) == work.done
        work.skip()
        with pytest.raises(UserError, match="every pair has been judged"):
            work.judge("A")


def test_what_cannot_be_kept_is_not_lost(tmp_path):
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        work = queue(store)
        pair = work.current
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE verdicts")
        with pytest.raises(UserError, match="cannot read"):
            work.judge("A")
        assert work.current == pair
        assert work.done == 0


def test_a_note_with_half_a_character_is_kept_without_it():
    with Store() as store:
        work = queue(store)
        work.judge("A", note="so \ud800")
        assert work.judged().to_pandas()["verdict"].tolist() == ["A"]
        assert work.undo().outcome == "A"
        assert len(store) == 0


def test_two_windows_of_one_person(tmp_path):
    """What was said first stays, the second window hears of it and goes on, and takes nothing back
    that is not its own."""
    with Store(tmp_path / "s.sqlite") as store:
        one, two = queue(store), queue(store)
        pair = one.current
        assert two.current == pair
        one.judge("A")
        with pytest.raises(UserError, match=r"in another window \(A\), and that verdict stays"):
            two.judge("B")
        assert two.current != pair
        assert two.judged().to_pandas()["verdict"].tolist() == ["A"]
        assert two.undo() is None
        two.judge("B")
        one.undo()
        assert store.table()["verdict"].tolist() == ["B"]
        assert one.current == pair


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\u202eada", 7])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(UserError, match="annotator"):
        annotator_identity(name)


def test_people_stand_beside_judges():
    """Two people and a judge with planted habits: tables, agreement and position bias."""
    some = pools(12, 4)
    truth = {(p.problem.id, i): c.correct for p in some for i, c in enumerate(p.candidates)}

    def knows(match):
        a, b = (truth[match.pool.problem.id, i] for i in (match.a, match.b))
        return "tie" if a and b else "A" if a else "B" if b else "neither"

    with Store() as store:
        habits = {"Ada": knows, "Bo": lambda match: "A"}
        for person, habit in habits.items():
            work = queue(store, person, matches=pairs_of(some), policy="both")
            while work.current is not None:
                work.judge(habit(work.current))
        judge_pairs(load_judge("simulated:accuracy=1"), some, store=store)
        table = store.table()
    assert table["judge"].nunique() == 3
    assert (table["status"] == Status.PARSED.value).all()
    report = bias_report(table, resamples=50).to_frame().set_index("judge")
    consistent = {name: report.loc[name, "consistent"] for name in report.index}
    assert consistent["person:Ada"] == len(pairs_of(some)), "the same of both orders"
    assert consistent["person:Bo"] == 0, "always the one shown first"
    codes, raters = raters_by_item(table)
    simulated = next(i for i, name in enumerate(raters) if "simulated" in name)
    codes = codes[[raters.index("person:Ada"), simulated]]
    assert krippendorff_alpha(codes) == 1.0


def test_verdicts_of_another_thread_are_kept(tmp_path):
    """JupyterLab answers a widget in a thread that did not open the store."""
    with Store(tmp_path / "s.sqlite") as store:
        workers = [queue(store, name) for name in ("Ada", "Bo", "Cy")]

        def judge_all(work):
            while work.current is not None:
                work.judge("A")
                work.undo()
                work.judge("tie")

        with ThreadPoolExecutor(3) as threads:
            list(threads.map(judge_all, workers))
        table = store.table()
    assert table["judge"].value_counts().to_dict() == {w.name: len(w) for w in workers}
    assert set(table["verdict"]) == {"tie"}
