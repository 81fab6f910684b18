"""The ladder, also called king of the hill: the winner stays and meets the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import MatchResult, Play, Pool
from pairjudge_lab.tournaments.knockout import EVERYBODY_OUT
from pairjudge_lab.tournaments.lots import draw, shuffled
from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import PAPER, Rules


@dataclass(frozen=True, slots=True)
class Ladder:
    """In random order, each challenger meets whoever has won so far; n - 1 matches.

    When both are put out, the next challenger becomes the king; when nobody is left, one of the
    last two is drawn at random. Under the rule ``keep`` an unread challenger goes to the end of the
    line, and twice as many matches may be played. It ends early when all that are left are of the
    king's answer group. When the budget ends, the king of that moment is selected.
    """

    rules: Rules = PAPER

    @property
    def name(self) -> str:
        return "ladder"

    def calls(self, n: int) -> int:
        keeps = 2 if self.rules.unread == "keep" else 1
        return max(0, n - 1) * self.rules.most_calls_a_match * keeps

    def play(self, pool: Pool, rng: np.random.Generator) -> Play:
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        king, *line = shuffled(range(len(pool)), rng)
        history: list[list[MatchResult]] = []
        note = ""
        while any(pool.group_of(c) != pool.group_of(king) for c in line):
            challenger = line.pop(0)
            (outcome,) = yield from referee.settle([(king, challenger)])
            if referee.spent:
                break
            advanced = referee.advance(outcome)
            history.append([referee.match_result(outcome, advanced)])
            if len(advanced) == 2:
                line.append(challenger)
            elif advanced:
                king = advanced[0]
            elif line:
                king = line.pop(0)
            else:
                note = EVERYBODY_OUT
                king = (king, challenger)[draw(2, rng)]
        if not note and not referee.spent:
            referee.saved += len(line) * self.rules.calls_a_match
        return referee.conclude(self.name, king, history, note=note)
