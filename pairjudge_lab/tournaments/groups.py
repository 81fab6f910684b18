"""Answer groups as players: who is sent to meet whom, and what the verdicts say of either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import ceil

import numpy as np

from pairjudge_lab.records import Pool, Status, UserError, Verdict, VerdictKind
from pairjudge_lab.tournaments.lots import shuffled
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.tournaments.rules import Rules
from pairjudge_lab.tournaments.standings import Standings, ranking_by


def check_ceiling(per_candidate: float | None) -> None:
    """See that a ceiling on matches is one.

    Raises
    ------
    UserError
        When it is 0 or less.
    """
    if per_candidate is not None and per_candidate <= 0:
        raise UserError(
            f"per_candidate, the most matches a candidate, is above 0, or None for no ceiling; got "
            f"{per_candidate}"
        )


def most_matches(per_candidate: float | None, n: int, rules: Rules) -> int:
    """The most matches among n candidates: so many for each, or everything that can be asked.

    Without a ceiling that is every pair, in either order where a match is shown in one.
    """
    pairs = n * (n - 1) // 2
    everything = pairs if rules.order == "both" else 2 * pairs
    return everything if per_candidate is None else min(everything, ceil(per_candidate * n))


class Groups:
    """The answer groups of a pool, in random order.

    Candidates with the same answer are right or wrong together, so what one is told counts for its
    group. A match of two groups is played by members who have met least, and of those by who has
    been sent least. The same two meet once in either order: asked the same again, a judge that
    decodes greedily would repeat itself.

    Attributes
    ----------
    members
        For each group its candidates.
    of
        For each candidate its group.
    """

    def __init__(self, pool: Pool, rules: Rules, rng: np.random.Generator) -> None:
        found: dict[int, list[int]] = {}
        for c in shuffled(range(len(pool)), rng):
            found.setdefault(pool.group_of(c), []).append(c)
        self.members = list(found.values())
        self.of = {c: g for g, group in enumerate(self.members) for c in group}
        self._meetings = 1 if rules.order == "both" else 2
        self._met: Counter[tuple[int, int]] = Counter()
        self._sent: Counter[int] = Counter()
        self._left = {
            (s, t): self._meetings * len(self.members[s]) * len(self.members[t])
            for s in range(len(self))
            for t in range(len(self))
        }

    def __len__(self) -> int:
        return len(self.members)

    def can_meet(self, s: int, t: int) -> bool:
        """Whether the judge can still be asked something new of two groups."""
        return s != t and self._left[s, t] > 0

    def send(self, s: int, t: int) -> tuple[int, int]:
        """The members of two groups who meet next; ask ``can_meet`` before."""
        open_pairs = (
            (x, y)
            for x in self.members[s]
            for y in self.members[t]
            if self._met[x, y] < self._meetings
        )
        x, y = min(
            open_pairs,
            key=lambda pair: (self._met[pair], self._sent[pair[0]] + self._sent[pair[1]]),
        )
        for one, other in ((x, y), (y, x)):
            self._met[one, other] += 1
        for one, other in ((s, t), (t, s)):
            self._left[one, other] -= 1
        self._sent.update((x, y))
        return x, y


def said_of(outcome: Outcome, rules: Rules, *, soft: bool) -> Iterator[tuple[float, float]]:
    """What each label verdict of a pairing says of x and of y: how surely it is called correct.

    Parameters
    ----------
    soft : bool
        Take the label probabilities of a verdict that has both, in place of its labels.
    """
    for first, verdict in _shown(outcome, rules):
        if verdict.kind is not VerdictKind.LABELS:
            continue
        said = float(bool(verdict.a_correct)), float(bool(verdict.b_correct))
        if soft and verdict.a_probability is not None and verdict.b_probability is not None:
            said = verdict.a_probability, verdict.b_probability
        yield said if first == outcome.x else (said[1], said[0])


def points_or_labels(
    referee: Referee, outcome: Outcome, *, soft: bool
) -> list[tuple[float, float]]:
    """What a pairing says of x and of y: by every label verdict, or by its points where none is.

    Parameters
    ----------
    soft : bool
        See ``said_of``.

    Returns
    -------
    list of tuple
        Observations from 0 to 1, 1 being that a candidate is correct; none where the pairing does
        not count.
    """
    said = list(said_of(outcome, referee.rules, soft=soft))
    points = referee.points(outcome)
    return said or ([points] if points is not None else [])


def group_ranking(
    groups: Groups, values: np.ndarray, standings: Standings, rng: np.random.Generator
) -> tuple[int, ...]:
    """Candidates from best to worst by their group's value, by own label share, then by lot.

    Parameters
    ----------
    values : array
        (groups,) the higher the better; those that differ by rounding alone are equal.
    """
    own = standings.score("labels")
    group_of = [groups.of[c] for c in range(len(own))]
    return ranking_by([np.asarray(values)[group_of], own], rng)


def margin(outcome: Outcome, rules: Rules) -> float:
    """By how much the verdicts of a pairing are for x, from -1 to 1: their mean over what was read.

    A verdict counts by the difference of its two probabilities where it has them, and by 1, 0 or -1
    where it does not.
    """
    margins = []
    for first, verdict in _shown(outcome, rules):
        if verdict.status is not Status.PARSED:
            continue
        if verdict.a_probability is not None and verdict.b_probability is not None:
            ahead = verdict.a_probability - verdict.b_probability
        else:
            ahead = {"A": 1.0, "B": -1.0}.get(verdict.outcome, 0.0)
        margins.append(ahead if first == outcome.x else -ahead)
    return float(np.mean(margins)) if margins else 0.0


def _shown(outcome: Outcome, rules: Rules) -> Iterator[tuple[int, Verdict]]:
    """Each verdict of a pairing with who was shown first."""
    other = outcome.y if outcome.first == outcome.x else outcome.x
    one_way = len(outcome.verdicts) // 2 if rules.order == "both" else len(outcome.verdicts)
    for place, verdict in enumerate(outcome.verdicts):
        yield (outcome.first if place < one_way else other), verdict
