"""Problems in and out: the first half of a Best-of-N study.

One row a problem: ``problem_id`` (the row's number where there is none), ``problem``, and where
known ``answer``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.datasets.registry import find, is_name
from pairjudge_lab.datasets.rows import absent, answer_of, read_rows, renamed, text_of
from pairjudge_lab.embedded import is_shipped
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.files.spreadsheet import csv_text
from pairjudge_lab.files.writing import whole_file, write_whole
from pairjudge_lab.records import Problem, UserError
from pairjudge_lab.word_problems import FAMILIES, HELD_OUT, draw_problems

if TYPE_CHECKING:
    from datasets import Dataset

    from pairjudge_lab.datasets.rows import Table

COLUMNS = ("problem_id", "problem", "answer")
WORD_PROBLEMS: dict[str, tuple[int, tuple[str, ...]]] = {
    "word-problems": (300, tuple(FAMILIES)),
    "word-problems-training": (3000, tuple(name for name in FAMILIES if name not in HELD_OUT)),
    "word-problems-held-out": (300, HELD_OUT),
}
"""Names of the lab's own word problems: how many, and of which families; always the same ones.
Nothing is trained on the families held out."""
HINT = "name the column that holds it: columns={'problem': ...} or --column problem=..."


def load_problems(
    source: Table = "embedded",
    *,
    columns: Mapping[str, str] | None = None,
    config: str | None = None,
    split: str | None = None,
    limit: int | None = None,
) -> list[Problem]:
    """Problems by name, from a file, from the Hugging Face hub, or from data in memory.

    Parameters
    ----------
    source : str, Path, DataFrame, datasets.Dataset or list of dicts
        A name that ``pairjudge-lab datasets`` lists (``"math-500"``); ``"embedded"``, the problems
        of the pools that ship with the lab; ``"word-problems"``, ``"word-problems-training"`` or
        ``"word-problems-held-out"``, the lab's own (see ``word_problems``); the path of a
        ``.jsonl``, ``.json``, ``.parquet``, ``.csv`` or ``.tsv`` file; a hub id such as
        ``"openai/gsm8k"``; or data in memory.
    columns : mapping, optional
        The lab's name of a column to the table's: ``{"problem": "question"}``.
    config, split : str, optional
        Of a hub id: its configuration and its split.
    limit : int, optional
        Only the first problems.

    Returns
    -------
    list of Problem

    Raises
    ------
    UserError
        An unknown name (near ones are listed), a column that is absent (those there are listed), a
        row without a problem, one problem id twice, no rows, or a dataset that cannot be fetched.

    Examples
    --------
    >>> from pairjudge_lab import load_problems
    >>> rows = [{"question": "What is 2 + 3?", "answer": 5}]
    >>> load_problems(rows, columns={"problem": "question"})
    [Problem(id='0', question='What is 2 + 3?', answer='5')]
    """
    if isinstance(source, str) and is_shipped(source):
        from pairjudge_lab.datasets.pools import load_pools

        return [pool.problem for pool in load_pools(source, limit=limit)]
    if isinstance(source, str) and source in WORD_PROBLEMS:
        count, families = WORD_PROBLEMS[source]
        drawn = draw_problems(count, families=families)
        return [one.problem() for one in drawn[:limit]]
    if isinstance(source, str) and is_name(source):
        known = find(source, "problems")
        return list(islice(known.records(), limit))
    out: list[Problem] = []
    seen: dict[str, str] = {}
    for number, row in enumerate(
        renamed(read_rows(source, config=config, split=split), columns, COLUMNS)
    ):
        if limit is not None and len(out) >= limit:
            break
        problem = problem_of(row.data, row.where, str(number))
        if problem is None:
            raise absent(row, ["problem"], hint=HINT)
        if problem.id in seen:
            raise UserError(
                f"{row.where}: the problem id {problem.id!r} was already used "
                f"({seen[problem.id]}); ids must be different"
            )
        seen[problem.id] = row.where
        out.append(problem)
    if not out:
        raise UserError(
            f"{source if isinstance(source, str | Path) else 'the table'} holds no problems"
        )
    return out


def problem_of(data: Mapping[str, Any], where: str, number: str) -> Problem | None:
    """The problem of a row, or None where it has no column ``problem``.

    Raises
    ------
    UserError
        A problem that is no text, or empty.
    """
    if "problem" not in data:
        return None
    question = data["problem"]
    if not isinstance(question, str) or not question.strip():
        raise UserError(f"{where}: a problem is a text that is not empty; got {question!r:.60}")
    name = text_of(data.get("problem_id"))
    return Problem(number if name is None else name, question, answer_of(data.get("answer"), where))


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems as rows, with the columns that ``load_problems`` reads."""
    return [{"problem_id": p.id, "problem": p.question, "answer": p.answer} for p in problems]


def problems_to_dataset(problems: Sequence[Problem]) -> Dataset:
    """Problems as a ``datasets.Dataset``; ``load_problems`` reads it back."""
    with naming_extras():
        from datasets import Dataset, Features, Value

    text = Features({name: Value("string") for name in COLUMNS})
    return Dataset.from_list(problem_rows(problems), features=text)


def save_problems(problems: Sequence[Problem], path: Path, *, guard_formulas: bool = False) -> None:
    """Write problems to a file.

    Parameters
    ----------
    problems : sequence of Problem
    path : Path
        ``.jsonl``, ``.parquet`` or ``.csv``, by its suffix.
    guard_formulas : bool
        Whether cells that a spreadsheet would run are made harmless, in ``.csv`` alone.

    Raises
    ------
    UserError
        Another suffix.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from pairjudge_lab import Problem, load_problems, save_problems
    >>> file = Path(mkdtemp()) / "problems.jsonl"
    >>> save_problems([Problem("p1", "What is 2 + 3?", "5")], file)
    >>> load_problems(file)[0].id
    'p1'
    """
    rows = problem_rows(problems)
    if path.suffix == ".jsonl":
        write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif path.suffix in (".parquet", ".csv"):
        import pandas as pd

        table = pd.DataFrame(rows, columns=list(COLUMNS))
        if path.suffix == ".csv":
            write_whole(path, csv_text(table, guard_formulas=guard_formulas))
        else:
            with whole_file(path) as new:
                table.to_parquet(new, index=False)
    else:
        raise UserError(f"{path}: problems are written as .jsonl, .parquet or .csv")
