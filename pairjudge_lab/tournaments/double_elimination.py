"""Double elimination: out after two losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import MatchResult, Play, Pool
from pairjudge_lab.tournaments.knockout import EVERYBODY_OUT, draw_round
from pairjudge_lab.tournaments.lots import draw
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import PAPER, Rules


@dataclass(frozen=True, slots=True)
class DoubleElimination:
    """The unbeaten meet the unbeaten, those who lost once meet each other, two losses are out.

    The last unbeaten candidate meets the last with one loss in the final; with ``reset`` a final
    that the unbeaten one loses is played again, since both have lost once then. Each round is
    drawn anew within both, preferring other answers. ``neither`` is a loss of both; of two with the
    same answer, one is out at random. When the budget ends, it is one of those left with the fewest
    losses and, among them, the most wins.

    At most 2n - 1 matches for n candidates, 2n - 2 without ``reset``; twice that under the rule
    ``keep`` for unread verdicts.
    """

    reset: bool = True
    rules: Rules = PAPER

    @property
    def name(self) -> str:
        return "double-elimination" if self.reset else "double-elimination-no-reset"

    def calls(self, n: int) -> int:
        keeps = 2 if self.rules.unread == "keep" else 1
        matches = 0 if n < 2 else 2 * n - (1 if self.reset else 2)
        return matches * self.rules.most_calls_a_match * keeps

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        losses, wins = [0] * len(pool), [0] * len(pool)
        alive = list(range(len(pool)))
        history: list[list[MatchResult]] = []
        note = ""
        while len({pool.group_of(c) for c in alive}) > 1 and not referee.spent:
            groups = [[c for c in alive if losses[c] == lost] for lost in (0, 1)]
            final = [len(group) for group in groups] == [1, 1]
            pairs, byes = [], []
            if final:
                pairs = [(groups[0][0], groups[1][0])]
            else:
                for group in groups:
                    some, odd = draw_round(pool, group, rng)
                    pairs += some
                    byes += odd
            outcomes = yield from referee.settle(pairs)
            results = []
            for outcome in outcomes:
                advanced = referee.advance(outcome)
                for c in (outcome.x, outcome.y):
                    if c not in advanced:
                        last = outcome.result == "same_answer" or (final and not self.reset)
                        losses[c] = 2 if last else losses[c] + 1
                    elif outcome.verdicts and len(advanced) == 1:
                        wins[c] += 1
                results.append(referee.match_result(outcome, advanced))
            history.append([*results, *(MatchResult(c, None, "bye", (c,)) for c in byes)])
            left = [c for c in alive if losses[c] < 2]
            if not left:
                note = EVERYBODY_OUT
                break
            alive = left
        if referee.spent:
            best = min((losses[c], -wins[c]) for c in alive)
            alive = [c for c in alive if (losses[c], -wins[c]) == best]
        chosen = alive[draw(len(alive), rng)]
        return referee.conclude(self.name, chosen, history, note=note)
