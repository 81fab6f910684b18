"""Rows and files that are not what was written: set aside, counted, and judged again."""

import sqlite3

import pytest

from pairjudge_lab import Store
from pairjudge_lab.records import Match, Status, UserError, Verdict
from tests.conftest import make_pool
from tests.store.stored import REQUEST, whole


def test_a_verdict_of_nobody_is_set_aside_and_not_left_out(tmp_path):
    path = tmp_path / "s.sqlite"
    verdict = Verdict(Status.PARSED, True, False, "fine")
    with Store(path) as store:
        match = Match(make_pool([True, False]), 0, 1)
        store.put({"name": "j"}, [(key, match, verdict) for key in "kl"])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE verdicts SET judge = 'nobody' WHERE key = 'k'")
    db.close()
    with Store(path) as store:
        assert len(store.table()) == 1
        assert store.damaged == 1


def test_other_verdicts_in_place_keep_their_place(tmp_path):
    path = tmp_path / "s.sqlite"
    one, other = (Verdict(Status.PARSED, first, not first, "fine") for first in (True, False))
    match = Match(make_pool([True, False]), 0, 1)
    with Store(path) as store:
        store.put({"name": "j"}, [(key, match, one) for key in "kl"])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE verdicts SET problem_id = 'another' WHERE key = 'l'")
    db.close()
    with Store(path) as store:
        store.replace({"k": other, "l": other})
        assert store.damaged == 1
        assert store.get(["k", "l"]) == {"k": other}
        assert store.table()["verdict"].tolist() == ["B"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE verdicts SET status = 'splendid'",
        "UPDATE verdicts SET a_correct = NULL",
        "UPDATE verdicts SET a_correct = 1 - a_correct",
        "UPDATE verdicts SET text = CAST(x'ff00fe' AS TEXT)",
        "UPDATE verdicts SET completion_tokens = completion_tokens + 1",
        "UPDATE verdicts SET checksum = NULL",
        "UPDATE verdicts SET problem_id = 'another'",
        "UPDATE verdicts SET response_a = 1, response_b = 0",
        "UPDATE verdicts SET repetition = 1",
    ],
)
def test_a_damaged_row_is_set_aside_and_judged_again(tmp_path, damage):
    path = tmp_path / "s.sqlite"
    match = Match(make_pool([True, False]), 0, 1)
    verdict = Verdict(Status.PARSED, True, False, "fine", completion_tokens=3)
    with Store(path) as store:
        store.put({"name": "j"}, [("k", match, verdict)])
    with sqlite3.connect(path) as db:
        db.execute(damage)
    db.close()
    with Store(path) as store:
        assert store.get(["k"]) == {}
        assert store.damaged == 1
        store.put({"name": "j"}, [("k", match, verdict)])
        assert store.get(["k"]) == {"k": verdict}
        assert len(store.table()) == 1


def test_a_damaged_identity_or_key_is_one_line(tmp_path):
    path = tmp_path / "s.sqlite"
    match = Match(make_pool([True, False]), 0, 1)
    verdict = Verdict(Status.PARSED, True, False, "fine", completion_tokens=3)
    with Store(path) as store:
        store.put({"name": "j"}, [(key, match, verdict) for key in "kln"])
        store.keep_completions({"engine": "e"}, [("a", REQUEST, whole())])
        store.link("k", ["a"])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE verdicts SET key = CAST(x'ff' AS TEXT), checksum = 1 WHERE key = 'l'")
    db.close()
    with Store(path) as store:
        assert len(store.table()) == 2
        assert store.damaged == 1
        assert len(list(store.linked())) == 1
    with sqlite3.connect(path) as db:
        db.execute("UPDATE judges SET identity = '{\"name\": '")
    db.close()
    with Store(path) as store:
        assert list(store.linked()) == []
        with pytest.raises(UserError, match="does not say any more whose verdicts"):
            store.table()


def test_a_damaged_completion_is_generated_again(tmp_path):
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store.keep_completions({"engine": "e"}, [("a", REQUEST, whole())])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE completions SET labels = '[[[['")
    db.close()
    with Store(path) as store:
        assert store.completions(["a"]) == {}
        assert store.damaged == 1


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE TRIGGER t AFTER INSERT ON verdicts BEGIN DELETE FROM verdicts; END",
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) "
        "SELECT i FROM n",
        "CREATE VIRTUAL TABLE f USING fts5(text)",
        "CREATE UNIQUE INDEX i ON verdicts (status)",
    ],
)
def test_a_file_with_something_that_runs_by_itself_is_refused(tmp_path, planted):
    path = tmp_path / "s.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute(planted)
    db.close()
    with pytest.raises(UserError, match="a view, a trigger, a virtual table or an index"):
        Store(path)
