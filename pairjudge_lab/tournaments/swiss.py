"""Swiss: a few rounds in which those with like scores meet, and never twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log2

import networkx as nx
import numpy as np

from pairjudge_lab.records import Play, Pool, UserError
from pairjudge_lab.tournaments.knockout import draw_round
from pairjudge_lab.tournaments.lots import draw
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import (
    Standings,
    buchholz,
    ranking_by,
    sonneborn_berger,
)

# What a pairing costs, in the order of what matters: each outweighs any sum of those below it that
# a field of a few hundred could make.
REMATCH = 10**13
SAME_ANSWER = 10**9
POSITION_MUST = 10**6
SCORE = 2_000
POSITION = 200

SPARE = 8
"""Opponents are looked for half the largest score group away and this many places further; the
whole field is looked through only when that leaves somebody without one."""

TIE_BITS = 40
"""Bits of the numbers that choose among pairings of the same cost."""


@dataclass(frozen=True, slots=True)
class Swiss:
    """ceil(log2 n) rounds, or as many as asked; points rank, then Buchholz, Sonneborn-Berger, lot.

    The first round is drawn. After it each round is the pairing of least cost, found as a
    maximum-weight matching (the method of arXiv 2112.10522): first no rematch, then no meeting of
    the same answer, then nobody a third time running in one position, then like scores, then
    positions in turn, then the upper half of a score group against the lower. The positions follow
    chess's colours when ``order`` is ``balanced``.

    Of an odd number, the lowest of those with the fewest byes sits out. A bye and a meeting within
    an answer group bring half a point each: neither says anything of the candidate.

    floor(n/2) matches a round.

    Raises
    ------
    UserError
        For fewer than one round.
    """

    rounds: int | None = None
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if self.rounds is not None and self.rounds < 1:
            raise UserError(f"a Swiss tournament has at least 1 round, got {self.rounds}")

    @property
    def name(self) -> str:
        return "swiss" if self.rounds is None else f"swiss-{self.rounds}"

    def calls(self, n: int) -> int:
        return self.most_rounds(n) * (n // 2) * self.rules.most_calls_a_match

    def most_rounds(self, n: int) -> int:
        """How many rounds n candidates play."""
        if n < 2:
            return 0
        return ceil(log2(n)) if self.rounds is None else self.rounds

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        n = len(pool)
        referee = Referee(pool, self.rules, rng)
        standings = Standings(n)
        met, byes = np.zeros((n, n)), np.zeros(n)
        one_answer = len({pool.group_of(c) for c in range(n)}) == 1
        for number in range(0 if one_answer else self.most_rounds(n)):
            if number == 0:
                pairs, sitting = draw_round(pool, range(n), rng)
            else:
                scores = standings.score("wins")
                order = list(ranking_by([scores, buchholz(scores, met)], rng))
                sitting = [_bye(order, byes)] if n % 2 else []
                pairs = _pair([c for c in order if c not in sitting], scores, met, referee, rng)
            outcomes = yield from referee.settle(pairs)
            standings.add(referee, outcomes, sitting)
            for x, y in pairs:
                met[x, y] += 1
                met[y, x] += 1
            byes[sitting] += 1
            if referee.spent:
                break
        scores = standings.score("wins")
        unjudged = len(standings.history) - standings.met.sum(axis=1)
        ranking = ranking_by(
            [
                scores,
                buchholz(scores, standings.met, unjudged),
                sonneborn_berger(scores, standings.points),
            ],
            rng,
        )
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=ranking,
            score="wins",
            tie_breaks="buchholz",
        )


@lru_cache(maxsize=64)
def tie_breaks(n: int) -> np.ndarray:
    """(n, n) numbers that say which of several pairings of least cost is taken.

    Without them it would be whichever one an algorithm finds first. The sums of numbers of so many
    bits are as good as never equal (the isolation lemma of Mulmuley, Vazirani and Vazirani 1987),
    so there is one best pairing, and every exact method finds it.
    """
    numbers = np.random.default_rng(n).integers(0, 2**TIE_BITS, (n, n))
    upper = np.triu(numbers, 1)
    return np.asarray(upper + upper.T)


def _bye(order: list[int], byes: np.ndarray) -> int:
    """The lowest of those with the fewest byes."""
    fewest = byes.min()
    return next(c for c in reversed(order) if byes[c] == fewest)


def _pair(
    order: list[int],
    scores: np.ndarray,
    met: np.ndarray,
    referee: Referee,
    rng: np.random.Generator,
) -> list[tuple[int, int]]:
    """The pairing of least cost of an even number of candidates, given from best to worst."""
    groups = Counter(scores[order])
    near = max(groups.values()) // 2 + SPARE
    ties = tie_breaks(len(order))
    beyond = 1 << (TIE_BITS + len(order).bit_length())
    for width, rematch in ((near, False), (len(order), False), (len(order), True)):
        graph = nx.Graph()
        for i, x in enumerate(order):
            for j in range(i + 1, min(i + 1 + width, len(order))):
                y = order[j]
                if rematch or not met[x, y]:
                    cost = REMATCH * int(met[x, y]) + _cost(x, y, scores, referee)
                    if scores[x] == scores[y]:
                        cost += abs(j - i - groups[scores[x]] // 2)
                    graph.add_edge(i, j, weight=-(cost * beyond + int(ties[i, j])))
        pairing = nx.max_weight_matching(graph, maxcardinality=True)
        if 2 * len(pairing) == len(order):
            break
    pairs = [(order[min(edge)], order[max(edge)]) for edge in sorted(map(sorted, pairing))]
    return [(x, y) if draw(2, rng) else (y, x) for x, y in pairs]


def _cost(x: int, y: int, scores: np.ndarray, referee: Referee) -> int:
    cost = SAME_ANSWER if referee.pool.group_of(x) == referee.pool.group_of(y) else 0
    if referee.rules.order == "balanced":
        claims = referee.claim(x), referee.claim(y)
        if claims[0] * claims[1] > 0:
            weakest = min(map(abs, claims))
            cost += POSITION_MUST if weakest >= 10 else POSITION if weakest >= 2 else POSITION // 10
    return cost + SCORE * round((2 * float(scores[x] - scores[y])) ** 2)
