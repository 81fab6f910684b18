"""Top-two Thompson sampling over which answer is right, the candidates' votes as its prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import Play, Pool, UserError
from pairjudge_lab.tournaments.groups import (
    Groups,
    check_ceiling,
    group_ranking,
    most_matches,
    points_or_labels,
)
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import Standings


@dataclass(frozen=True, slots=True)
class TopTwoAnswers:
    """Top-two Thompson sampling (Russo 2016, arXiv 1602.08448) over which answer is right.

    One of the pool's answers is taken to be right. What speaks for an answer is a sum: ``votes``
    for each candidate that gave it, as in weighted majority voting, and 1 for each label that
    calls one of them correct, less 1 for each that calls one wrong (of a label with a probability,
    where ``soft`` holds, twice the probability less 1). A label is believed to be right with
    probability ``accuracy``, so that the chance of an answer is proportional to
    (accuracy / (1 - accuracy)) to the power of that sum. The belief decides where calls go and when
    it is sure; which answer is ahead does not depend on it.

    The leader is drawn from these chances and so is the challenger, until it is another; they send
    members who have met least. Of a judge of preference, and where no verdict could be read, the
    points of a match count: 1 for the winner, -1 for the loser.

    It stops when an answer's chance reaches ``confidence`` (never with 1), which is as right
    as the believed accuracy and the independence of the labels are; when its calls are spent, the
    budget or ``per_candidate`` matches for each candidate; or when nothing new can be asked. With
    votes a wrong answer that most candidates gave may stay ahead of what few verdicts say, even of
    a judge that never errs: give fewer, the better the judge and the more the candidates.

    Raises
    ------
    UserError
        For negative votes, an accuracy outside 1/2 to 1, a confidence outside 0 to 1, or a ceiling
        of 0 or less.
    """

    votes: float = 1.0
    accuracy: float = 0.75
    confidence: float = 0.99
    per_candidate: float | None = 2.0
    soft: bool = True
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if self.votes < 0 or not 0.5 < self.accuracy < 1 or not 0 < self.confidence <= 1:
            raise UserError(
                "votes is at least 0, accuracy lies between 1/2 and 1, and confidence above 0 and "
                f"at most 1; got {self.votes}, {self.accuracy}, {self.confidence}"
            )
        check_ceiling(self.per_candidate)

    @property
    def name(self) -> str:
        return "top-two-answers"

    def calls(self, n: int) -> int:
        return most_matches(self.per_candidate, n, self.rules) * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        standings, groups = Standings(len(pool)), Groups(pool, self.rules, rng)
        ahead = self.votes * np.array([len(group) for group in groups.members], dtype=float)

        def hear(outcomes: Sequence[Outcome]) -> None:
            standings.add(referee, outcomes)
            for outcome in outcomes:
                sides = [groups.of[outcome.x], groups.of[outcome.y]]
                for pair in points_or_labels(referee, outcome, soft=self.soft):
                    ahead[sides] += 2 * np.array(pair) - 1

        everyone = np.arange(len(groups))
        while len(groups) > 1 and not referee.spent:
            chance = self._chances(ahead)
            if self.confidence < 1 and chance.max() >= self.confidence:
                break
            open_ = np.array(
                [any(groups.can_meet(s, t) for t in range(len(groups))) for s in range(len(groups))]
            )
            if not open_.any():
                break
            leader = _drawn(everyone[open_], chance[open_], rng)
            rivals = np.array([g for g in range(len(groups)) if groups.can_meet(leader, g)])
            rival = _drawn(rivals, chance[rivals], rng)
            hear((yield from referee.settle([groups.send(leader, rival)])))
        ranking = group_ranking(groups, ahead, standings, rng)
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=ranking,
            score="votes-and-labels",
            votes=self.votes,
            accuracy=self.accuracy,
            confidence=self.confidence,
        )

    def _chances(self, ahead: np.ndarray) -> np.ndarray:
        """(groups,) the chance of each answer to be the right one."""
        weight = np.exp(np.log(self.accuracy / (1 - self.accuracy)) * (ahead - ahead.max()))
        return np.asarray(weight / weight.sum())


def _drawn(places: np.ndarray, chance: np.ndarray, rng: np.random.Generator) -> int:
    """One of the places, by their chances; each as likely where all chances are nothing."""
    total = chance.sum()
    share = chance / total if total > 0 else np.full(len(places), 1 / len(places))
    at = np.searchsorted(np.cumsum(share), rng.random(), side="right")
    return int(places[min(int(at), len(places) - 1)])
