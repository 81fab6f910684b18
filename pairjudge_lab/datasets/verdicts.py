"""Verdict tables from and to files: the tidy table that every statistic reads.

One row a verdict: ``judge``, ``repetition``, ``problem_id``, ``response_a`` (shown first),
``response_b``, ``verdict`` (``A``, ``B``, ``tie``, ``neither``, ``invalid``); tables that the lab
wrote also have ``status``, ``a_correct``, ``b_correct``, the text and its cost.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".parquet", ".csv", ".jsonl")
NEEDED = ("problem_id", "response_a", "response_b", "verdict")
OUTCOMES = ("A", "B", "tie", "neither", "invalid")


def load_verdicts(path: str | Path) -> pd.DataFrame:
    """Read a verdict table.

    Raises:
        UserError: no such file, another format, a missing column, or an unknown verdict.
    """
    import pandas as pd

    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise UserError(f"{path}: verdicts come as {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        elif path.suffix == ".csv":
            table = pd.read_csv(path, dtype=dict.fromkeys(NEEDED, str), keep_default_na=False)
        else:
            table = pd.read_json(path, lines=True, dtype=dict.fromkeys(NEEDED, str))
    except (OSError, ValueError) as problem:
        raise UserError(f"cannot read {path}: {str(problem).splitlines()[0]}") from None
    absent = [c for c in NEEDED if c not in table]
    if absent:
        raise UserError(
            f"{path}: column {', '.join(absent)} missing; "
            f"it has {', '.join(map(str, table.columns))}"
        )
    strange = table.loc[~table["verdict"].isin(OUTCOMES), "verdict"]
    if len(strange):
        raise UserError(
            f"{path}, row {strange.index[0] + 1}: unknown verdict {strange.iloc[0]!r}; "
            f"a verdict is one of {', '.join(OUTCOMES)}"
        )
    return table


def save_verdicts(table: pd.DataFrame, path: Path) -> None:
    """Write a verdict table as ``.parquet``, ``.csv`` or ``.jsonl``, by the suffix."""
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False, compression="zstd", compression_level=15)
    elif path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        rows = json.loads(table.to_json(orient="records"))
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    else:
        raise UserError(f"{path}: verdicts are written as {', '.join(SUFFIXES)}")
