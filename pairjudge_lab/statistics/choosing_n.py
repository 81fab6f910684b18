"""How many samples a problem needs, decided while sampling."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from math import lgamma, log

from pairjudge_lab.records import UserError


@dataclass(frozen=True, slots=True)
class Leading:
    """The answers so far.

    Attributes
    ----------
    answer : Hashable or None
        The most frequent one, None before the first; of equally frequent ones the earliest.
    votes : int
        How many it has; ``runner_up``: the next one.
    samples : int
        How many were drawn, ``silent`` of them without an answer.
    sure : bool
        Whether it may be taken for the model's most frequent answer, at the asked error.
    """

    answer: Hashable | None
    votes: int
    runner_up: int
    samples: int
    silent: int
    sure: bool


class UntilSure:
    """Sample until the most frequent answer is sure to be the model's most frequent one.

    Each pair of answers is a bet on which is the more frequent: the likelihood of their votes with
    an unknown share, uniform from 0 to 1, over that with one half (Jain and others 2022, ICML, "PAC
    mode estimation"). Only votes after an answer has first appeared count for it, and the r-th
    answer to appear has the r(r + 1)-th part of the error, so that the number of answers need not
    be known. Whenever it stops, the answer is another than the most frequent one with a probability
    of ``error`` at most, by Ville's inequality.

    That is about what the model says most often, which need not be right.

    Parameters
    ----------
    error : float
        The chance to stop with another answer than the most frequent one.
    """

    def __init__(self, *, error: float = 0.05) -> None:
        if not 0 < error < 1:
            raise UserError(f"an error is between 0 and 1, such as 0.05; got {error}")
        self.error, self.samples, self.silent = error, 0, 0
        self.votes: dict[Hashable, int] = {}
        # By answer: how many votes every answer had when it appeared.
        self._before: dict[Hashable, dict[Hashable, int]] = {}

    def add(self, answer: Hashable | None) -> Leading:
        """Take in the next sample's answer, None for one without."""
        self.samples += 1
        if answer is None:
            self.silent += 1
            return self.leading
        self.votes[answer] = self.votes.get(answer, 0) + 1
        if answer not in self._before:
            self._before[answer] = dict(self.votes)
        return self.leading

    @property
    def leading(self) -> Leading:
        """Who leads, and whether that is sure."""
        if not self.votes:
            return Leading(None, 0, 0, self.samples, self.silent, False)
        ranked = sorted(self.votes, key=lambda answer: -self.votes[answer])
        first = ranked[0]
        runner_up = self.votes[ranked[1]] if len(ranked) > 1 else 0
        return Leading(
            first, self.votes[first], runner_up, self.samples, self.silent, self._sure(first)
        )

    def _sure(self, first: Hashable) -> bool:
        rank = list(self._before).index(first) + 1
        wanted = log(rank * (rank + 1) / self.error)
        before = self._before[first]
        gained = self.votes[first] - before[first]
        # An answer that was never seen is a rival with no votes.
        rivals = [0] + [
            votes - before.get(answer, 0) for answer, votes in self.votes.items() if answer != first
        ]
        return all(gained > rival and _evidence(gained, rival) >= wanted for rival in rivals)


def _evidence(one: int, other: int) -> float:
    """ln of the integral of p^one (1 - p)^other over p, over one half to the power of both."""
    both = one + other
    return lgamma(one + 1) + lgamma(other + 1) - lgamma(both + 2) + both * log(2)
