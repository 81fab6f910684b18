"""What the store keeps, as values of SQLite and back, all or nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.store.schema import COMPLETION, checksum


def sound_row(
    values: Sequence[Any], check: int | None, build: Callable[[Sequence[Any]], Any]
) -> Any:
    """What a row holds; None where it is not what was written."""
    try:
        return build(values) if check == checksum(values) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def storable(value: Any) -> Any:
    """A field as SQLite can keep it: a lone surrogate cannot be stored as UTF-8."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def identity_text(identity: Mapping[str, Any]) -> str:
    """A judge's or an engine's identity, the same text for the same identity."""
    return str(storable(json.dumps(identity, sort_keys=True, ensure_ascii=False)))


def read_identity(text: str) -> dict[str, Any] | None:
    """An identity as it was written; None where it was damaged."""
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def completion_values(completion: Completion) -> tuple[Any, ...]:
    """The columns of a completion."""
    values = {name: getattr(completion, name) for name in COMPLETION}
    values["labels"] = json.dumps(values["labels"])
    return tuple(map(storable, values.values()))


def completion_of(values: Sequence[Any]) -> Completion:
    """The completion that these columns hold."""
    known = dict(zip(COMPLETION, values, strict=True))
    shares = json.loads(known["labels"])
    known["labels"] = tuple(None if share is None else tuple(share) for share in shares)
    return Completion(**known)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # A full disk ends the transaction by itself.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
