"""A file that is opened as a store and is none stays as it was; no store is a stranger's link."""

import sqlite3
import subprocess
import sys

import pytest

from pairjudge_lab import Store, load_run
from pairjudge_lab.records import Status, UserError, Verdict
from tests.hostile.calling import call, holds
from tests.hostile.files import KINDS, written
from tests.store.stored import MATCH, VERDICT

ELSEWHERE = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA journal_mode = WAL")
db.execute("INSERT INTO mine VALUES (2)")
db.commit()
os._exit(0)
"""


def foreign(path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
        db.execute("INSERT INTO mine VALUES (1)")
    db.close()


def files_of(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("kind", ["database", "wal", "left open", "empty", "text", "begun"])
def test_store_show_changes_no_file_that_is_no_store(tmp_path, kind):
    path = tmp_path / "mine.sqlite"
    if kind == "text":
        path.write_text("not a database at all\n" * 50)
    elif kind == "empty":
        path.touch()
    elif kind == "begun":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode = WAL")
        db.close()
    else:
        foreign(path)
    if kind == "wal":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode = WAL")
        db.close()
    if kind == "left open":
        # Its last rows are in the log alone, as after a crash.
        subprocess.run([sys.executable, "-c", ELSEWHERE, str(path)], check=True)
        (tmp_path / "mine.sqlite-shm").unlink()
    before = files_of(tmp_path)
    for action in ("show", "reread"):
        ended = call("store", action, str(path))
        assert ended[0] == 2
        assert not holds(*ended)
        after = files_of(tmp_path)
        after.pop("mine.sqlite-shm", None)
        assert after == before


def test_somebody_elses_database_named_as_the_store_stays_as_it_was(tmp_path):
    pools, mine = tmp_path / "p.jsonl", tmp_path / "mine.sqlite"
    pools.write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    foreign(mine)
    before = mine.read_bytes()
    code, _, err = call(
        "judge", str(pools), "--judge", "simulated", "--out", str(tmp_path / "v.csv"),
        "--store", str(mine),
    )  # fmt: skip
    assert (code, "is not a verdict store" in err) == (2, True)
    assert mine.read_bytes() == before


def test_an_empty_file_named_as_the_store_becomes_one(tmp_path):
    (tmp_path / "s.sqlite").touch()
    with Store(tmp_path / "s.sqlite") as store:
        store.put({"name": "j"}, [("k", MATCH, VERDICT)])
    with Store(tmp_path / "s.sqlite", make=False) as store:
        assert len(store) == 1


def test_only_a_key_that_is_there_is_passed_over(tmp_path):
    """Tables of a stranger that ask to ignore what they object to."""
    path = tmp_path / "s.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as db:
        (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'verdicts'").fetchone()
        db.execute("DROP TABLE verdicts")
        db.execute(
            sql.replace("checksum INTEGER", "checksum INTEGER, UNIQUE (status) ON CONFLICT IGNORE")
        )
    db.close()
    with Store(path) as store:
        store.put({"name": "j"}, [("k", MATCH, VERDICT)])
        store.put({"name": "j"}, [("k", MATCH, Verdict(Status.UNPARSED, text="later"))])
        assert store.get(["k"]) == {"k": VERDICT}, "the first verdict stays"
        with pytest.raises(UserError, match="cannot write to the verdict store"):
            store.put({"name": "j"}, [("another", MATCH, VERDICT)])


def test_a_default_store_is_no_link_and_a_named_one_may_be(tmp_path):
    pools = tmp_path / "p.jsonl"
    pools.write_bytes(written(KINDS["pools.jsonl"], "pools.jsonl"))
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere.sqlite"
    out.mkdir()
    link = out / "verdicts.sqlite"
    link.symlink_to(elsewhere)
    words = ("select", str(pools), "--judge", "simulated", "--n", "2", "--out", str(out))
    code, _, err = call(*words)
    assert (code, f"{link} is a link" in err) == (2, True)
    assert not elsewhere.exists()
    assert call(*words, "--store", str(link))[0] == 0
    assert elsewhere.is_file()
    with pytest.raises(UserError, match="is a link"):
        load_run(out)
    assert load_run(out, store=link).n == 2


@pytest.mark.parametrize("end", ["-wal", "-journal", "-shm"])
def test_a_link_in_the_place_of_a_file_of_sqlites_is_refused(tmp_path, end):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f"s.sqlite{end}").symlink_to(victim)
    with pytest.raises(UserError, match="is a link, in a place where SQLite keeps a file"):
        Store(tmp_path / "s.sqlite")
    assert victim.read_text() == "mine"
