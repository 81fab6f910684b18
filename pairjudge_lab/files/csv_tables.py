"""CSV files that others wrote, as tables."""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.files.reading import reading, regular_file
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd


def read_csv(path: str | Path, dtype: Any = str, sep: str = ",") -> pd.DataFrame:
    """The table of a UTF-8 file with a header; an empty field is an empty text.

    Parameters
    ----------
    path : str or Path
        The file.
    dtype : type or mapping
        As in ``pandas.read_csv``.
    sep : str
        What stands between fields.

    Raises
    ------
    UserError
        A file that cannot be read, a column's name twice, or more fields in a row than the header
        has: pandas would leave the last ones out.
    """
    import pandas as pd

    with reading(path):
        file = regular_file(path)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            header = next((row for row in csv.reader(lines, delimiter=sep) if row), [])
        if not header:
            raise UserError(f"{path} is empty: a table begins with a row of column names")
        twice = [name for name, times in Counter(header).items() if name and times > 1]
        if twice:
            raise UserError(f"{path}: there are two columns {twice[0]!r:.60}; rename one of them")
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            try:
                return pd.read_csv(
                    file,
                    sep=sep,
                    dtype=dtype,
                    keep_default_na=False,
                    encoding="utf-8-sig",
                    index_col=False,
                )
            except pd.errors.ParserWarning:
                raise UserError(
                    f"{path}: a row has more fields than the header has names ({len(header)}); "
                    "a text with a comma, a quotation mark or a line break in it is put between "
                    "quotation marks"
                ) from None
