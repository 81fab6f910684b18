"""Final answers: found in a solution, compared with each other, grouped into teams.

Finding and comparing is math-verify's work. It runs in a process of its own with a clock and a
memory limit, because some LaTeX keeps a computer algebra system busy for ever, in C code that no
signal interrupts. Plain numbers, by far the most common answers, never leave this process.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from pairjudge_lab.records import Pool

TIME_LIMIT = 5.0
"""Seconds that one comparison or extraction may take before it counts as undecided."""

LONGEST = 2000
"""Characters of an answer beyond which only equal text is an equal answer."""

_BOXED_NUMBER = re.compile(r"\\boxed\{\s*(-?\d+(?:\.\d+)?)\s*\}")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\d+/[1-9]\d*")


class _Worker:
    """The math-verify process, started when first needed and replaced when it hangs."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.hangs = 0

    def ask(self, request: dict[str, str]) -> Any:
        """The worker's reply, or None where it did not come in time."""
        process = self._process
        if process is None or process.poll() is not None:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "pairjudge_lab.answers_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
            # math-verify imports sympy, which is no part of the first question's time.
            if self._reply(process, 60.0) is None:
                raise RuntimeError(
                    "the answer checker did not start; try: python -m pairjudge_lab.answers_worker"
                )
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
        except BrokenPipeError:
            reply = None
        else:
            reply = self._reply(process, TIME_LIMIT)
        if reply is None:
            self.hangs += 1
            self.close()
            return None
        return reply["result"]

    def _reply(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any] | None:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if ready else b""
        return json.loads(line) if line.endswith(b"\n") else None

    def close(self) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None


_worker = _Worker()
atexit.register(_worker.close)


def final_answer(text: str) -> str | None:
    """The final answer of a solution as text, or None where there is none to be found.

    A boxed plain number is read here; everything else is math-verify's extraction.
    """
    start = text.rfind("\\boxed")
    found = _BOXED_NUMBER.match(text, start) if start >= 0 else None
    if found:
        return found.group(1)
    # A final answer stands at the end; the rest only costs time.
    answer = _worker.ask({"task": "extract", "text": text[-8000:]})
    return answer or None


def same_answer(first: str, second: str) -> bool:
    """Whether two final answers are equal; undecided counts as different.

    Equal text and equal plain numbers are settled exactly; the rest is math-verify's ``verify``,
    asked in both directions because it is not symmetric.
    """
    first, second = first.strip(), second.strip()
    if first == second:
        return True
    one, two = plain_number(first), plain_number(second)
    if one is not None and two is not None:
        return one == two
    if max(len(first), len(second)) > LONGEST:
        return False
    return bool(_worker.ask({"task": "compare", "first": first, "second": second}))


def plain_number(text: str) -> Fraction | None:
    """The value of a plain decimal number or fraction (``1,200``, ``-0.5``, ``3/4``), or None."""
    bare = text.strip().strip("$").strip()
    if len(bare) > 300 or not _NUMBER.fullmatch(bare):
        return None
    return Fraction(bare.replace(",", ""))


def team_numbers(answers: Sequence[str | None]) -> tuple[int, ...]:
    """Group candidates by final answer, in order of first appearance.

    A candidate without a final answer is a team of its own. An answer joins the first team whose
    first member it equals.
    """
    teams: list[int] = []
    founders: list[tuple[int, str]] = []
    known: dict[str, int] = {}
    numbers: dict[Fraction, int] = {}
    count = 0
    for answer in answers:
        team: int | None = None
        if answer is not None:
            number = plain_number(answer)
            team = known.get(answer) if number is None else numbers.get(number)
            if team is None:
                team = next((t for t, founder in founders if same_answer(founder, answer)), None)
            if team is None:
                founders.append((count, answer))
        if team is None:
            team, count = count, count + 1
        if answer is not None:
            known.setdefault(answer, team)
            if number is not None:
                numbers.setdefault(number, team)
        teams.append(team)
    return tuple(teams)


def prepare(pool: Pool) -> Pool:
    """The pool with what its data left open: answers found, correctness decided, teams formed.

    Nothing that the data said is overruled: a candidate's given answer and correctness stay.
    Correctness is decided only where the problem has a reference answer; a candidate without a
    final answer is then wrong.
    """
    candidates = []
    reference = pool.problem.answer
    decided: dict[str | None, bool] = {None: False}
    for candidate in pool.candidates:
        answer = candidate.answer if candidate.answer is not None else final_answer(candidate.text)
        correct = candidate.correct
        if correct is None and reference is not None:
            if answer not in decided:
                decided[answer] = same_answer(reference, answer or "")
            correct = decided[answer]
        candidates.append(replace(candidate, answer=answer, correct=correct))
    teams = pool.teams or team_numbers([c.answer for c in candidates])
    return Pool(pool.problem, tuple(candidates), teams)
