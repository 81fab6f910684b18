"""Whether the columns of a verdict table agree: status, labels, probabilities and verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import Status, UserError

if TYPE_CHECKING:
    import pandas as pd


def check_rows(table: pd.DataFrame) -> None:
    """See that every row says one thing.

    Parameters
    ----------
    table : DataFrame
        A verdict table whose columns have their dtypes; see ``verdicts.table.normalise``.

    Raises
    ------
    UserError
        A row without its problem, a response or, where there are judges, the name of its judge; an
        unknown status; a verdict that was read and its status denies it, or the reverse; one label
        without the other; labels that make another verdict; labels or a probability of a verdict
        that was not read; a probability outside [0, 1]; tokens or seconds that are negative or
        infinite.
    """
    verdict = table["verdict"].astype(object)
    read = (verdict != "invalid").to_numpy(dtype=bool)
    for name in ("problem_id", "response_a", "response_b"):
        unnamed = table[name].isna() | (table[name].astype(object) == "")
        _refuse(unnamed.to_numpy(dtype=bool), f"the {name} is missing")
    if "judge" in table:
        _refuse(table["judge"].isna().to_numpy(), "the name of its judge is missing")
    if "status" in table:
        status = table["status"].astype(object)
        there = (status.notna() & (status != "")).to_numpy(dtype=bool)
        names = [one.value for one in Status]
        _refuse(
            there & ~status.isin(names).to_numpy(),
            f"unknown status {{}}; a status is one of {', '.join(names)}",
            status,
        )
        parsed = (status == Status.PARSED.value).to_numpy(dtype=bool)
        _refuse(
            there & read & ~parsed,
            f"its verdict is {{}}, but its status says that none was read; such a verdict is "
            f"'invalid', and the status of one that was read is {Status.PARSED.value!r}",
            verdict,
        )
        _refuse(there & ~read & parsed, "its status is 'parsed', but its verdict is {}", verdict)
    if {"a_correct", "b_correct"} <= set(table):
        a, b = (table[f"{x}_correct"].astype("boolean") for x in "ab")
        both = (a.notna() & b.notna()).to_numpy(dtype=bool)
        _refuse((a.notna() ^ b.notna()).to_numpy(dtype=bool), "one of its two labels is missing")
        _refuse(both & ~read, "a verdict that was not read has no labels")
        first, second = (column.fillna(value=False).to_numpy(dtype=bool) for column in (a, b))
        said = np.array(["neither", "B", "A", "tie"], object)[2 * first + second]
        other = both & read & (verdict.to_numpy() != said)
        _refuse(other, "its verdict is {}, but its labels make another one", verdict)
    for name in ("a_probability", "b_probability"):
        if name in table:
            values = table[name].to_numpy(dtype=float, na_value=np.nan)
            known = ~np.isnan(values)
            _refuse(known & ~read, f"a verdict that was not read has no {name}")
            _refuse(
                known & ~((values >= 0) & (values <= 1)),
                f"{name} lies between 0 and 1; got {{}}",
                table[name],
            )
    _costs(table)


def _costs(table: pd.DataFrame) -> None:
    for name in ("prompt_tokens", "completion_tokens", "seconds"):
        if name in table:
            values = table[name].to_numpy(dtype=float, na_value=np.nan)
            known = ~np.isnan(values)
            _refuse(
                known & ~((values >= 0) & np.isfinite(values)),
                f"{name} is a finite number that is not negative; got {{}}",
                table[name],
            )


def _refuse(wrong: np.ndarray, says: str, of: pd.Series | None = None) -> None:
    """Refuse a table with a wrong row, naming the first."""
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        got = "" if of is None else f"{of.iloc[row]!r:.60}"
        raise UserError(f"row {row + 1}: {says.format(got)}")
