"""PARWiS: the winner of a few comparisons, by spectral ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import Play, Pool
from pairjudge_lab.tournaments.groups import Groups, check_ceiling, group_ranking, most_matches
from pairjudge_lab.tournaments.lots import draw
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import Standings
from pairjudge_lab.tournaments.strengths import Evidence


@dataclass(frozen=True, slots=True)
class Parwis:
    """PARWiS (Sheth and Rajkumar 2021): pairwise active recovery of the winner on few comparisons.

    First a row of matches: the first two answer groups meet, the winner meets the next, and so on
    through all of them. Then the group on top by rank centrality (Negahban, Oh and Shah 2017) meets
    the one whose match is expected to change the ranking most: the change of the scores after one
    step of the chain, over both results weighted by their likelihood, which is one of the paper's
    measures of disruption.

    The players are the answer groups, who send members that have met least. A player without
    candidate, who has won once and lost once against everyone, keeps the chain connected; two
    called correct have won against it, two called wrong lost to it.

    It stops when its calls are spent, the budget or ``per_candidate`` matches for each candidate
    (the paper takes 2 or 3), or when the group on top can be asked nothing new. It has no rule for
    being sure.

    Raises
    ------
    UserError
        For a ceiling of 0 or less.
    """

    per_candidate: float | None = 2.0
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        check_ceiling(self.per_candidate)

    @property
    def name(self) -> str:
        return "parwis"

    def calls(self, n: int) -> int:
        return most_matches(self.per_candidate, n, self.rules) * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        standings, groups = Standings(len(pool)), Groups(pool, self.rules, rng)
        evidence = Evidence(len(groups))

        def hear(outcome: Outcome) -> tuple[float, float] | None:
            standings.add(referee, [outcome])
            points = referee.points(outcome)
            if points is not None:
                x, y = groups.of[outcome.x], groups.of[outcome.y]
                evidence.add(x, y, points, outcome.result)
            return points

        top = 0
        for rival in range(1, len(groups)):
            if referee.spent:
                break
            (outcome,) = yield from referee.settle([groups.send(top, rival)])
            mine, theirs = hear(outcome) or (0.5, 0.5)
            if theirs > mine or (theirs == mine and draw(2, rng)):
                top = rival
        score = rank_centrality(evidence)
        while len(groups) > 1 and not referee.spent:
            top = int(score.argmax())
            rivals = [g for g in range(len(groups)) if groups.can_meet(top, g)]
            if not rivals:
                break
            rival = max(rivals, key=lambda g: disruption(evidence, score, top, g))
            (outcome,) = yield from referee.settle([groups.send(top, rival)])
            hear(outcome)
            score = rank_centrality(evidence)
        ranking = group_ranking(groups, score, standings, rng)
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=ranking,
            score="rank-centrality",
        )


def rank_centrality(evidence: Evidence) -> np.ndarray:
    """(n,) shares of time in a walk that goes from each player to those who beat it.

    From i it goes to j with probability w_ji / (w_ij + w_ji) / n, w_ji being how often j beat i.
    The player without candidate, who makes the walk reach everyone, is left out of the shares.
    """
    n = len(evidence.wins)
    wins = np.zeros((n + 1, n + 1))
    wins[:n, :n] = evidence.wins
    wins[:n, n] = 1 + evidence.called_correct
    wins[n, :n] = 1 + evidence.called_wrong
    games = wins + wins.T
    chain = np.where(games > 0, wins.T / np.where(games > 0, games, 1), 0) / (n + 1)
    chain[np.diag_indices(n + 1)] = 1 - chain.sum(axis=1)
    # The stationary distribution: it is left as it is, and sums to 1.
    equations = np.vstack([chain.T - np.eye(n + 1), np.ones(n + 1)])
    shares = np.linalg.lstsq(equations, np.append(np.zeros(n + 1), 1), rcond=None)[0]
    return np.asarray(shares[:n] / shares[:n].sum())


def disruption(evidence: Evidence, score: np.ndarray, i: int, j: int) -> float:
    """How much a match of i and j is expected to move the scores, in one step of the chain.

    A win of i moves (score_i + score_j) (w_ji + 1) / ((w + 2)(w + 3)) from j to i, of w matches of
    the two so far and with one imagined win of either; it has probability
    score_i / (score_i + score_j).
    """
    mine, theirs = evidence.wins[i, j], evidence.wins[j, i]
    games = mine + theirs
    moved = score[i] * (theirs + 1) + score[j] * (mine + 1)
    return float(moved / ((games + 2) * (games + 3)))
