"""Datasets of one row a solution, as pools of one problem each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pairjudge_lab.datasets.rows import Row, absent
from pairjudge_lab.records import Candidate, Pool, Problem, UserError


def grouped(
    rows: Iterable[Row],
    *,
    key: Callable[[Row], str],
    problem: Callable[[Row, str], Problem],
    candidate: Callable[[Row], Candidate],
    prefix: str | None = None,
    once: bool = False,
) -> Iterator[Pool]:
    """Pools of the rows that share a key, in the order in which the keys first occur.

    Parameters
    ----------
    rows : iterable of Row
    key : callable
        What tells problems apart.
    problem, candidate : callable
        The problem, from its first row and its key, and the candidate of each row.
    prefix : str, optional
        Where given, problems are numbered and called after it.
    once : bool
        Whether candidates of the same text are one candidate.
    """
    problems: dict[str, Problem] = {}
    members: dict[str, list[Candidate]] = {}
    for row in rows:
        name = key(row)
        if name not in problems:
            problems[name] = problem(row, name)
        members.setdefault(name, []).append(candidate(row))
    for number, (name, one) in enumerate(problems.items()):
        candidates = members[name]
        if once:
            candidates = list({c.text: c for c in reversed(candidates)}.values())[::-1]
        known = one if prefix is None else Problem(f"{prefix}-{number}", one.question, one.answer)
        yield Pool(known, tuple(candidates))


def steps_text(row: Row, steps: Any, name: str) -> str:
    """A solution given as a list of steps, as one text with a blank line between steps.

    Raises
    ------
    UserError
        Where there are no steps.
    """
    if steps is None:
        raise absent(row, [name])
    if isinstance(steps, str):
        return steps
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise UserError(f"{row.where}: {name} is a list of texts; got {steps!r:.60}")
    return "\n\n".join(steps)
