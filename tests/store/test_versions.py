"""Stores of older versions: read without loss, and never more sound than they were."""

import shutil
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from pairjudge_lab import Store
from pairjudge_lab.records import UserError
from tests.store.stored import REQUEST, VERDICT, whole

HERE = Path(__file__).parent
VERSION_3 = HERE / "store-v3.sqlite"
"""Written by release 0.1: ten verdicts, two of which could not be read, one a preference."""

VERSION_5 = HERE / "store-v5.sqlite"
"""Written when a checksum did not cover a row's place: a verdict and a completion of each kind,
sound and damaged."""
VERSION_4 = HERE / "store-v4.sqlite"
"""Written before completions had a self-certainty: three of them under the keys a, b and damaged,
the last changed afterwards, and a verdict that was read from the first."""


def test_a_store_of_version_3_is_read_without_loss(tmp_path):
    path = tmp_path / "old.sqlite"
    shutil.copy(VERSION_3, path)
    before = pd.read_parquet(HERE / "store-v3-table.parquet")
    with Store(path) as store:
        table = store.table()
        assert store.damaged == 0
    shared = list(before.columns)
    assert len(table) == len(before) == 10
    for name in shared:
        old, new = before[name].tolist(), table[name].tolist()
        assert [None if pd.isna(v) else v for v in old] == [
            None if pd.isna(v) else v for v in new
        ], name
    assert table["kind"].value_counts().to_dict() == {"labels": 7, "preference": 1}
    assert (table["reasoning"] == "").all()
    with Store(path) as store:
        assert len(store) == 10, "once more, as a store of today"


def test_a_store_of_version_4_keeps_every_completion(tmp_path):
    path = tmp_path / "old.sqlite"
    shutil.copy(VERSION_4, path)
    before = {
        "a": whole(self_certainty=None),
        "b": whole(text="", mean_logprob=None, labels=(), self_certainty=None),
    }
    with Store(path) as store:
        assert store.completions(["a", "b"]) == before
        assert store.damaged == 0
        assert store.completions(["damaged"]) == {}
        assert store.damaged == 1, "what did not hold before does not hold now"
        assert [(key, found) for key, _, found in store.linked()] == [("k", [before["a"]])]
        assert len(store.table()) == 1
        store.keep_completions({"engine": "e"}, [("new", REQUEST, whole())])
    with Store(path) as store:
        assert store.completions(["a", "new"]) == {"a": before["a"], "new": whole()}


def test_a_key_of_version_4_that_is_no_text_any_more_stops_nothing(tmp_path):
    path = tmp_path / "old.sqlite"
    shutil.copy(VERSION_4, path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE completions SET key = CAST(x'ff' AS TEXT) WHERE key = 'b'")
    db.close()
    with Store(path) as store:
        assert list(store.completions(["a", "b"])) == ["a"]


def test_a_store_of_version_5_keeps_what_was_sound(tmp_path):
    path = tmp_path / "old.sqlite"
    shutil.copy(VERSION_5, path)
    with Store(path) as store:
        assert store.get(["k"]) == {"k": VERDICT}
        assert store.completions(["a"]) == {"a": whole()}
        assert store.damaged == 0
        assert store.get(["damaged"]) == {}
        assert store.completions(["damaged"]) == {}
        assert store.damaged == 2, "what did not hold before does not hold now"
        assert len(store.table()) == 1
    with sqlite3.connect(path) as db:
        db.execute("UPDATE verdicts SET problem_id = 'another'")
    db.close()
    with Store(path) as store:
        assert store.get(["k"]) == {}, "its place is covered now"


def test_stores_of_other_versions_say_what_to_do(tmp_path):
    path = tmp_path / "s.sqlite"
    Store(path).close()
    for version, message in ((99, "newer pairjudge-lab"), (2, "of version 2")):
        with sqlite3.connect(path) as db:
            db.execute(f"PRAGMA user_version = {version}")
        db.close()
        with pytest.raises(UserError, match=message):
            Store(path)


@pytest.mark.parametrize("old", [VERSION_3, VERSION_4, VERSION_5])
def test_bytes_where_an_older_store_has_a_text(tmp_path, old):
    """Its tables may take them; such a row is set aside like any other that is damaged."""
    path = tmp_path / "old.sqlite"
    shutil.copy(old, path)
    with sqlite3.connect(path) as db:
        for table in ("verdicts", "completions"):
            kept = db.execute(
                "SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'", [table]
            ).fetchone()
            if kept is None:
                continue
            loose = kept[0].replace("STRICT, WITHOUT ROWID", "WITHOUT ROWID").replace("STRICT", "")
            names = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            db.execute(f"ALTER TABLE {table} RENAME TO kept")
            db.execute(loose)
            db.execute(f"INSERT INTO {table} SELECT {names} FROM kept")
            db.execute("DROP TABLE kept")
            db.execute(f"UPDATE {table} SET text = x'ff00' WHERE key = (SELECT key FROM {table})")
    db.close()
    with Store(path) as store:
        before = store.damaged
        store.table()
        assert store.damaged > before
