"""The knockout of the PairJudge RM paper, by the paper's rule and by the released code's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import MatchResult, Play, Pool, UserError
from pairjudge_lab.tournaments.lots import draw, shuffled
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import PAPER, RELEASED, Rules
from pairjudge_lab.tournaments.seeding import SEEDINGS, neighbours, seeded_row

EVERYBODY_OUT = "a round put everybody out; one of its candidates was drawn at random"


@dataclass(frozen=True, slots=True)
class Knockout:
    """Pairs meet, those judged wrong go, until one candidate or one answer group is left.

    ``PAPER`` (Algorithm 1, the default) and ``RELEASED`` (the code) settle differently what is not
    a plain win:

    ==================  ==============================  =============================
    verdict             ``Knockout(PAPER)``             ``Knockout(RELEASED)``
    ==================  ==============================  =============================
    both correct        one advances at random          the one shown as A advances
    neither correct     both are out                    both are out
    unread              one advances at random          both are out
    ==================  ==============================  =============================

    (The paper says nothing of unread verdicts; advancing one at random is our reading, since
    it is the rule that takes nothing from a text that says nothing.)

    Candidates of one answer group never meet at the judge: one of the two advances at random, and a
    call is saved. Without ``seeding`` each round is drawn anew, so that as few pairs as possible
    are of one group, and an odd candidate, drawn at random, has a bye. With it the bracket is fixed
    before the first match: see ``SEEDINGS``. If a round puts everybody out, a random candidate of
    that round is selected. When the budget ends, it is one of those left with the most wins.

    At most n - 1 matches for n candidates; under the rule ``keep`` for unread verdicts twice
    that, after which those left draw lots.

    Parameters
    ----------
    rules : Rules
        Who is shown first, how often a match is judged, and what each verdict counts for.
    seeding : str or None
        How a fixed bracket is seeded, one of ``SEEDINGS``; None draws each round anew.

    Raises
    ------
    UserError
        For an unknown seeding, or a fixed bracket that would have to keep both.

    Examples
    --------
    >>> from pairjudge_lab import Knockout
    >>> Knockout().calls(16)
    15
    """

    rules: Rules = PAPER
    seeding: str | None = None

    def __post_init__(self) -> None:
        if self.seeding is not None and self.seeding not in SEEDINGS:
            raise UserError(
                f"seeding {self.seeding!r} is not offered; choose {', '.join(SEEDINGS)}, or none"
            )
        if self.seeding is not None and self.rules.unread == "keep":
            raise UserError(
                "a seeded bracket has one place for the two of a match, so the rule 'keep' for "
                "unread verdicts cannot be followed; choose tie, neither or again"
            )

    @property
    def name(self) -> str:
        if self.seeding is not None:
            return f"knockout-seeded-{self.seeding}"
        released = self.rules.both_correct == "first" and self.rules.unread == "neither"
        return "knockout-released" if released else "knockout"

    def calls(self, n: int) -> int:
        keeps = 2 if self.rules.unread == "keep" else 1
        return max(0, n - 1) * self.rules.most_calls_a_match * keeps

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        alive = list(range(len(pool)))
        row = None if self.seeding is None else seeded_row(pool, self.seeding, rng)
        wins = [0] * len(pool)
        history: list[list[MatchResult]] = []
        note = ""
        while len({pool.group_of(c) for c in alive}) > 1 and not referee.spent:
            pairs, byes = draw_round(pool, alive, rng) if row is None else neighbours(row)
            outcomes = yield from referee.settle(pairs)
            results = []
            for outcome in outcomes:
                advanced = referee.advance(outcome)
                if outcome.verdicts and len(advanced) == 1:
                    wins[advanced[0]] += 1
                results.append(referee.match_result(outcome, advanced))
            history.append([*results, *(MatchResult(c, None, "bye", (c,)) for c in byes)])
            left = [c for result in history[-1] for c in result.advanced]
            if not left:
                note = EVERYBODY_OUT
                break
            alive = left
            if row is not None:
                on = set(alive)
                pair_of = zip(row[::2], row[1::2], strict=True)
                row = [next((c for c in two if c in on), None) for two in pair_of]
        if referee.spent:
            most = max(wins[c] for c in alive)
            alive = [c for c in alive if wins[c] == most]
        elif not note:
            # Between candidates with the same answer there is nothing to judge.
            referee.saved += (len(alive) - 1) * self.rules.calls_a_match
        chosen = alive[draw(len(alive), rng)]
        seeds = "none" if self.seeding is None else SEEDINGS[self.seeding]
        return referee.conclude(self.name, chosen, history, note=note, seeding=seeds)


def draw_round(
    pool: Pool, alive: Sequence[int], rng: np.random.Generator
) -> tuple[list[tuple[int, int]], list[int]]:
    """Pair candidates with as few pairs of one group as can be; the pairs, and the odd one if any.

    With answer groups standing side by side in a row of 2m, place i meets place i + m: a group of m
    or fewer then never meets itself, and a larger one only as often as it must. The order of the
    groups and of the candidates within each is random, and so is the bye.
    """
    order = shuffled(alive, rng)
    bye = [order.pop()] if len(order) % 2 else []
    places = {group: i for i, group in enumerate(dict.fromkeys(map(pool.group_of, order)))}
    order.sort(key=lambda c: places[pool.group_of(c)])
    half = len(order) // 2
    return list(zip(order[:half], order[half:], strict=True)), bye


__all__ = ["PAPER", "RELEASED", "Knockout", "draw_round"]
