"""Verdicts and completions in one SQLite file.

A batch is one transaction, so a process killed at any moment costs the batch in flight and no more.
Every row carries a checksum: one that does not hold is set aside, counted, and judged again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.records import Match, Status, UserError, Verdict
from pairjudge_lab.store.keys import judge_digest
from pairjudge_lab.store.opening import open_database
from pairjudge_lab.store.rows import (
    completion_of,
    completion_values,
    identity_text,
    read_identity,
    sound_row,
    storable,
    transaction,
)
from pairjudge_lab.store.schema import CHECKED, COLUMNS, KEYS, PLACE, VERDICT, checksum
from pairjudge_lab.verdicts.columns import from_values, to_values
from pairjudge_lab.verdicts.table import table_row, to_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Usage:
    """What one producer has generated: how many completions, and the tokens read and written.

    ``producer`` is the digest of its identity: ``judge_digest`` of the engine's and the generation
    settings', or of a judge, whose ``completions`` are its verdicts.
    """

    producer: str
    completions: int
    prompt_tokens: int
    completion_tokens: int


class Store:
    """Verdicts and completions in one SQLite file; ``:memory:`` keeps them for the process only.

    Parameters
    ----------
    path : str or Path
    make : bool
        Whether to begin a new store where the file is empty or absent.

    Attributes
    ----------
    damaged : int
        Rows that were not what had been written; they were set aside and are not known any more.

    Raises
    ------
    UserError
        When the file cannot be opened, is no store, or is of another version.

    Examples
    --------
    >>> from pairjudge_lab import Store, judge_pairs, load_judge, load_pools
    >>> pools = [pool.first(2) for pool in load_pools("embedded", limit=2)]
    >>> with Store() as store:
    ...     judged = judge_pairs(load_judge("simulated:accuracy=0.8"), pools, store=store)
    ...     again = judge_pairs(load_judge("simulated:accuracy=0.8"), pools, store=store)
    >>> len(judged) == len(again), again.counts["judged"]
    (True, 0)
    """

    def __init__(self, path: str | Path = ":memory:", *, make: bool = True) -> None:
        self.path = str(path)
        self.damaged = 0
        # JupyterLab hands what a widget asks for to a thread of its own.
        self._alone = threading.RLock()
        try:
            self._db = open_database(self.path, make=make)
        except (sqlite3.Error, ValueError, UnicodeError) as problem:
            raise UserError(f"cannot open the verdict store {path}: {problem}") from None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the file."""
        self._db.close()

    def __len__(self) -> int:
        return int(self._read("SELECT count(*) FROM verdicts")[0][0])

    def get(self, keys: Sequence[str]) -> dict[str, Verdict]:
        """The verdicts that are known, by key."""
        return self._sound("verdicts", keys, lambda row: from_values(row[len(PLACE) :]))

    def put(self, identity: Mapping[str, Any], rows: Iterable[tuple[str, Match, Verdict]]) -> None:
        """Keep verdicts, all or none; the first verdict kept for a key stays.

        Raises
        ------
        UserError
            When the file cannot be written, a full disk for example; what was kept stays.
        """
        digest = judge_digest(identity)
        records = []
        for key, match, verdict in rows:
            if verdict.status is Status.FAILED:
                continue
            values = tuple(map(storable, to_values(verdict)))
            problem = storable(match.pool.problem.id)
            place = (key, digest, problem, match.a, match.b, match.repetition)
            records.append((*place, *values, checksum((*place, *values))))
        self._insert("judges", [(digest, identity_text(identity))], "verdicts", records)

    def forget(self, *statuses: Status) -> int:
        """Drop verdicts with these statuses, and what they were read from, so that the judge is
        asked again; returns how many."""
        marks = ",".join("?" * len(statuses))
        query = f"SELECT key FROM verdicts WHERE status IN ({marks})"  # noqa: S608
        return self.remove([key for (key,) in self._read(query, [s.value for s in statuses])])

    def remove(self, keys: Sequence[str]) -> int:
        """Drop the verdicts with these keys, and what they were read from, all or none; returns
        how many there were."""
        each = [(key,) for key in keys]
        try:
            with self._alone, transaction(self._db):
                self._db.executemany(
                    "DELETE FROM completions WHERE key IN "
                    "(SELECT completion FROM sources WHERE verdict = ?)",
                    each,
                )
                self._db.executemany("DELETE FROM sources WHERE verdict = ?", each)
                done = self._db.executemany("DELETE FROM verdicts WHERE key = ?", each)
        except sqlite3.Error as problem:
            raise self._unwritable(problem) from None
        return done.rowcount

    def completions(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions that are known, by key."""
        return self._sound("completions", keys, lambda row: completion_of(row[2:]))

    def keep_completions(
        self, producer: Mapping[str, Any], rows: Sequence[tuple[str, Request, Completion]]
    ) -> None:
        """Keep completions, all or none; the first one kept for a key stays.

        Raises
        ------
        UserError
            When the file cannot be written.
        """
        digest = judge_digest(producer)
        records = []
        for key, _, completion in rows:
            if completion.finish == "error":
                continue
            values = (key, digest, *completion_values(completion))
            records.append((*values, checksum(values)))
        self._insert("producers", [(digest, identity_text(producer))], "completions", records)

    def link(self, ticket: str, keys: Sequence[str]) -> None:
        """Note that the verdict with this key is read from these completions, in this order."""
        rows = [(ticket, number, key) for number, key in enumerate(keys)]
        self._insert("sources", rows, "sources", [])

    def linked(self) -> Iterable[tuple[str, dict[str, Any], list[Completion]]]:
        """Each verdict that was read from completions: its key, its judge's identity, and them."""
        found: dict[str, tuple[str, list[str]]] = {}
        for key, identity, completion in self._read(
            "SELECT v.key, j.identity, s.completion FROM verdicts v JOIN judges j "
            "ON j.digest = v.judge JOIN sources s ON s.verdict = v.key ORDER BY v.key, s.number"
        ):
            found.setdefault(key, (identity, []))[1].append(completion)
        for key, (identity, wanted) in found.items():
            known = self.completions(wanted)
            judge = read_identity(identity)
            if judge is not None and len(known) == len(set(wanted)):
                yield key, judge, [known[one] for one in wanted]

    def usage(self) -> list[Usage]:
        """What was generated, by what generated it."""
        rows = self._read(
            "SELECT producer, count(*), sum(prompt_tokens), sum(completion_tokens) "
            "FROM completions GROUP BY producer ORDER BY producer"
        )
        return [Usage(*row) for row in rows]

    def judged_by(self, judge: str) -> Usage:
        """What the verdicts of one judge took, by the digest of its identity."""
        ((count, prompt, completion),) = self._read(
            "SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0) "
            "FROM verdicts WHERE judge = ?",
            [judge],
        )
        return Usage(judge, count, prompt, completion)

    def replace(self, verdicts: Mapping[str, Verdict]) -> None:
        """Put other verdicts in the place of those with these keys, all or none."""
        names = ", ".join(f"{name} = ?" for name in VERDICT)
        places = self._sound("verdicts", list(verdicts), lambda row: row[: len(PLACE)])
        rows = []
        for key, place in places.items():
            values = tuple(map(storable, to_values(verdicts[key])))
            rows.append((*values, checksum((*place, *values)), key))
        try:
            with self._alone, transaction(self._db):
                self._db.executemany(
                    f"UPDATE OR ABORT verdicts SET {names}, checksum = ? WHERE key = ?",  # noqa: S608
                    rows,
                )
        except sqlite3.Error as problem:
            raise self._unwritable(problem) from None

    def table(self) -> pd.DataFrame:
        """Every sound verdict as a verdict table, one row a verdict; see ``verdicts.columns``."""
        names = ", ".join(f"v.{name}" for name in CHECKED["verdicts"])
        rows = []
        for identity, check, *values in self._read(
            f"SELECT j.identity, v.checksum, {names} FROM verdicts v LEFT JOIN judges j "  # noqa: S608
            "ON j.digest = v.judge "
            "ORDER BY j.digest, v.problem_id, v.repetition, v.response_a, v.response_b"
        ):
            key, _, problem, a, b, rep = values[: len(PLACE)]
            verdict = sound_row(values, check, lambda row: from_values(row[len(PLACE) :]))
            if verdict is None:
                self._set_aside("verdicts", [key])
                continue
            judge = read_identity(identity)
            if judge is None:
                raise UserError(
                    f"the verdict store {self.path} does not say any more whose verdicts it holds; "
                    "move the file away, and the same command begins a new one"
                )
            rows.append(table_row(str(judge.get("name", "judge")), rep, problem, a, b, verdict))
        return to_table(rows)

    def _sound(
        self,
        table: str,
        keys: Sequence[str],
        build: Callable[[Sequence[Any]], Any],
    ) -> dict[str, Any]:
        """Rows by key; those whose checksum does not hold, or that make no sense, are set aside."""
        found: dict[str, Any] = {}
        broken: list[str] = []
        for begin in range(0, len(keys), 500):
            some = keys[begin : begin + 500]
            marks = ",".join("?" * len(some))
            columns = ", ".join(CHECKED[table])
            query = f"SELECT checksum, {columns} FROM {table} WHERE key IN ({marks})"  # noqa: S608
            for check, *values in self._read(query, some):
                key = values[0]
                built = sound_row(values, check, build)
                if built is None:
                    broken.append(key)
                else:
                    found[key] = built
        if broken:
            self._set_aside(table, broken)
        return found

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            with self._alone:
                return self._db.execute(query, values).fetchall()
        except (sqlite3.Error, UnicodeError) as problem:
            # A key that is no text any more cannot be looked up.
            raise UserError(
                f"cannot read the verdict store {self.path}: {problem}; move the file away, and "
                "the same command begins a new one"
            ) from None

    def _insert(
        self, head: str, first: Sequence[Any], table: str, rows: Sequence[Sequence[Any]]
    ) -> None:
        try:
            with self._alone, transaction(self._db):
                for name, some in ((head, first), (table, rows)):
                    if some:
                        marks = ",".join("?" * len(some[0]))
                        # Only a key that is there already is passed over. Whatever else a file's
                        # tables object to is an error, though they may say to ignore it.
                        self._db.executemany(
                            f"INSERT OR ABORT INTO {name} ({', '.join(COLUMNS[name])}) "  # noqa: S608
                            f"VALUES ({marks}) ON CONFLICT ({KEYS[name]}) DO NOTHING",
                            some,
                        )
        except sqlite3.Error as problem:
            raise self._unwritable(problem) from None

    def _set_aside(self, table: str, keys: Sequence[str]) -> None:
        self.damaged += len(keys)
        try:
            with self._alone, transaction(self._db):
                # As bytes: a key may be damaged too, and be no text any more.
                raw = [str(key).encode("utf-8", "surrogateescape") for key in keys]
                self._db.executemany(
                    "INSERT INTO damaged VALUES (?, CAST(? AS TEXT))", [(table, k) for k in raw]
                )
                self._db.executemany(
                    f"DELETE FROM {table} WHERE key = CAST(? AS TEXT)",  # noqa: S608
                    [(k,) for k in raw],
                )
        except sqlite3.Error as problem:
            raise self._unwritable(problem) from None

    def _unwritable(self, problem: sqlite3.Error) -> UserError:
        return UserError(
            f"cannot write to the verdict store {self.path}: {problem}; "
            "what was stored before is safe, and the same command goes on from there"
        )
