"""A knockout whose winner comes with a bound on the chance of error."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pairjudge_lab.records import MatchResult, Play, Pool, Status, UserError, Verdict
from pairjudge_lab.tournaments.lots import draw, shuffled
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import Rules

BOTH_ORDERS = Rules(order="both")
NOT_DECIDED = "not decided: the asked certainty was not reached"


@dataclass(slots=True)
class Wealth:
    """Bets that one side of a match is favoured, as an e-process.

    The null hypothesis is that this side's mean score is at most one half. A unit of money is bet
    on each score before it is seen, at odds that are fair under the null, so that the wealth is a
    nonnegative supermartingale: it ever reaches 1 / error with a chance of at most ``error``
    (Ville's inequality), however often one looks (Waudby-Smith and Ramdas 2024, arXiv 2010.09686).
    """

    value: float = 1.0
    heard: int = 0
    total: float = 0.0
    squares: float = 0.0

    def hear(self, score: float) -> None:
        """Take in one score of this side, from 0 to 1."""
        # What to bet depends on earlier scores alone; half an imagined score keeps it small at
        # first.
        mean = (0.5 + self.total) / (1 + self.heard)
        spread = (0.25 + self.squares) / (1 + self.heard)
        ahead = mean - 0.5
        stake = min(1.5, max(0.0, ahead / (spread + ahead**2)))
        # Nothing is bet by a side that is behind, and half by one of which nothing is known.
        stake = 0.5 if not self.heard else stake
        self.value *= 1 + stake * (score - 0.5)
        self.heard += 1
        self.total += score
        self.squares += (score - mean) ** 2


@dataclass(slots=True)
class _Match:
    """Two answer groups, and what has been heard of them."""

    sides: tuple[int, int]
    wealth: tuple[Wealth, Wealth] = field(default_factory=lambda: (Wealth(), Wealth()))
    rounds: int = 0
    winner: int | None = None

    @property
    def ahead(self) -> int | None:
        """The side with more points so far; None where they are equal."""
        one, other = (side.total for side in self.wealth)
        return None if one == other else int(other > one)


@dataclass(frozen=True, slots=True)
class CertifiedKnockout:
    """A knockout of answer groups that goes on asking until it is sure, or says that it is not.

    Each pairing is shown in both orders, again and again, with members of the two groups drawn at
    random each time. A side wins when its e-process (``Wealth``) passes (groups - 1) / ``error``.
    Of all brackets at most a share ``error`` then has a winner other than the one whom the judge,
    asked without end, would send through the same bracket. That holds whatever the judge's position
    effect, since both orders are asked, and for intransitive preferences, since nothing is carried
    from one pairing to another.

    It says nothing of errors that the judge would repeat for ever: one that prefers a wrong answer
    on average is sure of the wrong answer. And it needs verdicts that are drawn anew: a judge that
    decodes greedily gives the same verdict each time, and is certain of it at once.

    Where the calls end first, whoever is ahead goes on, and the Selection's note says
    ``NOT_DECIDED``. Verdicts that could not be read, and their counterparts, count for nothing.

    Parameters
    ----------
    error : float
        The share of brackets that may be wrong.
    rounds : int or None
        The most rounds of a pairing, two calls each; None for no limit, which needs a budget.

    Raises
    ------
    UserError
        For an error outside 0 to 1, rounds below 1, no limit at all, or rules that do not ask both
        orders once.
    """

    error: float = 0.05
    rounds: int | None = 100
    rules: Rules = BOTH_ORDERS

    def __post_init__(self) -> None:
        if not 0 < self.error < 1:
            raise UserError(f"error lies between 0 and 1, got {self.error}")
        if self.rounds is None and self.rules.budget is None:
            raise UserError(
                "a pairing of equals is never decided: give rounds, or a budget in the rules"
            )
        if self.rounds is not None and self.rounds < 1:
            raise UserError(f"rounds is at least 1, got {self.rounds}")
        if self.rules.order != "both" or self.rules.votes != 1 or self.rules.unread == "again":
            raise UserError(
                "a certified knockout asks both orders once a round: order is both, votes 1, and "
                "unread not again"
            )

    @property
    def name(self) -> str:
        return "certified-knockout"

    @property
    def needs_fresh_verdicts(self) -> bool:
        """Verdicts heard twice would be counted twice, so it is not played on recorded ones."""
        return True

    def calls(self, n: int) -> int:
        if self.rounds is None:
            return int(self.rules.budget or 0)
        return 2 * max(0, n - 1) * self.rounds

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        members: dict[int, list[int]] = {}
        for c in range(len(pool)):
            members.setdefault(pool.group_of(c), []).append(c)
        groups = list(members.values())
        enough = max(1, len(groups) - 1) / self.error
        alive = shuffled(range(len(groups)), rng)
        history: list[list[MatchResult]] = []
        decided = True
        while len(alive) > 1:
            pairs = zip(alive[::2], alive[1::2], strict=False)
            matches = [_Match(pair) for pair in pairs]
            while open_ := [m for m in matches if m.winner is None and not self._over(m)]:
                if referee.spent:
                    break
                drawn = [
                    tuple(groups[side][draw(len(groups[side]), rng)] for side in m.sides)
                    for m in open_
                ]
                outcomes = yield from referee.settle([(x, y) for x, y in drawn])
                history.append([referee.match_result(outcome) for outcome in outcomes])
                for match, outcome in zip(open_, outcomes, strict=True):
                    self._hear(match, outcome.verdicts, enough)
            on = []
            for match in matches:
                if match.winner is None:
                    decided = False
                    ahead = match.ahead
                    match.winner = match.sides[draw(2, rng) if ahead is None else ahead]
                on.append(match.winner)
            alive = on + alive[2 * len(matches) :]
        winners = groups[alive[0]]
        chosen = winners[draw(len(winners), rng)]
        return referee.conclude(
            self.name,
            chosen,
            history,
            note="" if decided else NOT_DECIDED,
            error=self.error,
            certified=decided,
        )

    def _over(self, match: _Match) -> bool:
        return self.rounds is not None and match.rounds >= self.rounds

    @staticmethod
    def _hear(match: _Match, verdicts: tuple[Verdict, ...], enough: float) -> None:
        """Take in both orders of one round: the first of a match was shown first in the first."""
        if not verdicts:
            return
        match.rounds += 1
        if any(verdict.status is not Status.PARSED for verdict in verdicts):
            return
        first, turned = ({"A": 1.0, "B": 0.0}.get(verdict.outcome, 0.5) for verdict in verdicts)
        score = (first + 1 - turned) / 2
        for side, own in enumerate((score, 1 - score)):
            match.wealth[side].hear(own)
            if match.wealth[side].value >= enough:
                match.winner = match.sides[side]
