"""A tournament written outside the package: who wins two matches first is selected."""

from dataclasses import dataclass
from itertools import combinations

from pairjudge_lab.tournaments.referee import Referee
from pairjudge_lab.tournaments.rules import PAPER, Rules


@dataclass(frozen=True, slots=True)
class FirstToTwo:
    """Pairs are played in a drawn order until a candidate has won twice."""

    rules: Rules = PAPER

    @property
    def name(self):
        return "first-to-two"

    def calls(self, n):
        return n * (n - 1) // 2 * self.rules.most_calls_a_match

    def play(self, pool, rng):
        referee = Referee(pool, self.rules, rng, self.calls(len(pool)))
        wins, history = [0] * len(pool), []
        pairs = list(combinations(range(len(pool)), 2))
        for place in rng.permutation(len(pairs)):
            (outcome,) = yield from referee.settle([pairs[place]])
            advanced = referee.advance(outcome)
            history.append([referee.match_result(outcome, advanced)])
            if len(advanced) == 1:
                wins[advanced[0]] += 1
            if max(wins) == 2 or referee.spent:
                break
        return referee.conclude(self.name, wins.index(max(wins)), history)
