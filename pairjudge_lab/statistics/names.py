"""Names in a table: the same name is the same thing, however it is stored."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd


def codes_by_name(values: pd.Series, what: str) -> tuple[np.ndarray, list[str]]:
    """A number for each value, the same for the same name, and the names in order of appearance.

    Parameters
    ----------
    values : Series
        The names, as text or numbers.
    what : str
        The column they stand in, for the message.

    Raises
    ------
    UserError
        For a missing name.
    """
    import pandas as pd

    codes, found = pd.factorize(values)
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise UserError(
            f"row {row + 1}: the {what} is missing; every row needs one (fill it in, or leave the "
            "row out and say how many there were)"
        )
    back, names = pd.factorize(pd.Index([plain_name(value) for value in found], dtype=object))
    return np.asarray(back[codes]), [str(name) for name in names]


def plain_name(value: Any) -> str:
    """A name as text, in Unicode's composed form; a whole number without a decimal point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value))
