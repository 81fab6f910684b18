"""Accuracy of the majority at more samples than were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.forecast import Forecast, fit_chances


def forecast_majority(
    answers: Sequence[Sequence[Any]],
    right: Sequence[Sequence[bool]],
    n: Sequence[int],
    *,
    rng: np.random.Generator,
    draws: int = 400,
    level: float = 0.95,
) -> Forecast:
    """The chance that the most frequent of N answers is right, up to N beyond those drawn.

    A problem's chance of a right answer is drawn as in ``fit_chances``. What is left goes to its
    wrong answers by a Dirichlet distribution with their counts, and one count more for answers that
    were not seen: these are taken for different from each other, so that they win no majority.
    Equally frequent answers share the vote. Limits hold the uncertainty of every problem's chances
    and, by the Bayesian bootstrap, which problems there are.

    Parameters
    ----------
    answers : sequence of sequence
        A problem's final answers, None for a sample without one, which has no vote.
    right : sequence of sequence of bool
        Whether each is right; samples with a right answer count as one answer.
    n : sequence of int
        Numbers of samples a problem.
    rng : Generator
        Of the draws; ``draws`` how many.
    level : float
        Of the limits.

    Raises
    ------
    UserError
        As ``fit_chances``; for lists of different length.
    """
    if [len(a) for a in answers] != [len(r) for r in right]:
        raise UserError("every answer needs to be known right or wrong; the lists differ in length")
    if not len(n) or min(n) < 1:
        raise UserError("a forecast needs numbers of samples from 1 up, such as n=[16, 64, 256]")
    voted = [
        [(a, bool(r)) for a, r in zip(said, truth, strict=True)]
        for said, truth in zip(answers, right, strict=True)
    ]
    chances = fit_chances(
        [sum(r for a, r in rows if a is not None) for rows in voted],
        [len(rows) for rows in voted],
        rng=rng,
        draws=draws,
    )
    shares = chances.of_problems(rng)
    hits = np.zeros((draws, len(voted), len(n)))
    for problem, rows in enumerate(voted):
        wrong: dict[Any, int] = {}
        for answer, true in rows:
            if answer is not None and not true:
                wrong[answer] = wrong.get(answer, 0) + 1
        silent = sum(answer is None for answer, _ in rows)
        # The last share has no vote that counts.
        split = rng.dirichlet([*wrong.values(), silent + 1.0], size=draws)
        p = shares[:, problem]
        every = np.column_stack([p, (1 - p)[:, None] * split])
        for place, k in enumerate(n):
            votes = rng.multinomial(k, every)[:, :-1]
            most = votes.max(axis=1)
            ties = (votes == most[:, None]).sum(axis=1)
            hits[:, problem, place] = ((votes[:, 0] == most) & (most > 0)) / ties
    weights = rng.dirichlet(np.ones(len(voted)), size=draws)
    curves = np.einsum("dp,dpk->dk", weights, hits)
    return Forecast.of("majority of N", n, curves, chances, level)
