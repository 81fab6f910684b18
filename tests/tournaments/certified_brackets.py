"""Many certified brackets of four at once: the rules of ``CertifiedKnockout`` on arrays.

A second implementation, held against the first in ``test_certified.py``: the same verdicts give the
same brackets.
"""

from dataclasses import dataclass

import numpy as np


class Wealths:
    """``Wealth`` of many matches side by side: (matches, 2), one column a side."""

    def __init__(self, matches):
        self.value = np.ones((matches, 2))
        self.total = np.zeros((matches, 2))
        self.squares = np.zeros((matches, 2))
        self.heard = 0

    def hear(self, own):
        """Take in one score of each side, (matches, 2) from 0 to 1."""
        mean = (0.5 + self.total) / (1 + self.heard)
        spread = (0.25 + self.squares) / (1 + self.heard)
        ahead = mean - 0.5
        stake = np.clip(ahead / (spread + ahead**2), 0, 1.5) if self.heard else 0.5
        self.value *= 1 + stake * (own - 0.5)
        self.heard += 1
        self.total += own
        self.squares += (own - mean) ** 2

    def keep(self, open_):
        """Go on with some of the matches."""
        self.value, self.total = self.value[open_], self.total[open_]
        self.squares = self.squares[open_]


def decide(score, matches, rounds, enough):
    """Which side of each match wins, 0 or 1, or -1 where the rounds end first.

    Args:
        score: called with a round's number and the places of the matches that are still open; the
            first side's score of each.
    """
    winner = np.full(matches, -1)
    places, wealth = np.arange(matches), Wealths(matches)
    for number in range(rounds):
        first = score(number, places)
        wealth.hear(np.stack([first, 1 - first], axis=1))
        sure = wealth.value >= enough
        # Both sides can never be sure at once: one of them is behind and bets nothing.
        done = sure.any(axis=1)
        winner[places[done]] = sure[done].argmax(axis=1)
        wealth.keep(~done)
        places = places[~done]
        if not len(places):
            break
    return winner


@dataclass(frozen=True)
class Planted:
    """A judge with a planted truth: every pair of a bracket has a winner of its own.

    Args:
        accuracy: how often a readable preference names it, where no side is favoured.
        effect: by how much more often the one shown first is named.
        ties: the share of verdicts that are ties.
        noise: the share of verdicts that are coins.
        shared: whether a bracket's pairs share a difficulty: the accuracy is then drawn for a whole
            bracket, from just above one half to as far above ``accuracy``.
    """

    accuracy: float
    effect: float = 0.0
    ties: float = 0.0
    noise: float = 0.0
    shared: bool = False

    def chances(self, brackets, rng):
        """(brackets,) the accuracy of each."""
        if not self.shared:
            return np.full(brackets, self.accuracy)
        return 0.5 + (self.accuracy - 0.5) * 2 * np.clip(rng.random(brackets), 0.05, 1)

    def scorer(self, chance, rng):
        """Scores of the first side, both orders of a round together; ``chance`` is that side's."""

        def verdicts(favoured):
            named = rng.random(len(favoured)) < np.clip(favoured + self.effect / 2, 0, 1)
            coin = rng.random(len(favoured)) < 0.5
            said = np.where(rng.random(len(favoured)) < self.noise, coin, named).astype(float)
            return np.where(rng.random(len(favoured)) < self.ties, 0.5, said)

        def score(_, places):
            here = chance[places]
            return (verdicts(here) + 1 - verdicts(1 - here)) / 2

        return score


def count_errors(judge, brackets, rng, *, error, rounds):
    """How many brackets of four were decided, how many of them wrongly, and their mean calls."""
    accuracy = judge.chances(brackets, rng)
    enough = 3 / error
    calls = np.zeros(brackets)

    def pairing():
        first = rng.random(brackets) < 0.5
        chance = np.where(first, accuracy, 1 - accuracy)
        scores = judge.scorer(chance, rng)

        def counted(number, places):
            calls[places] += 2
            return scores(number, places)

        return decide(counted, brackets, rounds, enough), np.where(first, 0, 1)

    # Whom the judge, asked without end, sends through is another when any match on his way is
    # wrong; of a wrong semi-final the other bracket half is none of the final's business.
    one, right_one = pairing()
    two, right_two = pairing()
    last, right_last = pairing()
    decided = (one >= 0) & (two >= 0) & (last >= 0)
    wrong = (one != right_one) | (two != right_two) | (last != right_last)
    return int(decided.sum()), int((decided & wrong).sum()), float(calls.mean())
