"""Judges by rule, and one play stepped through by hand."""

from collections.abc import Callable

import numpy as np

from pairjudge_lab.records import Candidate, Match, Pool, Problem, Selection, Status, Verdict

UNREAD = Verdict(Status.UNPARSED, reason="static")
OPTIONS = [Verdict(Status.PARSED, a, b) for a in (True, False) for b in (True, False)]


def says(a: bool, b: bool) -> Verdict:
    return Verdict(Status.PARSED, a, b)


def truth(match: Match) -> Verdict:
    return says(*(bool(match.pool.candidates[i].correct) for i in (match.a, match.b)))


def coin(rng: np.random.Generator) -> Callable[[Match], Verdict]:
    """All four verdicts alike, whatever the match."""
    return lambda match: OPTIONS[rng.integers(4)]


def prefers(chance: np.ndarray, rng: np.random.Generator) -> Callable[[Match], Verdict]:
    """``chance[i, j]`` is the probability that i is preferred to j."""

    def judge(match: Match) -> Verdict:
        a = bool(rng.random() < chance[match.a, match.b])
        return says(a, not a)

    return judge


def loners(right: list[bool]) -> Pool:
    """A pool in which nobody shares an answer."""
    candidates = tuple(Candidate(f"text {i}", None, ok) for i, ok in enumerate(right))
    return Pool(Problem("p", "q", "0"), candidates)


def play(
    tournament, pool: Pool, judge: Callable[[Match], Verdict], rng: np.random.Generator
) -> tuple[Selection, list[list[Match]]]:
    """The Selection, and every batch of matches that was asked for."""
    game, sent, asked = tournament.play(pool, rng), None, []
    while True:
        try:
            matches = game.send(sent)
        except StopIteration as end:
            return end.value, asked
        asked.append(matches)
        sent = [judge(match) for match in matches]
