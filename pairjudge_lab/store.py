"""Verdicts kept on disk: nothing is judged twice, nothing is lost.

A verdict's key is a digest of everything that could change it: the judge's identity (weights,
template, decoding), the question, both texts in order, and the repetition. A batch of verdicts is
one SQLite transaction, so a process killed at any moment costs the batch in flight and no more. A
verdict that *failed* (no model ever answered) is not an answer and is never kept.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pairjudge_lab.records import Match, Status, UserError, Verdict
from pairjudge_lab.verdicts.columns import FIELDS, from_values, to_values
from pairjudge_lab.verdicts.table import table_row, to_table

if TYPE_CHECKING:
    import pandas as pd

_SCHEMA = """
CREATE TABLE IF NOT EXISTS judges (digest TEXT PRIMARY KEY, identity TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS verdicts (
    key TEXT PRIMARY KEY,
    judge TEXT NOT NULL REFERENCES judges (digest),
    problem_id TEXT NOT NULL,
    response_a INTEGER NOT NULL,
    response_b INTEGER NOT NULL,
    repetition INTEGER NOT NULL,
    {fields}
) STRICT, WITHOUT ROWID;
""".format(fields=",\n    ".join(f"{field.name} {field.sql}" for field in FIELDS.values()))
VERSION = 3
_ANSWER = ", ".join(FIELDS)


def judge_digest(identity: Mapping[str, Any]) -> str:
    """A short name for a judge's identity, equal for equal identities in any key order."""
    canonical = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def verdict_key(digest: str, match: Match) -> str:
    """The key of a match's verdict under the judge with this digest."""
    parts = [digest, match.question, match.response_a, match.response_b, match.repetition]
    return hashlib.sha256(
        json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()


class Store:
    """Verdicts in one SQLite file; ``:memory:`` keeps them for the process only.

    Raises:
        UserError: when the file cannot be opened, is no store, or is of another version.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.path = str(path)
        try:
            self._db = sqlite3.connect(self.path, timeout=60)
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if version not in (0, VERSION) or (version == 0 and tables):
                raise UserError(
                    f"{path} is not a verdict store of this version; move it away or name "
                    "another file"
                )
            self._db.execute("PRAGMA journal_mode = WAL")
            # WAL with NORMAL survives a killed process; only a power cut could lose the last batch.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        except sqlite3.Error as problem:
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
        self._db.close()

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM verdicts").fetchone()[0])

    def get(self, keys: Sequence[str]) -> dict[str, Verdict]:
        """The verdicts that are known, by key."""
        found: dict[str, Verdict] = {}
        for begin in range(0, len(keys), 500):
            some = keys[begin : begin + 500]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, {_ANSWER} FROM verdicts WHERE key IN ({marks})"  # noqa: S608
            found.update((key, from_values(row)) for key, *row in self._db.execute(query, some))
        return found

    def put(self, identity: Mapping[str, Any], rows: Iterable[tuple[str, Match, Verdict]]) -> None:
        """Keep verdicts, all or none; the first verdict kept for a key stays."""
        digest = judge_digest(identity)
        records = [
            (
                key,
                digest,
                match.pool.problem.id,
                match.a,
                match.b,
                match.repetition,
                *map(_storable, to_values(verdict)),
            )
            for key, match, verdict in rows
            if verdict.status is not Status.FAILED
        ]
        try:
            with self._db:
                self._db.execute(
                    "INSERT OR IGNORE INTO judges VALUES (?, ?)",
                    (digest, json.dumps(identity, sort_keys=True, ensure_ascii=False)),
                )
                marks = ",".join("?" * (6 + len(FIELDS)))
                statement = f"INSERT OR IGNORE INTO verdicts VALUES ({marks})"  # noqa: S608
                self._db.executemany(statement, records)
        except sqlite3.Error as problem:
            raise UserError(
                f"cannot write to the verdict store {self.path}: {problem}; "
                "what was stored before is safe, and the same command goes on from there"
            ) from None

    def forget(self, *statuses: Status) -> int:
        """Drop verdicts with these statuses, so that they are judged again; returns how many."""
        with self._db:
            marks = ",".join("?" * len(statuses))
            statement = f"DELETE FROM verdicts WHERE status IN ({marks})"  # noqa: S608
            done = self._db.execute(statement, [s.value for s in statuses])
        return done.rowcount

    def table(self) -> pd.DataFrame:
        """Everything as a verdict table, one row a verdict; see ``verdicts.columns``."""
        names = ", ".join(f"v.{name}" for name in FIELDS)
        query = (
            "SELECT j.identity, v.repetition, v.problem_id, v.response_a, v.response_b, "  # noqa: S608
            f"{names} FROM verdicts v JOIN judges j ON j.digest = v.judge "
            "ORDER BY j.digest, v.problem_id, v.repetition, v.response_a, v.response_b"
        )
        rows = []
        for identity, rep, problem, a, b, *answer in self._db.execute(query):
            name = str(json.loads(identity).get("name", "judge"))
            rows.append(table_row(name, rep, problem, a, b, from_values(answer)))
        return to_table(rows)


def _storable(value: Any) -> Any:
    """A field as SQLite can keep it: a lone surrogate cannot be stored as UTF-8."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
