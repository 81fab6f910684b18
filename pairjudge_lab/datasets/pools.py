"""Pools from and to JSONL and Parquet, and to CSV.

One row a problem: ``problem_id``, ``problem``, ``answer`` (may be absent), and ``candidates``, a
list of objects with ``text`` and, where known, ``answer``, ``correct``, ``source``, ``score``,
``tokens``, ``seconds``, ``mean_logprob``, ``self_certainty``, ``finish``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.embedded import is_shipped, shipped_path
from pairjudge_lab.files.reading import json_lines, number_of, reading, regular_file
from pairjudge_lab.files.spreadsheet import csv_text
from pairjudge_lab.files.writing import table_format, whole_file, write_whole
from pairjudge_lab.records import Candidate, Pool, Problem, UserError

if TYPE_CHECKING:
    from pairjudge_lab.datasets.rows import Table

SUFFIXES = (".jsonl", ".parquet")
"""Files of the lab's own layout."""

WRITTEN = (*SUFFIXES, ".csv")
"""What ``save_pools`` writes."""


def load_pools(
    source: Table = "embedded",
    *,
    columns: Mapping[str, str] | None = None,
    config: str | None = None,
    split: str | None = None,
    limit: int | None = None,
) -> list[Pool]:
    """Read pools: those that come with the lab, by name, from a file, from the hub, or from memory.

    Answers are not looked for and answer groups not formed: that is ``answers.prepare``'s work.

    Parameters
    ----------
    source : Table
        ``"embedded"``, of the small world; ``"study"``, of real language models; a name that
        ``pairjudge-lab datasets`` lists; the path of a file; a hub id (``owner/name``); a data
        frame, a ``datasets.Dataset`` or a list of dicts. The layouts are those of ``tables``.
    columns : mapping or None
        The lab's name of a column to the table's, as in ``{"problem": "question"}``.
    config, split : str or None
        Of a hub id.
    limit : int or None
        Only the first pools.

    Raises
    ------
    UserError
        No such file, broken JSON (with its line), a row without its columns, a pool without
        candidates, one problem id twice, an unknown name, or a dataset that cannot be fetched.

    Examples
    --------
    >>> from pairjudge_lab import load_pools
    >>> pools = load_pools("embedded", limit=3)
    >>> len(pools), len(pools[0])
    (3, 64)
    """
    from pairjudge_lab.datasets.sources import other_pools

    other = other_pools(source, columns=columns, config=config, split=split, limit=limit)
    if other is not None:
        return other
    assert isinstance(source, str | Path)
    name = str(source)
    path = shipped_path(name, "pools.parquet") if is_shipped(name) else Path(source)
    if path.suffix not in SUFFIXES:
        raise UserError(
            f"{path}: pools come as {' or '.join(SUFFIXES)}, or as the word 'embedded' or 'study'; "
            f"got {path.suffix or 'no suffix'!r}"
        )
    rows = json_lines(path) if path.suffix == ".jsonl" else _parquet_rows(path)
    pools: list[Pool] = []
    seen: dict[str, str] = {}
    for where, row in rows:
        if limit is not None and len(pools) >= limit:
            break
        pool = _read_pool(where, row)
        if pool.problem.id in seen:
            raise UserError(
                f"{where}: the problem id {pool.problem.id!r} was already used "
                f"({seen[pool.problem.id]}); ids must be different"
            )
        seen[pool.problem.id] = where
        pools.append(pool)
    if not pools:
        raise UserError(f"{path} holds no pools")
    return pools


def save_pools(pools: Sequence[Pool], path: Path, *, guard_formulas: bool = False) -> None:
    """Write pools to a file; answer groups are not written.

    Parameters
    ----------
    pools : sequence of Pool
    path : Path
        By its suffix ``.jsonl`` or ``.parquet``, or ``.csv`` with one row a candidate.
    guard_formulas : bool
        Whether cells that a spreadsheet would run are made harmless, in ``.csv`` alone.

    Raises
    ------
    UserError
        For another suffix, or where the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from pairjudge_lab import Pool, load_pools, save_pools
    >>> file = Path(mkdtemp()) / "pools.jsonl"
    >>> save_pools([Pool.from_texts("What is 2 + 3?", ["5", "6"])], file)
    >>> len(load_pools(file)[0])
    2
    """
    if path.suffix == ".csv":
        from pairjudge_lab.datasets.tables import pools_to_frame

        write_whole(path, csv_text(pools_to_frame(pools), guard_formulas=guard_formulas))
        return
    rows = [pool_row(pool) for pool in pools]
    if path.suffix == ".jsonl":
        write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        with whole_file(path) as new, table_format(path):
            pq.write_table(
                pa.Table.from_pylist(rows), new, compression="zstd", compression_level=15
            )
    else:
        raise UserError(f"{path}: pools are written as {', '.join(WRITTEN)}")


OF_CANDIDATES = ("candidate_answer", "correct", "source", "score")
"""Columns that speak of candidates, where they do not stand in objects."""


def pool_row(pool: Pool) -> dict[str, Any]:
    """The row of a pool, as the files hold it."""
    return {
        "problem_id": pool.problem.id,
        "problem": pool.problem.question,
        "answer": pool.problem.answer,
        "candidates": [_candidate_row(c) for c in pool.candidates],
    }


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    # What is known only of candidates that were sampled here is left out of all others.
    always = {"text", "answer", "correct", "source", "score"}
    row = {field.name: getattr(candidate, field.name) for field in fields(Candidate)}
    return {name: value for name, value in row.items() if name in always or value is not None}


def _parquet_rows(path: Path) -> Iterator[tuple[str, Any]]:
    import pyarrow.parquet as pq

    with reading(path):
        rows = pq.read_table(regular_file(path)).to_pylist()
    return ((f"{path}, row {i + 1}", row) for i, row in enumerate(rows))


def _read_pool(where: str, row: Any) -> Pool:
    if not isinstance(row, dict):
        raise UserError(f"{where}: a pool is an object, got {type(row).__name__}")
    absent = [k for k in ("problem_id", "problem", "candidates") if row.get(k) is None]
    if absent:
        raise UserError(
            f"{where}: {', '.join(absent)} missing; a pool has problem_id, problem, candidates "
            f"and, where known, answer; this row has {', '.join(map(str, row)) or 'nothing'}"
        )
    candidates = row["candidates"]
    if not isinstance(candidates, list) or not candidates:
        raise UserError(
            f"{where}: problem {row['problem_id']!r} has no candidates; give it at least one"
        )
    candidates = with_lists(where, row, candidates, "answer")
    read = tuple(_read_candidate(f"{where}, candidate {i}", c) for i, c in enumerate(candidates))
    answer = row.get("answer")
    for key in ("problem_id", "problem", "answer"):
        if isinstance(row.get(key), dict | list):
            raise UserError(f"{where}: {key} is a text; got {row[key]!r:.60}")
    problem = Problem(
        str(row["problem_id"]), str(row["problem"]), None if answer is None else str(answer)
    )
    return Pool(problem, read)


def with_lists(where: str, row: Mapping[str, Any], given: Sequence[Any], answer: str) -> list[Any]:
    """A row's candidates with what lists beside them say of each, such as ``correct``.

    Parameters
    ----------
    where : str
        Begins the messages.
    row : mapping
        Of a problem.
    given : sequence
        Its candidates, texts or objects.
    answer : str
        What an object calls the candidate's answer, which a list calls ``candidate_answer``.

    Raises
    ------
    UserError
        A list of another length, or one that contradicts an object.
    """
    lists = {name: row[name] for name in OF_CANDIDATES if isinstance(row.get(name), list | tuple)}
    if not lists:
        return list(given)
    out = []
    for i, one in enumerate(given):
        said = dict(one) if isinstance(one, Mapping) else {"text": one}
        for name, values in lists.items():
            if len(values) != len(given):
                raise UserError(
                    f"{where}: {name} is a list with one value for each of the {len(given)} "
                    f"candidates; got {values!r:.60}"
                )
            key = answer if name == "candidate_answer" else name
            if said.get(key) is not None and values[i] is not None and said[key] != values[i]:
                raise UserError(
                    f"{where}, candidate {i}: {name} is {said[key]!r:.60} in the candidate and "
                    f"{values[i]!r:.60} in the list beside it; keep one of them"
                )
            said[key] = said.get(key) if values[i] is None else values[i]
        out.append(said)
    return out


def _read_candidate(where: str, raw: Any) -> Candidate:
    if isinstance(raw, str):
        return Candidate(raw)
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise UserError(f"{where}: a candidate is a text, or an object with a text in 'text'")
    correct, answer, score = raw.get("correct"), raw.get("answer"), raw.get("score")
    if isinstance(answer, dict | list):
        raise UserError(f"{where}: 'answer' is a text or absent; got {answer!r:.60}")
    if correct is not None and correct not in (0, 1):
        raise UserError(f"{where}: 'correct' is true, false or absent; got {correct!r}")
    if score is not None and (isinstance(score, bool) or not isinstance(score, int | float)):
        raise UserError(f"{where}: 'score' is a number or absent; got {score!r}")
    return Candidate(
        raw["text"],
        None if answer is None else str(answer),
        None if correct is None else bool(correct),
        None if raw.get("source") is None else str(raw["source"]),
        None if score is None else number_of(score, f"{where}: 'score'"),
        **measured(where, raw),
    )


def measured(where: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a candidate that was sampled here."""
    found: dict[str, Any] = {}
    for name in ("tokens", "seconds", "mean_logprob", "self_certainty"):
        value = raw.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{where}: {name!r} is a number or absent; got {value!r:.60}")
        number = number_of(value, f"{where}: {name!r}")
        if name == "tokens" and not (0 <= number < 2**53 and number == int(number)):
            raise UserError(
                f"{where}: 'tokens' is a whole number from 0, or absent; got {value!r:.60}"
            )
        found[name] = int(number) if name == "tokens" else number
    if raw.get("finish") is not None:
        found["finish"] = str(raw["finish"])
    return found
