"""Simulated studies with planted effects, to hold the price against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay import Recording
from pairjudge_lab.verdicts.codes import FIRST, SECOND, TIE


@dataclass(frozen=True, slots=True)
class Planted:
    """A judge whose margins are planted, and the problems that it meets.

    Attributes
    ----------
    problems : int
        How many problems.
    candidates : int
        Of each problem.
    content : float
        Margin that a right response has over a wrong one, in log-odds.
    position : float
        Added to the margin of the response shown first.
    length : float
        Times the difference of the logarithms of the lengths.
    threshold : float
        Margins below it, of either sign, are a tie.
    belief : float
        Standard deviation of a lasting error of each pair, the same in both orders and all
        repetitions: what the judge believes of these two texts.
    repetitions : int
        Verdicts on each ordered pair.
    longer : float
        How much longer wrong responses are, as a difference of logarithms.
    """

    problems: int = 60
    candidates: int = 8
    content: float = 1.5
    position: float = 1.0
    length: float = 0.0
    threshold: float = 0.0
    belief: float = 0.0
    repetitions: int = 1
    longer: float = 0.0


def planted_study(
    plan: Planted, rng: np.random.Generator
) -> tuple[list[Recording], list[np.ndarray]]:
    """Recordings of a planted judge, and the margins behind them."""
    recordings, margins = [], []
    for number in range(plan.problems):
        n = plan.candidates
        ease = rng.beta(1.5, 1.5)
        right = rng.random(n) < ease
        sizes = np.exp(rng.normal(5.0, 0.4, n) + plan.longer * ~right).astype(int) + 1
        answers = np.where(right, 0, rng.integers(1, 7, n))
        candidates = tuple(
            Candidate("x" * int(size), str(answer), bool(r))
            for size, answer, r in zip(sizes, answers, right, strict=True)
        )
        pool = Pool(Problem(f"p{number}", "", "0"), candidates, tuple(int(a) for a in answers))
        length = np.log(sizes)
        lasting = rng.normal(0.0, plan.belief, (n, n)) if plan.belief else np.zeros((n, n))
        lasting = np.triu(lasting, 1) - np.triu(lasting, 1).T
        true = right.astype(float)
        margin = (
            plan.content * (true[:, None] - true[None, :])
            + plan.position
            + plan.length * (length[:, None] - length[None, :])
            + lasting
            + rng.logistic(0.0, 1.0, (plan.repetitions, n, n))
        )
        margins.append(margin)
        recordings.append(Recording(pool, codes_of_margins(margin, plan.threshold)))
    return recordings, margins


def codes_of_margins(margin: np.ndarray, threshold: float) -> np.ndarray:
    """The codes of the verdicts that margins lead to."""
    said = np.where(margin > threshold, FIRST, np.where(margin < -threshold, SECOND, TIE))
    return said.astype(np.int8)
