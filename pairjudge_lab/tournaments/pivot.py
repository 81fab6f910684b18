"""The pivot tournament: a few candidates meet everyone, the others compare through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import Play, Pool, UserError
from pairjudge_lab.tournaments.lots import shuffled
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import Standings, ranking_by


@dataclass(frozen=True, slots=True)
class Pivot:
    """``pivots`` candidates, of different answer groups where there are enough, meet everyone once.

    All rank by their mean share of the points over the opponents they met, equal ones by lot. With
    p pivots p(n - 1) - p(p - 1)/2 matches for n candidates.

    Raises
    ------
    UserError
        For fewer than one pivot.
    """

    pivots: int = 3
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if self.pivots < 1:
            raise UserError(f"pivots is at least 1, got {self.pivots}")

    @property
    def name(self) -> str:
        return "pivot"

    def calls(self, n: int) -> int:
        p = min(self.pivots, n)
        return (p * (n - 1) - p * (p - 1) // 2) * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng)
        standings = Standings(len(pool))
        order = shuffled(range(len(pool)), rng)
        first_of_group = {pool.group_of(c): c for c in reversed(order)}
        fresh = [c for c in order if first_of_group[pool.group_of(c)] == c]
        pivots = [*fresh, *(c for c in order if c not in fresh)][: self.pivots]
        for place, pivot in enumerate(pivots):
            others = [c for c in order if c not in pivots[: place + 1]]
            outcomes = yield from referee.settle([(pivot, c) for c in others])
            standings.add(referee, outcomes)
            if referee.spent:
                break
        ranking = ranking_by([standings.score("borda"), standings.score("labels")], rng)
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=ranking,
            score="borda",
            pivots=tuple(pivots),
        )
