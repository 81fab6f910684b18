"""Samples without texts: CSV files of answers or of labels, as evaluations leave them behind.

Two layouts are read. One row a sample: ``problem_id``, and where known ``answer``, ``correct`` (0
or 1), ``score``, ``gold`` (the reference answer). One row a problem: ``problem_id`` and
``labels``, a string of 0 and 1 with one digit a sample. A column that tells runs apart (``model``,
``prompt``, ``run_id``, ``source``) makes a group of each of its values.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pairjudge_lab.datasets.pools import load_pools
from pairjudge_lab.files.csv_tables import read_csv
from pairjudge_lab.files.reading import number_of
from pairjudge_lab.records import Candidate, Pool, Problem, UserError

if TYPE_CHECKING:
    import pandas as pd

RUNS = ("model", "prompt", "run_id", "source")


def load_groups(
    source: str | Path, *, by: str | None = None, limit: int | None = None
) -> dict[str, list[Pool]]:
    """Pools by group: one group for pools with their texts, one a run for a ``.csv`` of samples.

    Parameters
    ----------
    by : str or None
        Of a ``.csv``, the column that tells runs apart; by default the first of ``model``,
        ``prompt``, ``run_id`` and ``source`` that is there.
    limit : int or None
        Only the first problems of each group.

    Raises
    ------
    UserError
        No such file or column, or a row that does not fit the layout.
    """
    path = Path(source)
    if path.suffix != ".csv":
        if by is not None:
            raise UserError("--by is for .csv files of samples; other pools are one group")
        return {"": load_pools(source, limit=limit)}
    table = read_csv(path)
    if {"problem", "text"} <= set(table):
        if by is not None:
            raise UserError("--by is for .csv files of samples; pools with texts are one group")
        return {"": load_pools(source, limit=limit)}  # its 'answer' is the problem's
    if "problem_id" not in table or not {"labels", "answer", "correct"} & set(table):
        raise UserError(
            f"{path}: a CSV of samples has problem_id and labels, or problem_id with answer or "
            f"correct; this one has {', '.join(map(str, table.columns))}"
        )
    if by is not None and by not in table:
        raise UserError(f"{path}: no column {by!r}; there are: {', '.join(table.columns)}")
    column = by or next((name for name in RUNS if name in table), None)
    if column is None:
        return {"": _pools(path, table, limit)}
    return {
        str(name): _pools(path, rows, limit) for name, rows in table.groupby(column, sort=False)
    }


def _pools(path: Path, table: pd.DataFrame, limit: int | None) -> list[Pool]:
    make = _from_labels if "labels" in table else _from_rows
    out: list[Pool] = []
    for name, rows in table.groupby("problem_id", sort=False):
        if limit is not None and len(out) >= limit:
            break
        out.append(make(path, str(name), rows))
    return out


def _from_labels(path: Path, name: str, rows: pd.DataFrame) -> Pool:
    labels = rows["labels"].iloc[0]
    where = f"{path}, row {rows.index[0] + 2}"
    if len(rows) > 1:
        raise UserError(f"{where}: problem {name!r} has {len(rows)} rows of labels; name its runs")
    if not labels or set(labels) - {"0", "1"}:
        raise UserError(f"{where}: labels are a string of 0 and 1; got {labels[:20]!r}")
    candidates = tuple(Candidate("", correct=label == "1") for label in labels)
    return Pool(Problem(name, ""), candidates)


def _from_rows(path: Path, name: str, rows: pd.DataFrame) -> Pool:
    candidates, gold = [], None
    for place, row in zip(rows.index, rows.to_dict("records"), strict=True):
        where = f"{path}, row {place + 2}"
        correct, score = row.get("correct", ""), row.get("score", "")
        if correct not in ("", "0", "1"):
            raise UserError(f"{where}: correct is 0, 1 or empty; got {correct!r}")
        number = None if score == "" else number_of(score, f"{where}: score, where not empty,")
        told = row.get("gold") or gold
        if gold is not None and told != gold:
            raise UserError(
                f"{where}: problem {name!r} has the gold answer {told!r:.60} here and "
                f"{gold!r:.60} before; which of them is right?"
            )
        gold = told
        candidates.append(
            Candidate(
                "",
                answer=row.get("answer") or None,
                correct=None if correct == "" else correct == "1",
                score=number,
            )
        )
    return Pool(Problem(name, "", gold), tuple(candidates))
