"""Verdict tables from and to files: the tidy table that every statistic reads.

One row a verdict: ``judge``, ``repetition``, ``problem_id``, ``response_a`` (shown first),
``response_b``, ``verdict`` (``A``, ``B``, ``tie``, ``neither``, ``invalid``), ``kind`` (``labels``
or ``preference``, see ``verdicts.table.row_kinds`` for tables without it); tables that the lab
wrote also have ``status``, ``a_correct``, ``b_correct``, the text and its cost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pairjudge_lab.datasets.rows import read_rows, text_of
from pairjudge_lab.embedded import is_shipped, shipped_path
from pairjudge_lab.files.csv_tables import read_csv
from pairjudge_lab.files.reading import reading, regular_file
from pairjudge_lab.files.spreadsheet import csv_text
from pairjudge_lab.files.writing import table_format, whole_file, write_whole
from pairjudge_lab.records import UserError
from pairjudge_lab.results import plain
from pairjudge_lab.verdicts.columns import FIELDS, MATCH_COLUMNS, NEEDED, OUTCOMES
from pairjudge_lab.verdicts.soundness import check_rows
from pairjudge_lab.verdicts.table import normalise

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset

    from pairjudge_lab.datasets.rows import Table

SUFFIXES = (".parquet", ".csv", ".jsonl")
TEXTS = (*NEEDED, "judge", "kind", "gold", *(f.name for f in FIELDS.values() if f.dtype == "str"))
"""Columns of text: a judge called 007 is not the number 7."""


def load_verdicts(
    source: Table,
    *,
    judge: str | None = None,
    columns: Mapping[str, str] | None = None,
    config: str | None = None,
    split: str | None = None,
    layout: str | None = None,
) -> pd.DataFrame:
    """Read a verdict table; ``embedded`` names the tiny judge's own, ``study`` those of real ones.

    Parameters
    ----------
    source : Table
        ``"embedded"``; ``"study"``; a name that ``pairjudge-lab datasets`` lists; the path of a
        file, also of another tool's result file (see ``adapters``); a hub id; or data in memory.
    judge : str or None
        Only this judge's verdicts.
    columns : mapping or None
        The lab's name of a column to the table's, as in ``{"verdict": "winner"}``.
    config, split : str or None
        Of a hub id.
    layout : str or None
        Of another tool's result file, where it is not recognised.

    Raises
    ------
    UserError
        No such file, another format, an absent column, an unknown name or judge, a dataset that
        cannot be fetched, or a table that ``check_verdicts`` refuses.

    Examples
    --------
    >>> from pairjudge_lab import load_verdicts
    >>> load_verdicts("embedded")["verdict"].isin(["A", "B", "tie", "neither", "invalid"]).all()
    np.True_
    """
    from pairjudge_lab.datasets.sources import other_verdicts

    other = other_verdicts(source, columns=columns, config=config, split=split, layout=layout)
    if other is not None:
        name = str(source) if isinstance(source, str | Path) else "the table"
        return _of_judge(check_verdicts(other, name), judge, name)
    assert isinstance(source, str | Path)
    name = str(source)
    path = shipped_path(name, "verdicts.parquet") if is_shipped(name) else Path(source)
    return _of_judge(_read_file(path), judge, name)


def _of_judge(table: pd.DataFrame, judge: str | None, where: str) -> pd.DataFrame:
    """The rows of one judge, or all of them."""
    if judge is None:
        return table
    judges = sorted(set(table["judge"])) if "judge" in table else []
    if judge not in judges:
        there = ", ".join(map(repr, judges)) or "none; the table has no column 'judge'"
        raise UserError(f"{where}: no verdicts of the judge {judge!r}; its judges are: {there}")
    return table[table["judge"] == judge].reset_index(drop=True)


def _read_file(path: Path) -> pd.DataFrame:
    """A file of the lab's own layout, checked."""
    import pandas as pd

    if path.suffix not in SUFFIXES:
        raise UserError(f"{path}: verdicts come as {', '.join(SUFFIXES)}")
    with reading(path):
        regular_file(path)
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        elif path.suffix == ".csv":
            table = read_csv(path, dtype=dict.fromkeys(TEXTS, str))
        else:
            table = pd.DataFrame([row.data for row in read_rows(path)])
            for name in {*NEEDED, "judge"} & set(table):
                table[name] = table[name].map(text_of)
        return check_verdicts(table, str(path))


def verdict_table(data: pd.DataFrame | Dataset) -> pd.DataFrame:
    """A verdict table from a frame or a ``datasets.Dataset`` in memory, checked like a file.

    Raises
    ------
    UserError
        See ``check_verdicts``.
    """
    import pandas as pd

    table = data if isinstance(data, pd.DataFrame) else cast("pd.DataFrame", data.to_pandas())
    return check_verdicts(table, "the table")


def check_verdicts(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """The table once it has been seen to be sound, its columns in their dtypes and with a kind.

    Raises
    ------
    UserError
        A missing column, an empty table, an unknown verdict, kind or gold, a kind that contradicts
        the labels, a response paired with itself, the same ordered pair twice in one repetition of
        a judge, or a row that contradicts itself (``verdicts.soundness.check_rows``).
    """
    absent = [c for c in NEEDED if c not in table]
    if absent:
        raise UserError(
            f"{where}: column {', '.join(absent)} missing; "
            f"it has {', '.join(map(str, table.columns))}"
        )
    if not len(table):
        raise UserError(f"{where}: there are no verdicts in it")

    for name in sorted({*MATCH_COLUMNS, *NEEDED, "status", "gold"} & set(table)):
        # Only columns of Python objects can hold lists; text has a dtype of its own.
        if table[name].dtype == object:
            for number, value in enumerate(table[name].tolist(), 1):
                if isinstance(value, list | dict | tuple | set):
                    raise UserError(f"{where}, row {number}: {name} is a text; got {value!r:.60}")

    def first(wrong: pd.Series) -> int | None:
        return int(np.flatnonzero(wrong.to_numpy())[0]) if wrong.any() else None

    row = first(~table["verdict"].isin(OUTCOMES))
    if row is not None:
        raise UserError(
            f"{where}, row {row + 1}: unknown verdict {table['verdict'].iloc[row]!r}; "
            f"a verdict is one of {', '.join(OUTCOMES)}"
        )
    if "gold" in table:
        row = first(~table["gold"].isin(["A", "B", "", None]) & table["gold"].notna())
        if row is not None:
            raise UserError(
                f"{where}, row {row + 1}: gold is A, B or empty; got {table['gold'].iloc[row]!r}"
            )
    row = first(table["response_a"].astype(str) == table["response_b"].astype(str))
    if row is not None:
        raise UserError(
            f"{where}, row {row + 1}: response {table['response_a'].iloc[row]!r} is paired with "
            "itself"
        )
    row = first(table.duplicated([c for c in MATCH_COLUMNS if c in table]))
    if row is not None:
        again = table.iloc[row]
        raise UserError(
            f"{where}, row {row + 1}: {again['response_a']!r} is shown before "
            f"{again['response_b']!r} of problem {again['problem_id']!r} a second time in one "
            "repetition; number repetitions in a column 'repetition', or keep one of them"
        )
    try:
        sound = normalise(table)
        check_rows(sound)
        return sound
    except UserError as problem:
        raise UserError(f"{where}, {problem}") from None


def verdict_costs(table: pd.DataFrame) -> dict[str, tuple[float, float]] | None:
    """By problem id, the mean tokens (read and written) and seconds of a verdict; None where the
    table does not say."""
    if not {"prompt_tokens", "completion_tokens", "seconds"} <= set(table):
        return None
    tokens = table["prompt_tokens"] + table["completion_tokens"]
    frame = table.assign(tokens=tokens)
    means = frame.groupby(frame["problem_id"].astype(str))[["tokens", "seconds"]].mean()
    return {
        str(name): (float(token), float(second))
        for name, token, second in means.itertuples(name=None)
    }


def save_verdicts(table: pd.DataFrame, path: Path, *, guard_formulas: bool = False) -> None:
    """Write a verdict table to a file.

    Parameters
    ----------
    table : DataFrame
        A verdict table.
    path : Path
        ``.parquet``, ``.csv`` or ``.jsonl``, by its suffix.
    guard_formulas : bool
        In a ``.csv``, as ``files.spreadsheet.csv_text`` does.

    Raises
    ------
    UserError
        Another suffix, or formulas to guard in a file that is no ``.csv``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from pairjudge_lab import load_verdicts, save_verdicts
    >>> file = Path(mkdtemp()) / "verdicts.csv"
    >>> save_verdicts(load_verdicts("embedded").head(10), file)
    >>> len(load_verdicts(file))
    10
    """
    if guard_formulas and path.suffix != ".csv":
        raise UserError(f"{path}: formulas are guarded in .csv files; no other kind runs them")
    if path.suffix == ".parquet":
        with whole_file(path) as new, table_format(path):
            table.to_parquet(new, index=False, compression="zstd", compression_level=15)
    elif path.suffix == ".csv":
        write_whole(path, csv_text(table, guard_formulas=guard_formulas))
    elif path.suffix == ".jsonl":
        values = table.astype(object).where(table.notna(), None).to_dict("records")
        with table_format(path):
            rows = [json.dumps(row, ensure_ascii=False, default=_of_json) for row in values]
        write_whole(path, "".join(f"{row}\n" for row in rows))
    else:
        raise UserError(f"{path}: verdicts are written as {', '.join(SUFFIXES)}")


def _of_json(value: Any) -> Any:
    """A value that JSON has no form for, of a column that is not the lab's."""
    if isinstance(value, bytes):
        raise UserError("a column of bytes cannot be written as .jsonl; .parquet holds them")
    return plain(value)
