"""Pools from tables, and back: data frames, Hugging Face datasets, lists of dicts, CSV files.

Four layouts are read, told apart by their columns:

- one row a problem: ``problem``, ``candidates`` (a list of texts, or of objects with ``text``);
- one row a candidate: ``problem``, ``text``; rows of one problem make a pool;
- one row a pair: ``problem``, ``response_a``, ``response_b`` and, where known, ``gold``;
- preferences, as TRL and RewardBench have them: ``prompt``, ``chosen``, ``rejected``.

``problem_id`` and ``answer`` may stand in every layout. ``candidate_answer``, ``correct``,
``source`` and ``score`` speak of candidates: one value in a row of a candidate, a list as long as
``candidates`` in a row of a problem. Of sampled candidates, ``tokens``, ``seconds``,
``mean_logprob``, ``self_certainty`` and ``finish`` are kept as well, in rows of a candidate and in
objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pairjudge_lab.datasets.pools import OF_CANDIDATES, measured, with_lists
from pairjudge_lab.datasets.preferences import preference_pool
from pairjudge_lab.datasets.problems import HINT, problem_of
from pairjudge_lab.datasets.rows import Row, absent, answer_of, read_rows, renamed, text_of
from pairjudge_lab.extras import naming_extras
from pairjudge_lab.files.reading import number_of
from pairjudge_lab.records import Candidate, Pool, Problem, UserError

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset

    from pairjudge_lab.datasets.rows import Table

MEASURED = {
    "tokens": "Int64", "seconds": "float64", "mean_logprob": "float64",
    "self_certainty": "float64", "finish": "object",
}  # fmt: skip
"""What is known only of candidates that were sampled here, with the columns' dtypes."""
COLUMNS = (
    "problem_id", "problem", "answer", "candidates", "text", *OF_CANDIDATES, *MEASURED,
    "response_a", "response_b", "gold", "prompt", "chosen", "rejected",
)  # fmt: skip
LAYOUTS = (
    "problem and candidates (one row a problem), problem and text (one row a candidate), problem, "
    "response_a and response_b (one row a pair), or prompt, chosen and rejected"
)


def pools_from(
    data: Table,
    *,
    columns: Mapping[str, str] | None = None,
    config: str | None = None,
    split: str | None = None,
    limit: int | None = None,
) -> list[Pool]:
    """Pools from a table.

    Parameters
    ----------
    data : DataFrame, datasets.Dataset, list of dicts, str or Path
        Data in memory, the path of a file, or a hub id.
    columns : mapping, optional
        The lab's name of a column to the table's: ``{"problem": "question"}``.
    config, split : str, optional
        Of a hub id: its configuration and its split.
    limit : int, optional
        Only the first pools.

    Returns
    -------
    list of Pool
        In the order in which their problems first occur.

    Raises
    ------
    UserError
        A table of no layout that is known, a column that is absent, a value of another kind, or
        rows that contradict each other.

    Examples
    --------
    >>> import pandas as pd
    >>> from pairjudge_lab import pools_from
    >>> frame = pd.DataFrame(
    ...     {"problem": ["2 + 3?"] * 2, "answer": ["5"] * 2, "text": ["It is 5.", "It is 6."]}
    ... )
    >>> [len(pool) for pool in pools_from(frame)]
    [2]
    """
    rows = iter(renamed(read_rows(data, config=config, split=split), columns, COLUMNS))
    first = next(rows, None)
    if first is None:
        raise UserError("there are no rows to make pools of")
    make = _layout(first)
    out: list[Pool] = []
    seen: dict[str, str] = {}
    for where, pool in make(_again(first, rows)):
        if limit is not None and len(out) >= limit:
            break
        if pool.problem.id in seen:
            raise UserError(
                f"{where}: the problem id {pool.problem.id!r} was already used "
                f"({seen[pool.problem.id]}); ids must be different"
            )
        seen[pool.problem.id] = where
        out.append(pool)
    return out


def pools_to_frame(pools: Sequence[Pool]) -> pd.DataFrame:
    """Pools as a data frame of one row a candidate; ``pools_from`` reads it back.

    Parameters
    ----------
    pools : sequence of Pool

    Returns
    -------
    DataFrame
        One row a candidate. What is known only of sampled candidates has columns where it is known
        of any of them.

    Examples
    --------
    >>> from pairjudge_lab import Pool, pools_to_frame
    >>> pool = Pool.from_texts("What is 2 + 3?", ["5", "6"], answer="5")
    >>> pools_to_frame([pool])["text"].tolist()
    ['5', '6']
    """
    import pandas as pd

    rows = [
        {
            "problem_id": pool.problem.id,
            "problem": pool.problem.question,
            "answer": pool.problem.answer,
            "text": c.text,
            "candidate_answer": c.answer,
            "correct": c.correct,
            "source": c.source,
            "score": c.score,
            **{name: getattr(c, name) for name in MEASURED},
        }
        for pool in pools
        for c in pool.candidates
    ]
    known = {k: d for k, d in MEASURED.items() if any(row[k] is not None for row in rows)}
    names = ["problem_id", "problem", "answer", "text", *OF_CANDIDATES, *known]
    dtypes = {"correct": "boolean", "score": "float64", **known}
    return pd.DataFrame(rows, columns=names).astype(dtypes)


def pools_to_dataset(pools: Sequence[Pool]) -> Dataset:
    """Pools as a ``datasets.Dataset`` of one row a problem; ``pools_from`` reads it back.

    Parameters
    ----------
    pools : sequence of Pool

    Returns
    -------
    datasets.Dataset
        One row a problem, its candidates in a column.

    Examples
    --------
    >>> from pairjudge_lab import Pool, pools_to_dataset
    >>> len(pools_to_dataset([Pool.from_texts("What is 2 + 3?", ["5", "6"])]))
    1
    """
    with naming_extras():
        from datasets import Dataset

    from pairjudge_lab.datasets.pools import pool_row

    return Dataset.from_list([pool_row(pool) for pool in pools])


def _again(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _layout(first: Row) -> Any:
    there = set(first.data)
    if {"chosen", "rejected"} <= there:
        return _preferences
    if {"response_a", "response_b"} <= there:
        return _pairs
    if "candidates" in there:
        return _problems
    if "text" in there:
        return _candidates
    raise absent(first, ["candidates"], hint=f"pools come as {LAYOUTS}; map columns where needed")


def _problem(row: Row, number: int) -> Problem:
    problem = problem_of(row.data, row.where, str(number))
    if problem is None:
        raise absent(row, ["problem"], hint=HINT)
    return problem


def _preferences(rows: Iterable[Row]) -> Iterator[tuple[str, Pool]]:
    for number, row in enumerate(rows):
        yield row.where, preference_pool(row, number)


def _pairs(rows: Iterable[Row]) -> Iterator[tuple[str, Pool]]:
    for number, row in enumerate(rows):
        gold = row.data.get("gold")
        if gold not in ("A", "B", "tie", None):
            raise UserError(f"{row.where}: gold is A, B, tie or empty; got {gold!r}")
        right = {"A": (True, False), "B": (False, True)}.get(str(gold), (None, None))
        sides = []
        for name, correct in zip(("response_a", "response_b"), right, strict=True):
            text = row.data[name]
            if not isinstance(text, str):
                raise UserError(f"{row.where}: {name} is a text; got {text!r:.60}")
            sides.append(Candidate(text, correct=correct, source=name))
        yield row.where, Pool(_problem(row, number), tuple(sides))


def _problems(rows: Iterable[Row]) -> Iterator[tuple[str, Pool]]:
    for number, row in enumerate(rows):
        given = row.data.get("candidates")
        if not isinstance(given, list | tuple) or not given:
            raise UserError(
                f"{row.where}: candidates are a list that is not empty; got {given!r:.60}"
            )
        for name in OF_CANDIDATES:
            value = row.data.get(name)
            if value is not None and not isinstance(value, list | tuple):
                raise UserError(
                    f"{row.where}: {name} is a list with one value for each of the {len(given)} "
                    f"candidates; got {value!r:.60}"
                )
        objects = [
            {"candidate_answer": one.get("answer"), **one} if isinstance(one, Mapping) else one
            for one in given
        ]
        candidates = [
            candidate_of(
                one if isinstance(one, Mapping) else {"text": one}, f"{row.where}, candidate {i}"
            )
            for i, one in enumerate(with_lists(row.where, row.data, objects, "candidate_answer"))
        ]
        yield row.where, Pool(_problem(row, number), tuple(candidates))


def _candidates(rows: Iterable[Row]) -> Iterator[tuple[str, Pool]]:
    """Rows of one problem, wherever they stand, are one pool."""
    problems: dict[str, tuple[str, Problem]] = {}
    members: dict[str, list[Candidate]] = {}
    for row in rows:
        # Without ids, the same text is the same problem.
        question = row.data.get("problem")
        key = text_of(row.data.get("problem_id"))
        key = f"id {key}" if key is not None else f"text {question}"
        if key not in problems:
            problems[key] = (row.where, _problem(row, len(problems)))
        where, known = problems[key]
        if question != known.question:
            raise UserError(
                f"{row.where}: problem {known.id!r} has another text than at {where}; give each "
                "problem an id of its own"
            )
        answer = answer_of(row.data.get("answer"), row.where)
        if None not in (answer, known.answer) and answer != known.answer:
            raise UserError(
                f"{row.where}: problem {known.id!r} has the answer {answer!r:.60} here and "
                f"{known.answer!r:.60} at {where}; which of them is right?"
            )
        data = row.data
        if data.get("text") is None and row.file.endswith((".csv", ".tsv")):
            data = {**data, "text": ""}  # such a file has no other way to write an empty text
        members.setdefault(key, []).append(candidate_of(data, row.where))
    for key, (where, problem) in problems.items():
        yield where, Pool(problem, tuple(members[key]))


def candidate_of(data: Mapping[str, Any], where: str) -> Candidate:
    """A candidate from its columns: ``text``, and those of ``OF_CANDIDATES`` and ``MEASURED``.

    Raises
    ------
    UserError
        A value of another kind.
    """
    text, correct, score = data.get("text"), data.get("correct"), data.get("score")
    if not isinstance(text, str):
        raise UserError(f"{where}: a candidate is a text; got {text!r:.60}")
    if isinstance(correct, str):
        words = {"true": True, "1": True, "false": False, "0": False}
        correct = words.get(correct.lower(), correct)
    if correct is not None and correct not in (0, 1):
        raise UserError(f"{where}: correct is true, false or empty; got {correct!r:.60}")
    if isinstance(score, bool):
        raise UserError(f"{where}: score is a number or empty; got {score!r}")
    known: dict[str, Any] = {}
    for name in MEASURED:
        value = data.get(name)
        if isinstance(value, str) and name != "finish":  # from a CSV file
            value = number_of(value, f"{where}: {name}")
        if not isinstance(value, list | Mapping):  # such a column means something else
            known[name] = value
    return Candidate(
        text,
        text_of(data.get("candidate_answer")),
        None if correct is None else bool(correct),
        text_of(data.get("source")),
        None if score is None else number_of(score, f"{where}: score"),
        **measured(where, known),
    )
