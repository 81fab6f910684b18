"""Recorded verdicts as arrays, and any tournament played on them through its own generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import (
    Match,
    Pool,
    Selection,
    Tournament,
    UserError,
    Verdict,
    VerdictKind,
)
from pairjudge_lab.tournaments import PAPER
from pairjudge_lab.verdicts.codes import MISSING, codes_of, verdict_of
from pairjudge_lab.verdicts.judges import only_judge
from pairjudge_lab.verdicts.kinds import check_tournament
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd

LARGEST_INDEX = 9_999
"""Of a candidate or a repetition: an array is made that holds every one up to the largest."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One pool with its recorded verdicts.

    Attributes
    ----------
    codes : array
        (repetitions, n, n), ``codes[r, i, j]`` is what was said in repetition r with candidate i
        shown before j, as a code of ``verdicts.codes``.
    kind : VerdictKind
        Whether the codes are labels or preferences.
    """

    pool: Pool
    codes: np.ndarray
    kind: VerdictKind = VerdictKind.LABELS

    def __len__(self) -> int:
        return len(self.pool)

    def missing(self, a: int, b: int, repetition: int) -> UserError:
        """The error for a match that was not recorded."""
        return UserError(
            f"no recorded verdict for problem {self.pool.problem.id!r}, candidate {a} shown before "
            f"{b}, repetition {repetition}; record both orders (--both-orders), as many "
            "repetitions as the rules need, and choose N no larger than was recorded"
        )

    def hear(self, match: Match, subset: Sequence[int]) -> Verdict:
        """The recorded verdict of a match among a subset of the candidates.

        Raises
        ------
        UserError
            When it was not recorded.
        """
        a, b = subset[match.a], subset[match.b]
        code = self.codes[match.repetition % len(self.codes), a, b]
        if code == MISSING:
            raise self.missing(a, b, match.repetition)
        return verdict_of(int(code), self.kind)


def pools_heard(pools: Sequence[Pool], table: pd.DataFrame) -> tuple[list[Pool], int]:
    """The pools that a verdict table speaks of, and how many others there were."""
    recorded = set(table["problem_id"].astype(str))
    heard = [pool for pool in pools if pool.problem.id in recorded]
    return heard, len(pools) - len(heard)


def record(pools: Sequence[Pool], table: pd.DataFrame) -> list[Recording]:
    """Bring pools and a verdict table together.

    Parameters
    ----------
    pools : sequence of Pool
        With answer groups, so that what shares an answer is known.
    table : DataFrame
        The verdicts of one judge; candidates are named by their place in the pool, from 0.

    Returns
    -------
    list of Recording
        A recording for each pool that has verdicts, of the candidates up to the last one that
        occurs in them. Pools without verdicts have none.

    Raises
    ------
    UserError
        Verdicts of several judges or of both kinds, of a candidate that is not in the pool, twice
        the same, or of none of the pools.
    """
    only_judge(table, "the verdicts")
    place = {pool.problem.id: i for i, pool in enumerate(pools)}
    rows = table[table["problem_id"].astype(str).isin(place)]
    if not len(rows):
        raise UserError("the verdicts and the pools have no problem in common")
    problems = rows["problem_id"].astype(str).map(place).to_numpy()
    a, b = (_indices(rows[column]) for column in ("response_a", "response_b"))
    repetition = _indices(rows["repetition"]) if "repetition" in rows else np.zeros_like(a)
    said = codes_of(rows)
    # Where nothing at all could be read it makes no difference which kind it would have been.
    kind = table_kind(rows) or VerdictKind.LABELS
    out = []
    for i, pool in enumerate(pools):
        mine = problems == i
        if not mine.any():
            continue
        first, second, again = a[mine], b[mine], repetition[mine]
        size = int(max(first.max(), second.max())) + 1
        if size > len(pool):
            raise UserError(
                f"a verdict names candidate {size - 1} of problem {pool.problem.id!r}, whose pool "
                f"has {len(pool)} candidates, counted from 0"
            )
        codes = np.full((int(again.max()) + 1, size, size), MISSING, dtype=np.int8)
        codes[again, first, second] = said[mine]
        if (codes != MISSING).sum() != mine.sum():
            raise UserError(
                f"problem {pool.problem.id!r}: the same ordered pair occurs twice in one repetition"
            )
        out.append(Recording(pool.first(size), codes, kind))
    return out


def _indices(column: pd.Series) -> np.ndarray:
    try:
        given = column.to_numpy()
        values = given.astype(np.int64)
        if (given.astype(float) != values).any():
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise UserError(
            f"{column.name} must hold whole numbers (a candidate's place in its pool, from 0); "
            f"got {column.iloc[0]!r}"
        ) from None
    if len(values) and values.min() < 0:
        raise UserError(f"{column.name} is never negative; got {values.min()}")
    if len(values) and values.max() > LARGEST_INDEX:
        raise UserError(f"{column.name} is at most {LARGEST_INDEX:,}; got {values.max()}")
    return values


def replay(
    recording: Recording,
    tournament: Tournament,
    rng: np.random.Generator,
    subset: Sequence[int] | None = None,
) -> Selection:
    """Play a tournament on recorded verdicts, through its own generator.

    When two meet again in the same order more often than was recorded, the recording says again
    what it said first, as a judge that decodes greedily would.

    Parameters
    ----------
    subset : sequence of int or None
        Candidates that play, by default all; the Selection's numbers are places in it.

    Raises
    ------
    UserError
        When the tournament asks for a verdict that was not recorded, when its rules need
        repetitions (several votes, or judging again) that were not, or when it needs labels and the
        recorded verdicts are preferences.
    """
    check_replay(recording, tournament)
    pool = recording.pool
    chosen = list(range(len(pool))) if subset is None else list(subset)
    playing = replace(
        pool,
        candidates=tuple(pool.candidates[c] for c in chosen),
        groups=tuple(pool.group_of(c) for c in chosen),
    )
    play = tournament.play(playing, rng)
    try:
        matches = next(play)
        while True:
            matches = play.send([recording.hear(match, chosen) for match in matches])
    except StopIteration as end:
        selection: Selection = end.value
        return selection


def check_replay(recording: Recording, tournament: Tournament) -> None:
    """See that a tournament can be played on what was recorded.

    Raises
    ------
    UserError
        When its rules need repetitions that were not recorded, it needs labels and the recorded
        verdicts are preferences, or it needs verdicts that nobody has heard or choices among more
        than two.
    """
    if getattr(tournament, "needs_lists", False):
        raise UserError(
            f"the tournament {tournament.name!r} asks for the best of several, and the recorded "
            "verdicts are of pairs: play it live (pairjudge-lab choose), or replay the knockout of "
            "pairs, which is the same for two"
        )
    check_tournament(tournament, recording.kind)
    if getattr(tournament, "needs_fresh_verdicts", False):
        raise UserError(
            f"the tournament {tournament.name!r} needs verdicts that are drawn anew each time; "
            "recorded ones would be counted again and again: play it live, on a judge that samples"
        )
    rules = getattr(tournament, "rules", PAPER)
    needed = rules.votes + (rules.again if rules.unread == "again" else 0)
    if needed > len(recording.codes):
        raise UserError(
            f"these rules need {needed} repetitions of a verdict, and {len(recording.codes)} were "
            f"recorded for problem {recording.pool.problem.id!r}; record more (--repetitions) at a "
            "temperature, or choose --votes 1 and another rule for unread verdicts"
        )
