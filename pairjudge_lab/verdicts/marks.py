"""Verdicts that are worth a look: flipped by order, wrong and sure, unparsed, judges disagree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.records import Pool, UserError, VerdictKind
from pairjudge_lab.verdicts.columns import NEEDED
from pairjudge_lab.verdicts.table import row_kinds

if TYPE_CHECKING:
    import pandas as pd

MARKS = ("flipped by order", "wrong and sure", "unparsed", "judges disagree")
"""The columns of ``verdict_marks``."""

_TURNED = {"A": "B", "B": "A"}


def verdict_marks(
    table: pd.DataFrame, pools: Sequence[Pool] = (), *, sure: float = 0.9
) -> pd.DataFrame:
    """Marks of every verdict, each true, false, or unknown (``<NA>``).

    Parameters
    ----------
    table : DataFrame
        A verdict table.
    pools : sequence of Pool
        Which candidates are correct, where that is known; candidates are named by their index.
    sure : float
        A verdict is sure where the judge gave what it said at least this probability.

    Returns
    -------
    DataFrame
        Columns ``MARKS`` of dtype ``boolean``, the rows as in ``table``. ``flipped by order``: the
        same judge says another thing of the pair shown the other way round; unknown where one of
        the two is missing or was not read. ``wrong and sure``: it calls a wrong response correct, a
        correct one wrong, or the wrong one of the two better, and is sure of it; unknown without
        truth or probabilities. ``unparsed``: no verdict was read, for whatever reason. ``judges
        disagree``: two judges of one kind say different things of the same ordered pair; unknown
        where fewer than two were read.

    Raises
    ------
    UserError
        When a column is missing, or ``sure`` is no probability.
    """
    import pandas as pd

    absent = [name for name in NEEDED if name not in table]
    if absent:
        raise UserError(f"column {', '.join(absent)} missing from the verdict table")
    if not 0.0 <= sure <= 1.0:
        raise UserError(f"sure is a probability from 0 to 1; got {sure}")
    read = (table["verdict"] != "invalid").to_numpy(dtype=bool)
    frame = pd.DataFrame(
        {
            "judge": table["judge"].astype(str) if "judge" in table else "judge",
            "repetition": table.get("repetition", 0),
            "problem": table["problem_id"].astype(str),
            "a": table["response_a"].astype(str),
            "b": table["response_b"].astype(str),
            "said": table["verdict"].where(read),
            "kind": row_kinds(table),
        }
    ).reset_index(drop=True)
    marks = {
        "flipped by order": _flipped(frame),
        "wrong and sure": _wrong_and_sure(table, frame, pools, sure),
        "unparsed": pd.array(~read, dtype="boolean"),
        "judges disagree": _disagreed(frame),
    }
    return pd.DataFrame(marks, index=table.index)


def _flipped(frame: pd.DataFrame) -> Any:
    names = ["judge", "repetition", "problem"]
    seen = frame[[*names, "a", "b", "said"]]
    turned = seen.rename(columns={"a": "b", "b": "a", "said": "other"})
    turned = turned.drop_duplicates([*names, "a", "b"])
    both = seen.merge(turned, how="left", on=[*names, "a", "b"])
    other = both["other"].map(lambda word: _TURNED.get(word, word))
    return _known(both["said"] != other, both["said"].notna() & other.notna())


def _disagreed(frame: pd.DataFrame) -> Any:
    # What one judge says in several repetitions is no disagreement among judges.
    rows = frame.groupby(["problem", "a", "b", "repetition", "kind"], dropna=False)
    judges = rows["judge"].transform("nunique")
    return _known(rows["said"].transform("nunique") > 1, (judges > 1) & frame["said"].notna())


def _wrong_and_sure(
    table: pd.DataFrame, frame: pd.DataFrame, pools: Sequence[Pool], sure: float
) -> Any:
    import pandas as pd

    truth = {
        (pool.problem.id, str(i)): candidate.correct
        for pool in pools
        for i, candidate in enumerate(pool.candidates)
    }
    found: list[bool | None] = []
    for row, (problem, a, b, said, kind) in enumerate(
        zip(*(frame[c] for c in ("problem", "a", "b", "said", "kind")), strict=True)
    ):
        right = truth.get((problem, a)), truth.get((problem, b))
        shares = [
            float(table[c].iloc[row]) if c in table and pd.notna(table[c].iloc[row]) else np.nan
            for c in ("a_probability", "b_probability")
        ]
        found.append(_wrong(said, kind, right, shares, sure) if isinstance(said, str) else None)
    return pd.array(found, dtype="boolean")


def _wrong(
    said: str,
    kind: str | None,
    right: tuple[bool | None, bool | None],
    shares: Sequence[float],
    sure: float,
) -> bool | None:
    if kind == VerdictKind.PREFERENCE.value:
        place = {"A": 0, "B": 1}.get(said)
        if place is None or None in right or np.isnan(shares[place]):
            return None
        return bool(right[1 - place] and not right[place] and shares[place] >= sure)
    labels = said in ("A", "tie"), said in ("B", "tie")
    judged = [
        label != truth and (share if label else 1 - share) >= sure
        for label, truth, share in zip(labels, right, shares, strict=True)
        if truth is not None and not np.isnan(share)
    ]
    return any(judged) if judged else None


def _known(values: pd.Series, known: pd.Series) -> Any:
    """Truth values that are unknown where nothing is known."""
    return values.astype("boolean").where(known).array
