"""The uncertainty-guided Swiss tournament of V1-Infer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import Play, Pool, UserError
from pairjudge_lab.tournaments.groups import check_ceiling, margin, most_matches
from pairjudge_lab.tournaments.lots import shuffled
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import Standings


class Quality:
    """Win rates in which a match weighs as much as its verdict is sure (V1, equation 1).

    A weight is the difference of the two ratings, from 0 to 1, and at least ``floor``.

    Attributes
    ----------
    opponents
        (n, n), how often two have met.
    """

    def __init__(self, pool: Pool, rules: Rules, floor: float) -> None:
        n = len(pool)
        self.pool, self.rules, self.floor = pool, rules, floor
        self.opponents = np.zeros((n, n), dtype=int)
        self._won, self._weight = np.zeros(n), np.zeros(n)

    def hear(self, referee: Referee, outcomes: Sequence[Outcome]) -> None:
        """Take in what was played; what counts for nothing was still asked."""
        for outcome in outcomes:
            x, y = outcome.x, outcome.y
            if outcome.result == "unplayed":
                continue
            self.opponents[x, y] += 1
            self.opponents[y, x] += 1
            points = referee.points(outcome)
            if points is not None:
                weight = max(abs(margin(outcome, self.rules)), self.floor)
                self._won[[x, y]] += weight * np.array(points)
                self._weight[[x, y]] += weight

    @property
    def score(self) -> np.ndarray:
        """(n,) win rates; one half for who has met nobody."""
        met = self._weight > 0
        return np.where(met, self._won / np.where(met, self._weight, 1), 0.5)

    @property
    def degree(self) -> np.ndarray:
        """(n,) how many opponents each has met."""
        return np.asarray((self.opponents > 0).sum(axis=1))

    def can_meet(self, i: int, j: int) -> bool:
        """Whether two have different answers and have not been shown in every order asked for."""
        most = 1 if self.rules.order == "both" else 2
        return self.pool.group_of(i) != self.pool.group_of(j) and bool(self.opponents[i, j] < most)


def coverage_pairs(
    quality: Quality, among: Sequence[int], degree: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Those with too few opponents, each with the new one of nearest score (algorithm 2)."""
    score, have = quality.score, quality.degree
    order = shuffled(among, rng)
    used: set[int] = set()
    pairs = []
    for i in sorted((c for c in order if have[c] < degree), key=lambda c: have[c]):
        new = [
            j
            for j in order
            if j not in used and j != i and not quality.opponents[i, j] and quality.can_meet(i, j)
        ]
        if i not in used and new:
            j = min(new, key=lambda c: abs(score[i] - score[c]))
            pairs.append((i, j))
            used.update((i, j))
    return pairs


def swiss_pairs(
    quality: Quality, among: Sequence[int], window: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """From the top, each with who is nearest in score of the next in rank (algorithm 4)."""
    score = quality.score
    ranking = sorted(shuffled(among, rng), key=lambda c: -score[c])
    used: set[int] = set()
    pairs = []
    for place, i in enumerate(ranking):
        near = [
            j
            for j in ranking[place + 1 : place + 1 + window]
            if j not in used and quality.can_meet(i, j)
        ]
        if i not in used and near:
            j = min(near, key=lambda c: (abs(score[i] - score[c]), quality.opponents[i, c]))
            pairs.append((i, j))
            used.update((i, j))
    return pairs


@dataclass(frozen=True, slots=True)
class UncertaintySwiss:
    """V1-Infer's uncertainty-guided Swiss tournament (Singh et al. 2026, arXiv 2603.04304).

    First every candidate meets ``coverage`` opponents, whoever is nearest in score; then, round by
    round, those of nearest score meet within ``window`` places of the ranking. The score is the
    win rate weighted by how far apart the judge rates the two: by the probabilities of its labels
    where it tells them, which stand for the paper's ratings from 1 to 10, and otherwise by 1 for a
    win and ``floor`` for anything else. ``coverage``, ``window`` and ``floor`` are the paper's.

    Two differences from the paper: candidates with the same answer do not meet, and a pair is shown
    once in either order, not oftener. Each candidate stands for itself, as there: nothing is shared
    within a group of the same answer.

    It stops when its calls are spent, the budget or ``per_candidate`` matches for each candidate
    (the paper takes 1, 2 and 3), or when nothing new can be asked. It has no rule for being sure.

    Raises
    ------
    UserError
        For a coverage or window below 1, a floor outside 0 to 1, or a ceiling of 0 or less.
    """

    coverage: int = 2
    window: int = 8
    floor: float = 0.1
    per_candidate: float | None = 2.0
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if self.coverage < 1 or self.window < 1 or not 0 < self.floor <= 1:
            raise UserError(
                "coverage and window are at least 1 and floor above 0 and at most 1; got "
                f"{self.coverage}, {self.window}, {self.floor}"
            )
        check_ceiling(self.per_candidate)

    @property
    def name(self) -> str:
        return "uncertainty-swiss"

    def calls(self, n: int) -> int:
        return most_matches(self.per_candidate, n, self.rules) * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        everyone = range(len(pool))
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        standings = Standings(len(pool))
        quality = Quality(pool, self.rules, self.floor)
        while not referee.spent:
            pairs = coverage_pairs(quality, everyone, self.coverage, rng)
            pairs = pairs or swiss_pairs(quality, everyone, self.window, rng)
            if not pairs:
                break
            outcomes = yield from referee.settle(pairs)
            standings.add(referee, outcomes)
            quality.hear(referee, outcomes)
        score, lot = quality.score, rng.random(len(pool))
        ranking = sorted(everyone, key=lambda c: (-round(float(score[c]), 9), lot[c]))
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=tuple(ranking),
            score="weighted-wins",
        )
