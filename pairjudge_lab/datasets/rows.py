"""Rows, from whatever holds them: files, data frames, Hugging Face datasets, lists of dicts.

A row is a plain dict. Nothing here knows what the columns mean; ``problems`` and ``tables`` do.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pairjudge_lab.files.csv_tables import read_csv
from pairjudge_lab.files.reading import json_lines, parse_json, read_text, reading, regular_file
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset

    Table: TypeAlias = str | Path | pd.DataFrame | Dataset | Sequence[Mapping[str, Any]]
    """What rows are taken from: the path of a file, a hub id, or data in memory."""

SUFFIXES = (".jsonl", ".json", ".parquet", ".csv", ".tsv")
"""The kinds of file that hold rows."""


_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its values by column, and where it stands, for error messages."""

    where: str
    data: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The path of the row's file, which ``where`` begins with."""
        return self.where.rpartition(", ")[0]


def is_hub_id(source: object) -> bool:
    """Whether a source is to be asked of the Hugging Face hub: ``owner/name``, and no file."""
    return (
        isinstance(source, str)
        and _HUB_ID.fullmatch(source) is not None
        and not source.endswith(SUFFIXES)
        and not Path(source).exists()
    )


def read_rows(
    source: Table, *, config: str | None = None, split: str | None = None
) -> Iterator[Row]:
    """The rows of a table.

    Parameters
    ----------
    source : str, Path, DataFrame, datasets.Dataset or list of dicts
        The path of a ``.jsonl``, ``.json`` (an array of objects), ``.parquet``, ``.csv`` or
        ``.tsv`` file; a dataset id of the Hugging Face hub, ``owner/name``; or data in memory.
    config, split : str, optional
        Of a hub id: its configuration and its split.

    Yields
    ------
    Row
        Values that are missing (NaN, an empty field of a CSV file) are None. Values of a CSV file
        are text.

    Raises
    ------
    UserError
        No such file, a kind of file that holds no rows, a file that cannot be read, or a hub id
        that cannot be fetched.
    """
    if isinstance(source, str) and is_hub_id(source):
        from pairjudge_lab.datasets.fetching import hub_dataset

        yield from _memory_rows(hub_dataset(source, config=config, split=split), source)
        return
    if config is not None or split is not None:
        raise UserError(
            "config and split are for dataset ids of the Hugging Face hub; got "
            f"{source if isinstance(source, str | Path) else type(source).__name__}"
        )
    if isinstance(source, str | Path):
        yield from _file_rows(Path(source))
    else:
        yield from _memory_rows(source, "the table")


def renamed(
    rows: Iterable[Row], columns: Mapping[str, str] | None, allowed: Sequence[str]
) -> Iterator[Row]:
    """Rows with some columns called as the lab calls them.

    Parameters
    ----------
    rows : iterable of Row
    columns : mapping, optional
        From the lab's name of a column to the table's, as in ``{"problem": "question"}``.
    allowed : sequence of str
        The lab's names that make sense here.

    Raises
    ------
    UserError
        A name that the lab does not know here, or a column that a row does not have; the message
        lists those that are there.
    """
    wanted = dict(columns or {})
    for ours in wanted:
        if ours not in allowed:
            raise UserError(f"no column {ours!r} to map to; there are: {', '.join(allowed)}")
    for row in rows:
        if not wanted:
            yield row
            continue
        data = dict(row.data)
        for ours, theirs in wanted.items():
            if theirs not in row.data:
                raise absent(row, [theirs])
            data[ours] = row.data[theirs]
            if theirs not in wanted and theirs in data and theirs != ours:
                del data[theirs]
        yield Row(row.where, data)


def absent(row: Row, names: Sequence[str], *, hint: str = "") -> UserError:
    """The error for columns that a row does not have: it lists those that it has."""
    there = [str(name) for name in row.data]
    near = [n for name in names for n in difflib.get_close_matches(name, there, n=1)]
    message = f"{row.where}: no column {', '.join(map(repr, names))}; there are: "
    message += listed(there) or "none"
    if near:
        message += f"; did you mean {' or '.join(map(repr, dict.fromkeys(near)))}?"
    return UserError(message + (f"; {hint}" if hint else ""))


def listed(names: Iterable[object]) -> str:
    """Names from a file, for one line of an error message: whatever stands in them, it stays one
    line, and not a long one."""
    texts = [str(name) for name in names]
    shown = [t if t.isprintable() and len(t) <= 60 else f"{t[:60]!r}..." for t in texts[:30]]
    more = f" and {len(texts) - 30} more" if len(texts) > 30 else ""
    return ", ".join(shown) + more


def column(row: Row, name: str) -> str:
    """A value that has to be there, as text.

    Raises
    ------
    UserError
        An absent column (those there are listed), or a missing value.
    """
    if name not in row.data:
        raise absent(row, [name], hint="the dataset may have changed since its layout was read")
    value = text_of(row.data[name])
    if value is None:
        raise UserError(f"{row.where}: {name} is empty")
    return value


def truth(row: Row, name: str, data: Mapping[str, Any] | None = None) -> bool:
    """A value of the row, or of an object in it, that says yes or no.

    Raises
    ------
    UserError
        Anything but true, false, 1 and 0: a label that is absent or misread is not a wrong one.
    """
    data = row.data if data is None else data
    if name not in data:
        raise absent(Row(row.where, data), [name])
    value = data[name]
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    raise UserError(f"{row.where}: {name} is true or false; got {value!r:.60}")


def text_of(value: Any) -> str | None:
    """A value as text; None where it is missing. Whole numbers are written without a point."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def answer_of(value: Any, where: str) -> str | None:
    """A reference answer as text.

    Raises
    ------
    UserError
        For a list or an object.
    """
    if isinstance(value, list | tuple | dict):
        raise UserError(f"{where}: answer is a text or a number; got {value!r:.60}")
    return text_of(value)


def parse_columns(pairs: Iterable[str]) -> dict[str, str]:
    """A column mapping from texts such as ``problem=question``.

    Raises
    ------
    UserError
        A text without ``=``, or one of the lab's names twice.
    """
    out: dict[str, str] = {}
    for pair in pairs:
        ours, sign, theirs = pair.partition("=")
        if not sign or not ours or not theirs:
            raise UserError(f"--column takes OURS=THEIRS, such as problem=question; got {pair!r}")
        if ours in out:
            raise UserError(f"--column names {ours!r} twice: {out[ours]!r} and {theirs!r}")
        out[ours] = theirs
    return out


def _memory_rows(source: Any, name: str) -> Iterator[Row]:
    if hasattr(source, "to_dict") and hasattr(source, "columns"):  # a data frame
        rows: Iterable[Any] = source.to_dict("records")
    elif isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise UserError(
            "rows come as a data frame, a datasets.Dataset (one split of it), a list of dicts, or "
            f"the path of a file; got {type(source).__name__}"
        )
    else:
        rows = source
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise UserError(f"{name}, row {number}: a row is a dict; got {type(row).__name__}")
        yield Row(f"{name}, row {number}", {str(k): _plain(v) for k, v in row.items()})


def _plain(value: Any) -> Any:
    """None for what pandas calls missing; lists for arrays; Python's own numbers for numpy's; also
    inside lists and objects."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, float) and value != value:
        return None
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def _file_rows(path: Path) -> Iterator[Row]:
    if path.suffix not in SUFFIXES:
        raise UserError(
            f"{path}: rows come as {', '.join(SUFFIXES)}; got {path.suffix or 'no suffix'!r}"
        )
    regular_file(path)
    with reading(path):
        if path.suffix == ".jsonl":
            yield from _jsonl_rows(path)
        elif path.suffix == ".json":
            yield from _json_rows(path)
        elif path.suffix == ".parquet":
            yield from _parquet_rows(path)
        else:
            yield from _csv_rows(path)


def _jsonl_rows(path: Path) -> Iterator[Row]:
    for where, data in json_lines(path):
        if not isinstance(data, dict):
            raise UserError(f"{where}: a row is an object; got {type(data).__name__}")
        yield Row(where, data)


def _json_rows(path: Path) -> Iterator[Row]:
    data = parse_json(read_text(path), str(path))
    if not isinstance(data, list):
        raise UserError(
            f"{path}: rows are an array of objects; got {type(data).__name__} at the top"
        )
    yield from _memory_rows(data, str(path))


def _parquet_rows(path: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    number = 0
    for batch in pq.ParquetFile(path).iter_batches(1024):
        for data in batch.to_pylist():
            number += 1
            yield Row(f"{path}, row {number}", {k: _plain(v) for k, v in data.items()})


def _csv_rows(path: Path) -> Iterator[Row]:
    table = read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
    for number, data in enumerate(table.to_dict("records"), 1):
        values = {str(k): (None if v == "" else v) for k, v in data.items()}
        yield Row(f"{path}, row {number}", values)
