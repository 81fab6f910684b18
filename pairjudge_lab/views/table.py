"""A table that sorts by any of its columns."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.views.view import View, rendered

if TYPE_CHECKING:
    import pandas as pd


def view_table(frame: pd.DataFrame, *, digits: int = 3, caption: str = "") -> View:
    """A data frame whose columns sort when their heads are clicked, without its index.

    Numbers stand to the right with ``digits`` decimals (very small ones in powers of ten), an
    :class:`Estimate` shows its interval and sorts by its estimate, and what is missing is a dash
    that sorts last.
    """
    rows = [
        [_cell(value, digits) for value in line]
        for line in frame.itertuples(index=False, name=None)
    ]
    numeric = [
        all(row[i]["number"] or row[i]["text"] == "–" for row in rows)
        for i in range(len(frame.columns))
    ]
    heads = [{"text": str(c), "number": n} for c, n in zip(frame.columns, numeric, strict=True)]
    return rendered(
        "table.html.j2", frame.to_string(index=False), heads=heads, rows=rows, caption=caption
    )


def _cell(value: Any, digits: int) -> dict[str, Any]:
    if isinstance(value, Estimate):
        text = f"{value.estimate:.{digits}f}"
        if not math.isnan(value.low):
            text += f" [{value.low:.{digits}f}, {value.high:.{digits}f}]"
        return {"text": text, "key": _key(value.estimate), "number": True}
    if isinstance(value, numbers.Number) and value is not True and value is not False:
        number = float(value)  # type: ignore[arg-type]
        if math.isnan(number):
            return {"text": "–", "key": "", "number": True}
        if abs(number) < 1e-15:
            # What rounding leaves of a difference between equal numbers.
            number = 0.0
        whole, tiny = isinstance(value, numbers.Integral), 0 < abs(number) < 10 ** -max(digits, 3)
        text = f"{value}" if whole else f"{number:.1e}" if tiny else f"{number:.{digits}f}"
        return {"text": text, "key": _key(number), "number": True}
    if value is None:
        return {"text": "–", "key": "", "number": False}
    return {"text": str(value), "key": str(value), "number": False}


def _key(value: float) -> str:
    return "" if math.isnan(value) else repr(value)
