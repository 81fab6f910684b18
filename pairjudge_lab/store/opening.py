"""Opening a store's file, which is looked at before anything is written to it or beside it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from pairjudge_lab.records import UserError
from pairjudge_lab.store.schema import check_tables, prepare_tables

Found = TypeVar("Found")

PATIENCE = 60.0
"""Seconds to wait for another process that holds the file."""

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite appends to a database's name for the files that it keeps beside it."""


def own_place(path: Path) -> Path:
    """The path of a store that the user did not name, seen to be no link.

    Raises
    ------
    UserError
        For a link: whoever put it there would choose which file is written to.
    """
    # Unlike Path.is_symlink, this takes names that no file can have.
    if os.path.islink(path):  # noqa: PTH114
        raise UserError(
            f"{path} is a link, and a store is not written through one that was not named; remove "
            "it, or name the store with --store FILE"
        )
    return path


def open_database(path: str, *, make: bool) -> sqlite3.Connection:
    """A connection to a store, with the tables of today.

    Parameters
    ----------
    path : str
        A file, or ``:memory:``.
    make : bool
        Whether to begin a new store where the file is empty or absent.

    Raises
    ------
    UserError
        When the file is something else; it is left as it was.
    """
    if path != ":memory:":
        _refuse_links_beside(path)
        if _may_be_foreign_with_a_log(path):
            # A connection that may write would move the log into the file when it is closed.
            with closing(_connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)) as db:
                _patiently(lambda: _look(db, path, make=make))
    db = _connect(path)
    try:
        # Only reads, so that a file that is no store stays as it is.
        _patiently(lambda: _look(db, path, make=make))
        # Several processes that open a new file at once wait here for the first of them.
        _patiently(lambda: db.execute("PRAGMA journal_mode = WAL").fetchone())
        # WAL with NORMAL survives a killed process; only a power cut could lose the last batch.
        db.execute("PRAGMA synchronous = NORMAL")
        _patiently(lambda: prepare_tables(db, path))
    except BaseException:
        db.close()
        raise
    return db


def _connect(path: str, *, uri: bool = False) -> sqlite3.Connection:
    db = sqlite3.connect(
        path, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=uri
    )
    db.execute("PRAGMA trusted_schema = OFF")
    # Bytes that are no text do not stop a whole query: their row's checksum fails.
    db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return db


def _look(db: sqlite3.Connection, path: str, *, make: bool) -> None:
    """Check the tables at one moment: another process may be making them."""
    db.execute("BEGIN")
    try:
        check_tables(db, path, make=make)
    finally:
        # A file that is no database ends the transaction by itself.
        if db.in_transaction:
            db.execute("ROLLBACK")


def _refuse_links_beside(path: str) -> None:
    """SQLite would follow a link in the place of one of its own files, and overwrite the target."""
    whole = Path(path).resolve()
    for end in BESIDE:
        beside = whole.with_name(whole.name + end)
        if beside.is_symlink():
            raise UserError(f"{beside} is a link, in a place where SQLite keeps a file; remove it")


def _may_be_foreign_with_a_log(path: str) -> bool:
    """Whether another process left changes in the log of a file that does not say it is ours."""
    whole = Path(path).resolve()
    log = whole.with_name(whole.name + "-wal")
    try:
        if not whole.is_file() or not log.stat().st_size:
            return False
        with whole.open("rb") as file:
            header = file.read(64)
    except OSError:
        return False
    # https://www.sqlite.org/fileformat2.html#user_version_number
    return header[60:64] == bytes(4)


def _patiently(action: Callable[[], Found]) -> Found:
    """Do it again while another process holds the file; SQLite's own patience has gaps."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return action()
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > end:
                raise
            time.sleep(0.02)
