"""The columns of a verdict table, taken from the fields of ``Verdict``.

A new field of ``Verdict`` is a new column of every table and of the store; nothing else has to be
changed. ``preference`` has no column of its own: it is the column ``verdict`` where ``kind`` is
``preference``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from pairjudge_lab.records import Status, Verdict


@dataclass(frozen=True, slots=True)
class VerdictField:
    """One field of ``Verdict``, as a column.

    Attributes
    ----------
    name : str
        Of the field and of the column.
    optional : bool
        Whether it can be unknown (None).
    dtype : str
        Of the column in a pandas table.
    sql : str
        SQLite's type with its constraint, for ``CREATE TABLE``.
    default
        The value of rows written before the field existed.
    """

    name: str
    optional: bool
    dtype: str
    sql: str
    default: Any


# By type: the column's dtype where a value is always known and where it may not be; SQLite's type.
_TYPES: dict[type, tuple[str, str, str]] = {
    str: ("str", "str", "TEXT"),
    bool: ("bool", "boolean", "INTEGER"),
    int: ("int64", "Int64", "INTEGER"),
    float: ("float64", "float64", "REAL"),
    Status: ("str", "str", "TEXT"),
}


def _fields() -> dict[str, VerdictField]:
    hints = get_type_hints(Verdict)
    found = {}
    for one in fields(Verdict):
        parts = getattr(hints[one.name], "__args__", (hints[one.name],))
        optional = type(None) in parts
        (kind,) = (part for part in parts if part is not type(None))
        sure, unsure, sql = _TYPES[kind]
        default = None if one.default is MISSING else one.default
        found[one.name] = VerdictField(
            one.name,
            optional,
            unsure if optional else sure,
            sql if optional else f"{sql} NOT NULL",
            default,
        )
    return found


FIELDS: dict[str, VerdictField] = _fields()
"""Every field of ``Verdict`` by name, in its order."""

MATCH_COLUMNS = ("judge", "repetition", "problem_id", "response_a", "response_b")
"""Who judged what: these columns together name a verdict."""

COLUMNS = (*MATCH_COLUMNS, "verdict", "kind", *(name for name in FIELDS if name != "preference"))
"""The columns of a verdict table that the lab writes."""

NEEDED = ("problem_id", "response_a", "response_b", "verdict")
"""The columns that every verdict table must have."""

OUTCOMES = ("A", "B", "tie", "neither", "invalid")
"""What the column ``verdict`` may hold; ``neither`` only where the kind is ``labels``."""


def to_values(verdict: Verdict) -> tuple[Any, ...]:
    """A verdict's fields as plain values, in the order of ``FIELDS``."""
    return tuple(
        value.value if isinstance(value, Status) else value
        for value in (getattr(verdict, name) for name in FIELDS)
    )


def from_values(values: Sequence[Any]) -> Verdict:
    """The verdict whose fields ``to_values`` gave; SQLite's 0 and 1 become labels again."""
    known = dict(zip(FIELDS, values, strict=True))
    known["status"] = Status(known["status"])
    for name in ("a_correct", "b_correct"):
        known[name] = None if known[name] is None else bool(known[name])
    return Verdict(**known)
