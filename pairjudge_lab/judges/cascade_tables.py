"""Cascades of two recorded verdict tables, and the accounts of those that were played live."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.judges.cascade import (
    CascadeRule,
    apart,
    failed,
    no_probabilities,
    settle,
    settle_failed,
    sureness,
)
from pairjudge_lab.judges.pooling import pool_verdicts
from pairjudge_lab.records import Pool, Status, UserError, Verdict, VerdictKind
from pairjudge_lab.verdicts.judges import only_judge
from pairjudge_lab.verdicts.table import TableVerdicts, table_kind, table_row, to_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What two judges said of one match."""

    problem: str
    a: int
    b: int
    repetition: int
    first: list[Verdict]
    second: Verdict


def cascade_table(first: pd.DataFrame, second: pd.DataFrame, rule: CascadeRule) -> pd.DataFrame:
    """The verdict table that a cascade of the two recorded judges gives.

    Every verdict, its probabilities and its costs are those of a ``CascadeJudge`` that asks both
    recordings; ``replay.record`` takes the table as any other.

    Parameters
    ----------
    first, second : DataFrame
        Verdict tables of the cheap judge and of the strong one, each of one judge, on the same
        ordered pairs. Of the first, ``rule.votes`` repetitions for each of the second.
    rule : CascadeRule

    Raises
    ------
    UserError
        When the tables are of different kinds, or of several judges; when a match of one is not in
        the other; or when the first judge tells no probabilities and there is one vote.
    """
    names = apart(_name(first, "first"), _name(second, "second"))
    rows = []
    for one in _matches(first, second, rule.votes):
        if failed(one.first):
            verdict = settle_failed(one.first, names)
        elif rule.stands(one.first):
            verdict = settle(one.first, None, names)
        else:
            verdict = settle(one.first, one.second, names)
        name = f"cascade of {names[0]} and {names[1]}"
        rows.append(table_row(name, one.repetition, one.problem, one.a, one.b, verdict))
    return to_table(rows)


@dataclass(frozen=True, slots=True)
class CascadeEvidence:
    """What calibration needs to know of the first judge's verdicts, one line a match.

    Attributes
    ----------
    problems : ndarray of str, shape (matches,)
    sure : ndarray of float, shape (matches,)
        ``cascade.sureness``; NaN where the first judge cannot decide.
    agrees : ndarray of float, shape (matches,)
        1 where it says what the second judge says (or what is true), 0 where it does not, NaN where
        that is not known.
    """

    problems: np.ndarray
    sure: np.ndarray
    agrees: np.ndarray

    def of(self, problems: Sequence[str]) -> CascadeEvidence:
        """Of some problems alone."""
        mine = np.isin(self.problems, list(problems))
        return CascadeEvidence(self.problems[mine], self.sure[mine], self.agrees[mine])


def cascade_evidence(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    votes: int = 1,
    truth: Sequence[Pool] | None = None,
) -> CascadeEvidence:
    """Compare the first judge with the second, or with the truth, match by match.

    Agreement is the same outcome: both labels, or the same preference. Against the truth, labels
    must both be right; a preference must name the right response of two of which one is right,
    and of other pairs nothing is known. Where the second judge was not read, its agreement is not
    known either.

    Parameters
    ----------
    first, second, votes
        See ``cascade_table``.
    truth : sequence of Pool, optional
        With it, agreement is with the truth.

    Raises
    ------
    UserError
        See ``cascade_table``; or when the truth of no match is known.
    """
    pools = None if truth is None else {pool.problem.id: pool for pool in truth}
    problems: list[str] = []
    sure: list[float] = []
    agrees: list[float] = []
    for one in _matches(first, second, votes):
        said = one.first[0] if votes == 1 else pool_verdicts(one.first, "majority")
        problems.append(one.problem)
        known = None if failed(one.first) else sureness(one.first)
        sure.append(np.nan if known is None else known)
        right = (
            _same(said, one.second)
            if pools is None
            else _true(said, pools.get(one.problem), one.a, one.b)
        )
        agrees.append(np.nan if right is None else float(right))
    if np.isnan(agrees).all():
        raise UserError(
            "agreement is not known of a single match: the second judge was never read, or it is "
            "not known which candidates are right"
        )
    return CascadeEvidence(np.array(problems), np.array(sure), np.array(agrees))


def cascade_account(table: pd.DataFrame) -> pd.DataFrame:
    """Which judge answered, and what each cost, of verdicts that a cascade gave.

    Parameters
    ----------
    table : DataFrame
        Of a cascade: of ``cascade_table``, of judging, or of a store.

    Returns
    -------
    DataFrame
        One line a judge, in their order: ``judge``, ``answered`` (matches that it decided),
        ``calls``, ``prompt_tokens``, ``completion_tokens``, ``seconds``.

    Raises
    ------
    UserError
        When a verdict carries no account.
    """
    import pandas as pd

    found: dict[str, dict[str, float]] = {}
    sums = ("calls", "prompt_tokens", "completion_tokens", "seconds")
    for row, text in enumerate(table["text"].tolist() if "text" in table else []):
        try:
            stages = json.loads(text.partition("\n")[0])["cascade"]
            for place, stage in enumerate(stages):
                mine = found.setdefault(stage["judge"], dict.fromkeys(("answered", *sums), 0))
                mine["answered"] += place == len(stages) - 1
                for name in sums:
                    mine[name] += stage[name]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(
                f"row {row + 1} carries no account of a cascade; give a table that a cascade made"
            ) from None
    if not found:
        raise UserError("the table carries no account of a cascade; give one that a cascade made")
    return pd.DataFrame([{"judge": name, **values} for name, values in found.items()])


def _matches(first: pd.DataFrame, second: pd.DataFrame, votes: int) -> Iterator[_Recorded]:
    """The matches of the second table in its order, with what the first judge said of them."""
    kinds = table_kind(first), table_kind(second)
    if None not in kinds and kinds[0] is not kinds[1]:
        raise UserError(
            f"the first table of a cascade holds {kinds[0]}, the second {kinds[1]}; both must hold "
            "labels, or both preferences"
        )
    name, _ = _name(first, "first"), _name(second, "second")
    heard, other = TableVerdicts(first), TableVerdicts(second)
    places = {key: row for row, key in enumerate(_keys(first, "first"))}
    told = votes > 1
    read = 0
    alone = {key[:3] for key in places} - {key[:3] for key in _keys(second, "second")}
    if alone:
        problem, a, b = min(alone)
        raise UserError(
            f"the second judge's table has no verdict for problem {problem!r}, candidate {a} shown "
            f"before {b} ({len(alone)} such pairs); both tables must be of the same ordered pairs"
        )
    for row, (problem, a, b, repetition) in enumerate(_keys(second, "second")):
        said = []
        for vote in range(repetition * votes, (repetition + 1) * votes):
            at = places.get((problem, a, b, vote))
            if at is None:
                raise UserError(
                    f"the first judge's table has no verdict for problem {problem!r}, candidate "
                    f"{a} shown before {b}, repetition {vote}; both tables must be of the same "
                    "ordered pairs, and the first of as many repetitions as there are votes"
                )
            said.append(heard[at])
        read += said[0].status is Status.PARSED
        told = told or sureness(said) is not None
        yield _Recorded(problem, a, b, repetition, said, other[row])
    if read and not told:
        raise no_probabilities(name)


def _keys(table: pd.DataFrame, which: str) -> Iterator[tuple[str, int, int, int]]:
    names = ["problem_id", "response_a", "response_b"]
    columns = [table[name].tolist() for name in names]
    again = table["repetition"].tolist() if "repetition" in table else [0] * len(table)
    for problem, a, b, repetition in zip(*columns, again, strict=True):
        try:
            yield str(problem), int(a), int(b), int(repetition)
        except (TypeError, ValueError):
            raise UserError(
                f"the {which} table of a cascade names candidates by their place in the pool, from "
                f"0; got {a!r} and {b!r}"
            ) from None


def _name(table: pd.DataFrame, which: str) -> str:
    return only_judge(table, f"the {which} verdicts of a cascade") or which


def _same(said: Verdict, other: Verdict) -> bool | None:
    if said.status is not Status.PARSED or other.status is not Status.PARSED:
        return None
    return said.outcome == other.outcome


def _true(said: Verdict, pool: Pool | None, a: int, b: int) -> bool | None:
    if said.status is not Status.PARSED or pool is None or max(a, b) >= len(pool):
        return None
    right = pool.candidates[a].correct, pool.candidates[b].correct
    if None in right:
        return None
    if said.kind is VerdictKind.LABELS:
        return (said.a_correct, said.b_correct) == right
    return None if right[0] == right[1] else said.preference == ("A" if right[0] else "B")
