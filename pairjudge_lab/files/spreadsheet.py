"""Tables as CSV: read back as they were, and on request nothing in them that a spreadsheet runs."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(table: pd.DataFrame, *, guard_formulas: bool = False) -> str:
    """A table as CSV, every text of it in quotation marks.

    Parameters
    ----------
    table : DataFrame
    guard_formulas : bool
        Put an apostrophe before texts that a spreadsheet would run as formulas: those that begin
        with ``=``, ``+``, ``-``, ``@``, a tab or a line end.
    """
    if guard_formulas:
        table = table.apply(_guarded).rename(columns=_guarded_cell)
    # Texts hold lone carriage returns, which are read back only from within quotation marks.
    return str(table.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"))


def _guarded(column: pd.Series) -> pd.Series:
    return column.map(_guarded_cell)


def _guarded_cell(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA else cell
