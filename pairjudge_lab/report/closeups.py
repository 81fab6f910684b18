"""Matches worth reading in full, from a verdict table that holds the judge's text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pairjudge_lab.judges.recorded import RecordedJudge
from pairjudge_lab.records import Match, Pool, Status, UserError, Verdict

if TYPE_CHECKING:
    import pandas as pd


def disagreements(
    pools: Sequence[Pool], table: pd.DataFrame, *, most: int = 3
) -> list[tuple[Match, Verdict, Verdict]]:
    """Matches on which the judge says one thing in one order and another in the other.

    One a problem, in the order of the pools, with the verdict on the match and on its swap; those
    that could not be read are not among them.

    Raises
    ------
    UserError
        When the table holds several judges, or no texts.
    """
    judge = RecordedJudge(table, "verdicts", "")
    mine: dict[str, set[tuple[int, int]]] = {}
    columns = [table[c].tolist() for c in ("problem_id", "response_a", "response_b", "repetition")]
    for problem, a, b, repetition in zip(*columns, strict=True):
        if repetition == 0:
            mine.setdefault(str(problem), set()).add((int(a), int(b)))
    found = []
    for pool in pools:
        asked = mine.get(pool.problem.id, set())
        last = max((max(pair) for pair in asked), default=-1)
        if last >= len(pool):
            raise UserError(
                f"a verdict names candidate {last} of problem {pool.problem.id!r}, whose pool has "
                f"{len(pool)} candidates, counted from 0"
            )
        both = sorted((a, b) for a, b in asked if a < b and (b, a) in asked)
        matches = [Match(pool, a, b) for a, b in both]
        verdicts = judge.judge(matches)
        swaps = judge.judge([match.swapped for match in matches])
        for match, verdict, swap in zip(matches, verdicts, swaps, strict=True):
            if _disagree(verdict, swap):
                found.append((match, verdict, swap))
                break
        if len(found) == most:
            break
    return found


def _disagree(verdict: Verdict, swap: Verdict) -> bool:
    turned = {"A": "B", "B": "A"}
    read = verdict.status is Status.PARSED and swap.status is Status.PARSED
    return read and verdict.outcome != turned.get(swap.outcome, swap.outcome)
