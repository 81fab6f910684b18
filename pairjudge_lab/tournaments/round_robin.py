"""Round-robin: everyone meets everyone, and a score decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import Play, Pool, UserError
from pairjudge_lab.tournaments.lots import shuffled
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import SCORES, Standings, ranking_by
from pairjudge_lab.verdicts.kinds import need_labels


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """Everyone meets everyone once (in either order with ``order="both"``), by Berger's rounds.

    ``score`` ranks: see ``SCORES``. Equal ones are drawn by lot. Candidates with the same answer do
    not meet at the judge; under ``wins`` they share the point, and the other scores leave it out.

    With ``order="balanced"`` everyone is shown first as often as second, or once more or less,
    whatever the groups, unless a budget cuts the tournament short; with ``order="drawn"`` as the
    Berger table has it. n(n - 1)/2 matches for n candidates.

    Raises
    ------
    UserError
        For a score that is not offered.
    """

    score: str = "wins"
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if self.score not in SCORES:
            raise UserError(f"score {self.score!r} is not offered; choose {', '.join(SCORES)}")

    @property
    def name(self) -> str:
        return "round-robin" if self.score == "wins" else f"round-robin-{self.score}"

    @property
    def needs_labels(self) -> bool:
        """Whether it ranks by what only a judge of correctness says."""
        return self.score == "labels"

    def calls(self, n: int) -> int:
        return n * (n - 1) // 2 * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng)
        standings = Standings(len(pool))
        seats = shuffled(range(len(pool)), rng)
        table = berger_rounds(len(pool))
        balanced = self.rules.order == "balanced"
        if balanced:
            groups = [pool.group_of(c) for c in seats]
            flat = [pair for pairs in table for pair in pairs]
            shown = balance_positions([(i, j) for i, j in flat if groups[i] != groups[j]])
            table = [[(j, i) if (j, i) in shown else (i, j) for i, j in pairs] for pairs in table]
        for pairs in table:
            outcomes = yield from referee.settle(
                [(seats[i], seats[j]) for i, j in pairs], oriented=balanced
            )
            if self.needs_labels:
                for verdict in (v for outcome in outcomes for v in outcome.verdicts):
                    need_labels(verdict.kind, f"the tournament {self.name!r}")
            standings.add(referee, outcomes)
            if referee.spent:
                break
        ranking = ranking_by([standings.score(self.score)], rng)
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=ranking,
            score=self.score,
        )


def berger_rounds(n: int) -> list[list[tuple[int, int]]]:
    """The Berger table for n seats numbered from 0: in each round (shown first, shown second).

    As FIDE publishes it (Handbook C.05, annex 1): with n even, the last seat stays and alternates
    positions while the others move on by n/2; with n odd, whoever would meet the seat that is not
    there has a bye.
    """
    even = n + n % 2
    half = even // 2
    rounds = []
    for number in range(even - 1):
        row = [(number * half + i) % (even - 1) for i in range(even - 1)]
        first = (row[0], even - 1) if number % 2 == 0 else (even - 1, row[0])
        pairs = [first, *((row[i], row[even - 1 - i]) for i in range(1, half))]
        rounds.append([(a, b) for a, b in pairs if max(a, b) < n])
    return rounds if n > 1 else []


def balance_positions(pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Order every pair so that everyone is first as often as second, or once more or less.

    With everyone of odd degree joined to one who is not there, every degree is even, so walking on
    along unused edges ends where it began, and leaves each place as often as it enters it (Euler).
    From each place the walk goes to the lowest number that is still open.
    """
    open_to: dict[int, set[int]] = {}
    for x, y in pairs:
        open_to.setdefault(x, set()).add(y)
        open_to.setdefault(y, set()).add(x)
    nobody = max(open_to, default=0) + 1
    odd = {c for c, others in open_to.items() if len(others) % 2}
    for c in odd:
        open_to[c].add(nobody)
    open_to[nobody] = odd
    shown = set()
    for begin in sorted(open_to):
        here = begin
        while open_to[here]:
            there = min(open_to[here])
            open_to[here].discard(there)
            open_to[there].discard(here)
            if nobody not in (here, there):
                shown.add((here, there))
            here = there
    return shown
