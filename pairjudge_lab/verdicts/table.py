"""Verdict tables: verdicts to rows, rows to verdicts, and the kind of each row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pairjudge_lab.records import Match, Status, UserError, Verdict, VerdictKind
from pairjudge_lab.verdicts.columns import COLUMNS, FIELDS, MATCH_COLUMNS, to_values

if TYPE_CHECKING:
    import pandas as pd


def table_row(
    judge: str, repetition: int, problem_id: str, a: int, b: int, verdict: Verdict
) -> tuple[Any, ...]:
    """One row of a verdict table, in the order of ``COLUMNS``; candidates are named by their index
    in the pool, as text."""
    known = dict(zip(FIELDS, to_values(verdict), strict=True))
    kind = verdict.kind
    known |= {"verdict": verdict.outcome, "kind": None if kind is None else kind.value}
    known |= zip(MATCH_COLUMNS, (judge, repetition, problem_id, str(a), str(b)), strict=True)
    return tuple(known[name] for name in COLUMNS)


def to_table(rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """A verdict table of the rows that ``table_row`` made."""
    import pandas as pd

    return normalise(pd.DataFrame(list(rows), columns=list(COLUMNS)))


def matches_table(
    judge: str, matches: Iterable[Match], verdicts: Iterable[Verdict]
) -> pd.DataFrame:
    """A verdict table of one judge's matches and their verdicts, in their order."""
    return to_table(
        table_row(judge, m.repetition, m.pool.problem.id, m.a, m.b, v)
        for m, v in zip(matches, verdicts, strict=True)
    )


def normalise(table: pd.DataFrame) -> pd.DataFrame:
    """The table with every column that the lab knows in its own dtype, and with a ``kind``.

    What a file format cannot hold comes back as it was written: labels that a CSV file keeps as
    ``True``, ``False`` and nothing, numbers that it keeps as text. A column ``kind`` is added to
    older tables, by the rule of ``row_kinds``.

    Raises
    ------
    UserError
        For a value that does not belong in its column, or see ``row_kinds``.
    """
    known = {name: field for name, field in FIELDS.items() if name in table}
    columns = {name: _column(table[name], field.dtype) for name, field in known.items()}
    new = table.assign(**columns)
    kinds = list(row_kinds(new))
    if "kind" in new:
        return new.assign(kind=kinds)
    new.insert(list(new.columns).index("verdict") + 1, "kind", kinds)
    return new


def row_kinds(table: pd.DataFrame) -> np.ndarray:
    """(rows,) ``labels``, ``preference``, or None where the verdict was not read.

    As the column ``kind`` says. Where it says nothing, which is so of tables written before there
    was one: labels where ``a_correct`` and ``b_correct`` hold values, else a preference. A table
    that has not even these columns holds labels where its judge ever says ``neither`` or gives two
    probabilities whose sum is above 1, which no judge of preference can, else preferences.

    Raises
    ------
    UserError
        For an unknown kind, or one that contradicts the labels of its row.
    """
    import pandas as pd

    read = (table["verdict"] != "invalid").to_numpy(dtype=bool)
    if {"a_correct", "b_correct"} <= set(table):
        labelled = (table["a_correct"].notna() & table["b_correct"].notna()).to_numpy(dtype=bool)
        has_labels = True
    else:
        said = table["verdict"] == "neither"
        if {"a_probability", "b_probability"} <= set(table):
            both = [pd.to_numeric(table[f"{x}_probability"], errors="coerce") for x in "ab"]
            said |= both[0] + both[1] > 1 + 1e-6
        by_judge = said.groupby(table["judge"]).transform("any") if "judge" in table else said.any()
        labelled = np.broadcast_to(np.asarray(by_judge, dtype=bool), len(table))
        has_labels = False
    labels, preference = (kind.value for kind in VerdictKind)
    kinds = np.where(labelled, labels, preference).astype(object)
    if "kind" in table:
        given = table["kind"].where(table["kind"].notna() & (table["kind"] != ""), None)
        there = given.notna().to_numpy()
        kinds[there] = given.to_numpy(dtype=object)[there]
        wrong = there & ~pd.Series(kinds).isin([k.value for k in VerdictKind]).to_numpy()
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise UserError(
                f"row {row + 1}: kind is {' or '.join(k.value for k in VerdictKind)}, or empty "
                f"where nothing could be read; got {kinds[row]!r}"
            )
        apart = read & there & has_labels & ((kinds == labels) != labelled)
        if apart.any():
            row = int(np.flatnonzero(apart)[0])
            raise UserError(
                f"row {row + 1}: its kind is {kinds[row]}, but a_correct and b_correct "
                f"{'hold' if labelled[row] else 'do not hold'} labels"
            )
    impossible = (kinds == preference) & (table["verdict"] == "neither").to_numpy()
    if impossible.any():
        row = int(np.flatnonzero(impossible)[0])
        raise UserError(
            f"row {row + 1}: a preference is A, B or tie; 'neither' is said by labels alone"
        )
    kinds[~read] = None
    return kinds


def table_kind(table: pd.DataFrame) -> VerdictKind | None:
    """The kind of a table's verdicts; None where none of them was read.

    Raises
    ------
    UserError
        When it holds both kinds.
    """
    found = sorted({kind for kind in row_kinds(table) if kind is not None})
    if len(found) > 1:
        raise UserError(
            "the table holds labels and preferences, which cannot be counted together; keep the "
            "rows of one kind (column 'kind')"
        )
    return VerdictKind(found[0]) if found else None


class TableVerdicts:
    """The rows of a verdict table as verdicts, made when they are asked for.

    Parameters
    ----------
    table : DataFrame
        With the columns that the lab writes; costs and probabilities may be absent.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        table = normalise(table)
        self._kinds = row_kinds(table)
        self._said = table["verdict"].tolist()
        # Lists of plain values: a cell of a table takes a hundred times as long to get.
        self._columns = {
            name: table[name].astype(object).where(table[name].notna(), None).tolist()
            for name in FIELDS
            if name in table
        }

    def __len__(self) -> int:
        return len(self._said)

    def __getitem__(self, row: int) -> Verdict:
        known = {name: column[row] for name, column in self._columns.items()}
        kind = self._kinds[row]
        read = kind is not None
        known["status"] = Status(known.get("status") or ("parsed" if read else "unparsed"))
        if kind == VerdictKind.PREFERENCE.value:
            known["preference"] = self._said[row]
        if kind == VerdictKind.LABELS.value and known.get("a_correct") is None:
            known["a_correct"] = self._said[row] in ("A", "tie")
            known["b_correct"] = self._said[row] in ("B", "tie")
        for name, field in FIELDS.items():
            if known.get(name) is None and not field.optional:
                known[name] = field.default
        return Verdict(**known)


def _texts(column: pd.Series) -> pd.Series:
    """A column of texts: numbers and booleans as they are written, as of an answer 0."""
    import pandas as pd

    if isinstance(column.dtype, pd.StringDtype):
        return column
    for row, value in enumerate(values := column.tolist(), 1):
        if not (value is None or value is pd.NA or isinstance(value, str | bool | int | float)):
            raise UserError(f"row {row}: {column.name} is a text; got {value!r:.60}")
    texts = [v if isinstance(v, str) else None if pd.isna(v) else str(v) for v in values]
    return pd.Series(texts, index=column.index, name=column.name, dtype=object)


_WORDS = {"True": True, "False": False, "true": True, "false": False, "1": True, "0": False}


def _column(column: pd.Series, dtype: str) -> pd.Series:
    """A column in the dtype that it was written with; text stays as it is."""
    import pandas as pd

    if column.dtype == dtype:
        return column
    if dtype == "str":
        return _texts(column)
    words = not pd.api.types.is_numeric_dtype(column.dtype)
    values = column.where(column.notna() & (column.astype(str) != ""), None) if words else column
    try:
        if dtype in ("bool", "boolean"):
            if words:
                values = values.map(lambda v: None if pd.isna(v) else _WORDS[str(v)])
            return values.astype("boolean")
        numbers: Any = pd.to_numeric(values)
        return cast("pd.Series", numbers.astype(dtype))
    except (KeyError, TypeError, ValueError):
        held = "True or False" if dtype in ("bool", "boolean") else "numbers"
        more = " in every row" if dtype.startswith("int") else ", or nothing"
        raise UserError(
            f"column {column.name!r} of the verdict table must hold {held}{more}"
        ) from None
