"""Final answers: found in a solution, compared with each other, put into groups of equal ones.

Finding and comparing is math-verify's work. It runs in a process of its own with a clock and a
memory limit, because some LaTeX keeps a computer algebra system busy for ever. Plain numbers, by
far the most common answers, never leave this process.
"""

from __future__ import annotations

import atexit
import logging
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pairjudge_lab.answers_process import AnswerProcess, Late
from pairjudge_lab.records import Pool
from pairjudge_lab.renamed import renamed_names

TIME_LIMIT = 5.0
"""Processor seconds that one comparison or extraction may take before it counts as undecided."""

SHORTEST_LIMIT = 1.0
"""The limit shrinks with every time-out in a pool, down to this."""

POOL_BUDGET = 120.0
"""Seconds that math-verify may take for one pool; what is left then stays undecided."""

LONGEST = 2000
"""Characters of an answer beyond which only equal text is an equal answer."""

_BOXED_NUMBER = re.compile(r"\\boxed\{\s*+(-?\d++(?:\.\d++)?+)\s*+\}")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\d+/[1-9]\d*")

_process = AnswerProcess()
atexit.register(_process.close)


class _Checker:
    """Asks the process on behalf of one pool, and remembers what took too long.

    A text that was late once is not tried again: hostile candidates must not multiply, each
    compared with each. An answer is first compared with 1, which tells whether it is itself what
    takes long, so that an honest answer is not blamed for its opponent; a single comparison has
    no use for that.
    """

    def __init__(self, *, single: bool = False) -> None:
        self._single = single
        self.undecided = 0
        self._spent = 0.0
        self._late = 0
        self._refused: set[str] = set()
        self._tried: set[str] = set()

    def extract(self, text: str) -> str | None:
        # A final answer stands at the end; the rest only costs time.
        answer = self._ask(text, task="extract", text=text[-8000:])
        return answer or None

    def compare(self, first: str, second: str) -> bool:
        for answer in (first, second):
            if answer not in self._tried and not self._single:
                self._tried.add(answer)
                self._ask(answer, task="compare", first=answer, second="1")
        if first in self._refused:
            self.undecided += 1
            return False
        return bool(self._ask(second, task="compare", first=first, second=second))

    def _ask(self, blamed: str, **request: str) -> Any:
        if blamed in self._refused or self._spent >= POOL_BUDGET:
            self.undecided += 1
            return None
        limit = max(min(SHORTEST_LIMIT, TIME_LIMIT), TIME_LIMIT / (1 + self._late))
        clock = time.monotonic()
        try:
            return _process.ask(request, limit)
        except Late:
            self.undecided += 1
            self._late += 1
            self._refused.add(blamed)
            return None
        finally:
            self._spent += time.monotonic() - clock


def final_answer(text: str) -> str | None:
    """The final answer of a solution as text, or None where there is none to be found.

    A boxed plain number is read here; everything else is math-verify's extraction.
    """
    return _find(text, _Checker(single=True))


def _find(text: str, checker: _Checker) -> str | None:
    start = text.rfind("\\boxed")
    found = _BOXED_NUMBER.match(text, start) if start >= 0 else None
    if found:
        return found.group(1)
    return checker.extract(text)


def same_answer(first: str, second: str) -> bool:
    """Whether two final answers are equal; undecided counts as different.

    Equal text and equal plain numbers are settled exactly; the rest is math-verify's ``verify``,
    asked in both directions because it is not symmetric.
    """
    return _same(first, second, _Checker(single=True))


def _same(first: str, second: str, checker: _Checker) -> bool:
    first, second = first.strip(), second.strip()
    if first == second:
        return True
    one, two = plain_number(first), plain_number(second)
    if one is not None and two is not None:
        return one == two
    if max(len(first), len(second)) > LONGEST:
        return False
    return checker.compare(first, second)


def plain_number(text: str) -> Fraction | None:
    """The value of a plain decimal number or fraction (``1,200``, ``-0.5``, ``3/4``), or None."""
    bare = text.strip().strip("$").strip()
    if len(bare) > 300 or not _NUMBER.fullmatch(bare):
        return None
    return Fraction(bare.replace(",", ""))


def group_numbers(answers: Sequence[str | None]) -> tuple[int, ...]:
    """Group candidates by final answer, in order of first appearance.

    A candidate without a final answer is a group of its own. An answer joins the first group whose
    first member it equals.
    """
    return _group(answers, _Checker())


def _group(answers: Sequence[str | None], checker: _Checker) -> tuple[int, ...]:
    groups: list[int] = []
    founders: list[tuple[int, str]] = []
    known: dict[str, int] = {}
    numbers: dict[Fraction, int] = {}
    count = 0
    for answer in answers:
        group: int | None = None
        if answer is not None:
            number = plain_number(answer)
            group = known.get(answer) if number is None else numbers.get(number)
            if group is None:
                group = next(
                    (g for g, founder in founders if _same(founder, answer, checker)), None
                )
            if group is None:
                founders.append((count, answer))
        if group is None:
            group, count = count, count + 1
        if answer is not None:
            known.setdefault(answer, group)
            if number is not None:
                numbers.setdefault(number, group)
        groups.append(group)
    return tuple(groups)


def prepare(pool: Pool, undecided: Counter[str] | None = None) -> Pool:
    """The pool with what its data left open: answers found, correctness decided, groups formed.

    Nothing that the data said is overruled: a candidate's given answer and correctness stay.
    Correctness is decided only where the problem has a reference answer; a candidate without a
    final answer is then wrong. What math-verify cannot decide in time counts as no answer, or as
    a different one, and is logged.

    Parameters
    ----------
    pool : Pool
        As it was loaded.
    undecided : mapping or None
        Where what stays undecided is counted, by the problem's id.

    Examples
    --------
    >>> from pairjudge_lab import Pool, prepare
    >>> texts = [r"So \\boxed{1/2}.", r"So \\boxed{0.5}.", r"So \\boxed{2}."]
    >>> pool = prepare(Pool.from_texts("What is 1 / 2?", texts, answer="1/2"))
    >>> [candidate.correct for candidate in pool.candidates], pool.groups
    ([True, True, False], (0, 0, 1))
    """
    checker = _Checker()
    candidates = []
    reference = pool.problem.answer
    decided: dict[str | None, bool] = {None: False}
    for candidate in pool.candidates:
        answer = (
            candidate.answer if candidate.answer is not None else _find(candidate.text, checker)
        )
        correct = candidate.correct
        if correct is None and reference is not None:
            if answer not in decided:
                decided[answer] = _same(reference, answer or "", checker)
            correct = decided[answer]
        candidates.append(replace(candidate, answer=answer, correct=correct))
    groups = pool.groups or _group([c.answer for c in candidates], checker)
    if checker.undecided:
        if undecided is not None:
            undecided[pool.problem.id] += checker.undecided
        logging.getLogger(__name__).warning(
            "problem %r: %d answers or comparisons were left undecided, since they took too long",
            pool.problem.id,
            checker.undecided,
        )
    return Pool(pool.problem, tuple(candidates), groups)


def without_answer(pools: Iterable[Pool]) -> int:
    """How many candidates of prepared pools have no final answer that could be read.

    Only problems with a reference answer count: of the others no answer is asked for. Where the
    data did not say whether such a candidate is correct, it counts as wrong.
    """
    asked = (pool for pool in pools if pool.problem.answer is not None)
    return sum(candidate.answer is None for pool in asked for candidate in pool.candidates)


if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, team_numbers="group_numbers")
