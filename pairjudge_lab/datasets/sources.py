"""What ``load_pools`` and ``load_verdicts`` take besides files of the lab's own layout.

Names that ``pairjudge-lab datasets`` lists, hub ids, data in memory, other kinds of file, tables
whose columns are called otherwise, and other tools' result files.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pairjudge_lab.datasets.registry import find, is_name
from pairjudge_lab.datasets.rows import SUFFIXES, absent, is_hub_id, read_rows, renamed
from pairjudge_lab.embedded import is_shipped
from pairjudge_lab.records import Pool, UserError

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.datasets.rows import Table

VERDICT_COLUMNS = (
    "judge", "repetition", "problem_id", "response_a", "response_b", "verdict", "gold", "kind",
    "a_correct", "b_correct", "text",
)  # fmt: skip
"""The columns of a verdict table that a mapping may name."""


def other_pools(
    source: Table,
    *,
    columns: Mapping[str, str] | None = None,
    config: str | None = None,
    split: str | None = None,
    limit: int | None = None,
) -> list[Pool] | None:
    """Pools from whatever is no file of the lab's own layout; None where it is one.

    Raises
    ------
    UserError
        See ``tables.pools_from`` and ``registry.find``.
    """
    from pairjudge_lab.datasets.tables import pools_from

    if isinstance(source, str) and is_name(source):
        known = find(source, "pools")
        return list(islice(known.records(), limit))
    if isinstance(source, str | Path) and not is_hub_id(source):
        suffix = Path(source).suffix
        if suffix not in SUFFIXES and not is_shipped(source):
            raise UserError(
                f"{source}: pools come as {', '.join(SUFFIXES)}, as 'embedded' or 'study', as a "
                f"name that 'pairjudge-lab datasets' lists, or as a hub id; got "
                f"{suffix or 'no suffix'!r}"
            )
    ours = isinstance(source, str | Path) and Path(source).suffix in (".jsonl", ".parquet")
    plain = columns is None and config is None and split is None
    if is_shipped(source):
        return None
    if ours and plain and not is_hub_id(source) and _has(Path(str(source)), "candidates"):
        return None
    return pools_from(source, columns=columns, config=config, split=split, limit=limit)


def other_verdicts(
    source: Table,
    *,
    columns: Mapping[str, str] | None = None,
    config: str | None = None,
    split: str | None = None,
    layout: str | None = None,
) -> pd.DataFrame | None:
    """A verdict table, not yet checked, from whatever is no file of the lab's own layout; None
    where it is one.

    Raises
    ------
    UserError
        An unknown name or layout, or a column that is absent.
    """
    import pandas as pd

    from pairjudge_lab.datasets.adapters import read_layout, recognise

    if isinstance(source, str) and is_name(source):
        known = find(source, "verdicts")
        return pd.DataFrame(list(known.records()))
    if isinstance(source, str | Path) and not is_shipped(source) and not is_hub_id(source):
        path = Path(source)
        if layout is not None and columns is not None:
            raise UserError("a layout names its own columns; give it, or columns, and not both")
        layout = layout or (recognise(path) if columns is None else None)
        if layout is not None:
            return pd.DataFrame(read_layout(path, layout))
        if columns is None and config is None and split is None:
            return None
    elif layout is not None:
        raise UserError("a layout is for files; this is none")
    if is_shipped(source):
        return None
    rows = list(renamed(read_rows(source, config=config, split=split), columns, VERDICT_COLUMNS))
    if rows:
        missing = [
            name
            for name in ("problem_id", "response_a", "response_b", "verdict")
            if name not in rows[0].data
        ]
        if missing:
            raise absent(
                rows[0], missing, hint="map columns where they are called otherwise: verdict=winner"
            )
    return pd.DataFrame([row.data for row in rows])


def _has(path: Path, name: str) -> bool:
    """Whether a file's first row has that column; also where the file cannot be read, so that its
    own reader says why."""
    try:
        first = next(iter(read_rows(path)), None)
    except UserError:
        return True
    layouts = ("text", "chosen", "response_a")
    return first is None or name in first.data or not any(n in first.data for n in layouts)
