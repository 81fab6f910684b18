"""The tables of a store in SQLite, and how older files become files of today."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.records import UserError
from pairjudge_lab.verdicts.columns import FIELDS

VERSION = 6

VERDICT = tuple(FIELDS)
"""Columns of a verdict's own values."""

_OF_ERRORS = ("reason", "refused")
COMPLETION = tuple(field.name for field in fields(Completion) if field.name not in _OF_ERRORS)
"""Columns of a completion's values; only those without an error are kept, which need no reason."""

PLACE = ("key", "judge", "problem_id", "response_a", "response_b", "repetition")
"""Columns that say whose verdict it is, and on what."""

CHECKED = {"verdicts": (*PLACE, *VERDICT), "completions": ("key", "producer", *COMPLETION)}
"""What a row's checksum covers: all of it."""

COLUMNS = {
    "judges": ("digest", "identity"),
    "verdicts": (*CHECKED["verdicts"], "checksum"),
    "producers": ("digest", "identity"),
    "completions": (*CHECKED["completions"], "checksum"),
    "sources": ("verdict", "number", "completion"),
}  # fmt: skip
"""Columns of each table as rows are written; in a file of an older version they may stand in
another order."""

KEYS = {
    "judges": "digest",
    "verdicts": "key",
    "producers": "digest",
    "completions": "key",
    "sources": "verdict, number",
}  # fmt: skip
"""Each table's primary key."""

_VERDICT_COLUMNS = ",\n    ".join(f"{field.name} {field.sql}" for field in FIELDS.values())

_TABLES = f"""
CREATE TABLE IF NOT EXISTS judges (digest TEXT PRIMARY KEY, identity TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS verdicts (
    key TEXT PRIMARY KEY,
    judge TEXT NOT NULL REFERENCES judges (digest),
    problem_id TEXT NOT NULL,
    response_a INTEGER NOT NULL,
    response_b INTEGER NOT NULL,
    repetition INTEGER NOT NULL,
    {_VERDICT_COLUMNS},
    checksum INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS producers (digest TEXT PRIMARY KEY, identity TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS completions (
    key TEXT PRIMARY KEY,
    producer TEXT NOT NULL REFERENCES producers (digest),
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    finish TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    seconds REAL NOT NULL,
    labels TEXT NOT NULL,
    mean_logprob REAL,
    self_certainty REAL,
    checksum INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sources (
    verdict TEXT NOT NULL,
    number INTEGER NOT NULL,
    completion TEXT NOT NULL,
    PRIMARY KEY (verdict, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS damaged (place TEXT NOT NULL, key TEXT NOT NULL) STRICT;
"""


def check_tables(db: sqlite3.Connection, path: str, *, make: bool = True) -> int:
    """See that a file is a store, or empty, without writing to it; returns the store's version.

    Parameters
    ----------
    db : sqlite3.Connection
    path : str
        Its name, for messages.
    make : bool
        Whether an empty file will do.

    Raises
    ------
    UserError
        When the file is something else, or was written by a newer version.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version == 0 and (tables or not make):
        raise UserError(f"{path} is not a verdict store; name another file")
    # A store of a stranger: what runs by itself is none of ours, and neither is an index, which can
    # make a row look as if it were there already.
    strange = db.execute(
        "SELECT name FROM sqlite_master "
        "WHERE type NOT IN ('table', 'index') OR sql LIKE '%CREATE VIRTUAL%' "
        "OR (type = 'index' AND name NOT GLOB 'sqlite_autoindex_*')"
    ).fetchone()
    if strange:
        raise UserError(
            f"{path} is no verdict store of this lab: it holds a view, a trigger, a virtual table "
            f"or an index ({strange[0]!r}); name another file"
        )
    if version > VERSION:
        raise UserError(
            f"{path} was written by a newer pairjudge-lab (store version {version}, this one "
            f"knows {VERSION}); update: pip install -U pairjudge-lab"
        )
    if version not in (0, 3, 4, 5, VERSION):
        raise UserError(
            f"{path} is a verdict store of version {version}, which this release does not "
            "read; convert it with pairjudge-lab 0.1 ('judge' goes on from it), or name "
            "another file"
        )
    return version


def prepare_tables(db: sqlite3.Connection, path: str) -> None:
    """Make the tables, or bring those of an older version up to date, all or nothing.

    Raises
    ------
    UserError
        When the file is something else, or was written by a newer version.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        version = check_tables(db, path)
        if version == 3:
            _from_version_3(db)
        if version == 4:
            _from_version_4(db)
        if version != VERSION:
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    db.execute(statement)
            if version:
                for table, own in (("verdicts", VERDICT), ("completions", COMPLETION)):
                    _check_whole_rows(db, table, own)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _from_version_3(db: sqlite3.Connection) -> None:
    """Verdicts of before stay as they are; what they did not know gets its default.

    They keep the identity under which they were judged, which did not cover everything that a judge
    loads, so a judge of today does not take them for its own.
    """
    there = {row[1] for row in db.execute("PRAGMA table_info(verdicts)")}
    for field in FIELDS.values():
        if field.name not in there:
            default = "" if field.default is None else f" DEFAULT {_literal(field.default)}"
            db.execute(f"ALTER TABLE verdicts ADD COLUMN {field.name} {field.sql}{default}")
    db.execute("ALTER TABLE verdicts ADD COLUMN checksum INTEGER")
    names = ", ".join(VERDICT)
    rows = db.execute(f"SELECT key, {names} FROM verdicts").fetchall()  # noqa: S608
    db.executemany(
        "UPDATE verdicts SET checksum = ? WHERE key = ?",
        [(_known_checksum(values), key) for key, *values in rows],
    )


def _from_version_4(db: sqlite3.Connection) -> None:
    """Completions of before stay under their keys; their self-certainty is not known."""
    before = tuple(name for name in COMPLETION if name != "self_certainty")
    sound = _sound_keys(db, "completions", before)
    db.execute("ALTER TABLE completions ADD COLUMN self_certainty REAL")
    _check_anew(db, "completions", sound, COMPLETION)


def _check_whole_rows(db: sqlite3.Connection, table: str, own: Sequence[str]) -> None:
    """Up to version 5 a checksum covered a row's own values and not its place."""
    _check_anew(db, table, _sound_keys(db, table, own), CHECKED[table])


def _sound_keys(db: sqlite3.Connection, table: str, columns: Sequence[str]) -> list[bytes]:
    """Keys of the rows whose checksum holds; the others keep theirs, and are set aside when they
    are asked for."""
    rows = db.execute(f"SELECT key, checksum, {', '.join(columns)} FROM {table}")  # noqa: S608
    # One row at a time: texts alone may be larger than the memory. As bytes: a key may be damaged
    # too, and be no text any more.
    return [
        str(key).encode("utf-8", "surrogateescape")
        for key, check, *values in rows
        if check is not None and check == _known_checksum(values)
    ]


def _check_anew(
    db: sqlite3.Connection, table: str, keys: Sequence[bytes], columns: Sequence[str]
) -> None:
    place = "WHERE key = CAST(? AS TEXT)"
    for key in keys:
        query = f"SELECT {', '.join(columns)} FROM {table} {place}"  # noqa: S608
        (values,) = db.execute(query, [key])
        db.execute(f"UPDATE {table} SET checksum = ? {place}", [_known_checksum(values), key])  # noqa: S608


def _known_checksum(values: Sequence[Any]) -> int | None:
    """The checksum; None of what is no value of ours, so that the row is set aside when it is asked
    for: tables of older versions take bytes for a text."""
    try:
        return checksum(values)
    except TypeError:
        return None


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else repr(value)


def checksum(values: Sequence[Any]) -> int:
    """What tells whether a row is still what was written."""
    plain = [int(value) if isinstance(value, bool) else value for value in values]
    return zlib.crc32(json.dumps(plain, ensure_ascii=True).encode())
