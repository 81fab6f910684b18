"""Top-two Thompson sampling: calls go to the answer that is likely best and its likely rivals."""

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

_POSTERIOR_DRAWS = 200


@dataclass(frozen=True, slots=True)
class TopTwoThompson:
    """Top-two Thompson sampling of answer groups, on Beta posteriors of being called correct.

    Russo (2016, arXiv 1602.08448): the leader is the best of one draw from the posterior, the
    challenger the best of the next draw that has another best. There one of the two is measured;
    a match measures both, so they meet.

    The chance that a group is called correct has a Beta prior, Jeffreys' half for and half against:
    all answers start alike, however many candidates gave them (``TopTwoAnswers`` counts those).
    Every label that a verdict gives is one observation, or its probability where the judge tells
    and ``soft`` holds; of a judge of preference, and where no verdict could be read, the points of
    the match are. Beyond the paper, every group is judged once before anything is drawn.

    It stops when the leading group is best in ``confidence`` of the draws from the posterior, which
    is right only as far as labels are drawn independently (with 1 it never does); when its calls
    are spent, the budget or ``per_candidate`` matches for each candidate; or when nothing new can
    be asked. The group with the highest posterior mean is selected, and of it the candidate most
    often called correct.

    Raises
    ------
    UserError
        For a confidence outside 0 to 1, or a ceiling of 0 or less.
    """

    confidence: float = 0.95
    per_candidate: float | None = 2.0
    soft: bool = True
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if not 0 < self.confidence <= 1:
            raise UserError(f"confidence is above 0 and at most 1; got {self.confidence}")
        check_ceiling(self.per_candidate)

    @property
    def name(self) -> str:
        return "top-two-thompson"

    def calls(self, n: int) -> int:
        return most_matches(self.per_candidate, n, self.rules) * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        standings, groups = Standings(len(pool)), Groups(pool, self.rules, rng)
        # Rows: called correct, called wrong.
        belief = np.full((2, len(groups)), 0.5)

        def hear(outcomes: Sequence[Outcome]) -> None:
            standings.add(referee, outcomes)
            for outcome in outcomes:
                sides = [groups.of[outcome.x], groups.of[outcome.y]]
                for pair in points_or_labels(referee, outcome, soft=self.soft):
                    belief[0, sides] += pair
                    belief[1, sides] += 1 - np.array(pair)

        if len(groups) > 1:
            hear((yield from referee.settle(_everybody(groups))))
        while len(groups) > 1 and not referee.spent:
            draws = rng.beta(belief[0], belief[1], size=(_POSTERIOR_DRAWS, len(groups)))
            best = draws.argmax(axis=1)
            mean = belief[0] / belief.sum(axis=0)
            if self.confidence < 1 and np.mean(best == mean.argmax()) >= self.confidence:
                break
            leader = int(best[0])
            others = np.flatnonzero(best != leader)
            # Where no draw has another best, the best of the rest in the next one.
            row = draws[others[0] if len(others) else 1]
            rivals = sorted(range(len(groups)), key=lambda g: -row[g])
            rival = next((g for g in rivals if groups.can_meet(leader, g)), None)
            if rival is None:
                leader, rival = _anything_new(groups, mean)
                if rival is None:
                    break
            hear((yield from referee.settle([groups.send(leader, rival)])))
        mean = belief[0] / belief.sum(axis=0)
        ranking = group_ranking(groups, mean, standings, rng)
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=ranking,
            score="posterior-mean",
            confidence=self.confidence,
        )


def _everybody(groups: Groups) -> list[tuple[int, int]]:
    """Every group against another; of an odd number the last meets the first."""
    order = list(range(len(groups)))
    sides = order if len(order) % 2 == 0 else [*order, order[0]]
    return [groups.send(s, t) for s, t in zip(sides[::2], sides[1::2], strict=True)]


def _anything_new(groups: Groups, mean: np.ndarray) -> tuple[int, int | None]:
    """The best two groups of whom something can still be asked."""
    order = [int(g) for g in np.argsort(-mean, kind="stable")]
    for place, s in enumerate(order):
        for t in order[place + 1 :]:
            if groups.can_meet(s, t):
                return s, t
    return order[0], None
