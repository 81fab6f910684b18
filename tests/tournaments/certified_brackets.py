"""Many certified brackets of four at once: the rules of ``CertifiedKnockout`` on arrays.

A second implementation, held against the first in ``test_certified.py``: the same verdicts give the
same brackets.
"""

from dataclasses import dataclass

import numpy as np

from pairjudge_lab.compiling import njit


@njit()
def bet(side, heard, score):
    """Bet on one score of a side: ``side`` holds its wealth, its total and its squares."""
    mean = (0.5 + side[1]) / (1 + heard)
    spread = (0.25 + side[2]) / (1 + heard)
    ahead = mean - 0.5
    stake = 0.5 if heard == 0 else min(1.5, max(0.0, ahead / (spread + ahead**2)))
    side[0] *= 1 + stake * (score - 0.5)
    side[1] += score
    side[2] += (score - mean) ** 2


@njit()
def hear(sides, heard, score, enough):
    """Take in one score of the first side; 0 or 1 where that side has now won, else -1."""
    bet(sides[0], heard, score)
    bet(sides[1], heard, 1 - score)
    for side in range(2):
        if sides[side, 0] >= enough:
            return side
    return -1


@njit()
def fresh():
    """Both sides before anything was heard."""
    sides = np.zeros((2, 3))
    sides[:, 0] = 1.0
    return sides


def decide(scores, enough):
    """Which side wins, 0 or 1, or -1 where the scores end first; they are the first side's."""
    sides = fresh()
    for heard, score in enumerate(scores):
        winner = hear(sides, heard, score, enough)
        if winner >= 0:
            return winner
    return -1


@njit()
def named(favoured, effect, ties, noise, rng):
    """1 where the one shown first is named, 0 where the other is, one half for a tie."""
    if rng.random() < ties:
        return 0.5
    chance = 0.5 if rng.random() < noise else min(1.0, max(0.0, favoured + effect / 2))
    return 1.0 if rng.random() < chance else 0.0


@njit()
def play_brackets(accuracy, effect, ties, noise, rounds, enough, rng, ends, calls):
    """Fill ``ends``, (brackets, 3): of both semi-finals and the final, 1 where it went to whom the
    judge prefers, 0 where to the other, -1 where it was not decided."""
    for bracket in range(len(accuracy)):
        for pairing in range(3):
            right = 0 if rng.random() < 0.5 else 1
            chance = accuracy[bracket] if right == 0 else 1 - accuracy[bracket]
            sides, winner, heard = fresh(), -1, 0
            while winner < 0 and heard < rounds:
                first = named(chance, effect, ties, noise, rng)
                turned = named(1 - chance, effect, ties, noise, rng)
                winner = hear(sides, heard, (first + 1 - turned) / 2, enough)
                heard += 1
            ends[bracket, pairing] = -1 if winner < 0 else int(winner == right)
            calls[bracket] += 2 * heard


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


def count_errors(judge, brackets, rng, *, error, rounds):
    """How many brackets of four were decided, how many of them wrongly, and their mean calls."""
    accuracy = np.full(brackets, judge.accuracy)
    if judge.shared:
        accuracy = 0.5 + (judge.accuracy - 0.5) * 2 * np.clip(rng.random(brackets), 0.05, 1)
    ends, calls = np.zeros((brackets, 3), dtype=np.int64), np.zeros(brackets)
    biases = judge.effect, judge.ties, judge.noise
    play_brackets(accuracy, *biases, rounds, 3 / error, rng, ends, calls)
    # Any match that went to the other counts, also in the half of the bracket that lost the final.
    decided = (ends >= 0).all(axis=1)
    wrong = decided & (ends == 0).any(axis=1)
    return int(decided.sum()), int(wrong.sum()), float(calls.mean())
