"""An adaptive tournament: calls go where the ranking is uncertain."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import Play, Pool, UserError
from pairjudge_lab.tournaments.lots import draw, shuffled
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.tournaments.rules import BALANCED, Rules
from pairjudge_lab.tournaments.standings import Standings
from pairjudge_lab.tournaments.strengths import Evidence, drawn_strengths, strengths

POSTERIOR_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Adaptive:
    """First every answer is covered, then those who may be best are compared until one stands out.

    The two stages follow V1-Infer (arXiv 2603.04304): coverage first, so that nobody is judged by
    one match alone, then matches where the order is uncertain. The second stage chooses them by
    double Thompson sampling (Wu and Liu 2016, arXiv 1604.07101): of draws of the Bradley-Terry
    strengths from their normal approximation two are taken, and the best of the one meets the best
    other of the second. All draws of a play are made of the same standard normal numbers, so that
    from one match to the next they differ only by what has been heard.

    The players are the answer groups, since candidates with the same answer are right or wrong
    together; they send members who have not met, or met once, the other way round. Beyond both
    papers, a label given to both (both correct, neither) counts for what it says of each: see
    ``strengths``.

    It stops when one group is best in ``confidence`` of the draws, when nothing is left to ask, or
    when its calls are spent: the budget, and ``ceiling`` times the matches that a round-robin would
    judge in the same pool, n(n - 1)/2 less those within a group (or one match less than there are
    groups, where that is more). Without a ceiling it may ask for every pair in both orders.

    Raises
    ------
    UserError
        For a coverage below 1, a confidence outside 0 to 1, or a ceiling of 0 or less.
    """

    coverage: int = 2
    confidence: float = 0.9
    ceiling: float | None = 0.25
    rules: Rules = BALANCED

    def __post_init__(self) -> None:
        if self.coverage < 1 or not 0 < self.confidence <= 1:
            raise UserError(
                "coverage is at least 1 and confidence above 0 and at most 1; got "
                f"{self.coverage}, {self.confidence}"
            )
        if self.ceiling is not None and self.ceiling <= 0:
            raise UserError(f"a ceiling is above 0, or None for none; got {self.ceiling}")

    @property
    def name(self) -> str:
        return "adaptive"

    def calls(self, n: int) -> int:
        return self._most(n, n * (n - 1) // 2)

    def _most(self, groups: int, apart: int) -> int:
        """The most calls among so many groups, of whom so many pairs of candidates could meet."""
        if self.ceiling is None:
            matches = apart if self.rules.order == "both" else 2 * apart
        else:
            matches = max(0, groups - 1, int(apart * self.ceiling))
        return matches * self.rules.most_calls_a_match

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        standings = Standings(len(pool))
        members: dict[int, list[int]] = {}
        for c in shuffled(range(len(pool)), rng):
            members.setdefault(pool.group_of(c), []).append(c)
        groups = list(members.values())
        apart = (len(pool) ** 2 - sum(len(group) ** 2 for group in groups)) // 2
        referee = Referee(pool, self.rules, rng, self._most(len(groups), apart))
        group_of = {c: t for t, group in enumerate(groups) for c in group}
        evidence, played = Evidence(len(groups)), [0] * len(groups)
        sent: Counter[int] = Counter()
        # The same two are shown in either order once: asked again, a judge would repeat itself.
        met: Counter[tuple[int, int]] = Counter()
        meetings = 1 if self.rules.order == "both" else 2

        def hear(outcomes: list[Outcome]) -> None:
            standings.add(referee, outcomes)
            for outcome in outcomes:
                points = referee.points(outcome)
                if points is not None:
                    evidence.add(group_of[outcome.x], group_of[outcome.y], points, outcome.result)

        def send(s: int, t: int) -> tuple[int, int] | None:
            """Two members who can still tell something new: met least, then sent least."""
            open_pairs = [(x, y) for x in groups[s] for y in groups[t] if met[x, y] < meetings]
            if not open_pairs:
                return None
            x, y = min(open_pairs, key=lambda pair: (met[pair], sent[pair[0]] + sent[pair[1]]))
            for pair in ((x, y), (y, x)):
                met[pair] += 1
            sent.update((x, y))
            played[s] += 1
            played[t] += 1
            return x, y

        while len(groups) > 1 and not referee.spent and min(played) < self.coverage:
            # Those who have played least, in random order.
            order = sorted(shuffled(range(len(groups)), rng), key=lambda t: played[t])
            need = [t for t in order if played[t] < self.coverage]
            half = min(len(need) + 1, len(order)) // 2
            pairs = [send(s, t) for s, t in zip(order[:half], order[half : 2 * half], strict=True)]
            if None in pairs:
                break
            hear((yield from referee.settle([pair for pair in pairs if pair is not None])))
        asking = len(groups) > 1 and not referee.spent
        normal = rng.standard_normal((POSTERIOR_DRAWS, len(groups))) if asking else np.empty((0, 1))
        while asking and not referee.spent:
            _, draws = drawn_strengths(evidence, normal)
            best = draws.argmax(axis=1)
            if np.bincount(best).max() >= self.confidence * len(best):
                break
            first = int(best[draw(len(best), rng)])
            second = draws[draw(len(draws), rng)]
            rivals = sorted(set(range(len(groups))) - {first}, key=lambda t: -second[t])
            pair = next(filter(None, (send(first, rival) for rival in rivals)), None)
            if pair is None:
                break
            hear((yield from referee.settle([pair])))
        # Strengths that differ by rounding alone are equal.
        theta = np.round(strengths(evidence)[0], 9)
        own = standings.score("labels")
        lot = rng.random(len(pool))
        ranking = sorted(range(len(pool)), key=lambda c: (-theta[group_of[c]], -own[c], lot[c]))
        return referee.conclude(
            self.name,
            ranking[0],
            standings.history,
            ranking=tuple(ranking),
            score="group-strength",
            confidence=self.confidence,
        )
