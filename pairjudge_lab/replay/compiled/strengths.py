"""Bradley-Terry strengths, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.rules import part, sums


class Fit(NamedTuple):
    """Working arrays for the strengths of n players.

    Attributes
    ----------
    theta : array
        (n,) the strengths; where the search begins, too.
    step : array
        (n,) the last step towards them.
    factor : array
        (n, n) what is above the diagonal of U, U'U being the negative second derivative.
    inverse : array
        (n,) one over U's diagonal.
    odds : array
        (n,) the exponentials of the strengths.
    met : array
        (2, n(n - 1)/2) the pairs of players who have met.
    count : array
        (1,) how many pairs those are.
    """

    theta: np.ndarray
    step: np.ndarray
    factor: np.ndarray
    inverse: np.ndarray
    odds: np.ndarray
    met: np.ndarray
    count: np.ndarray  # type: ignore[assignment]  # tuples have a count of their own


def new_fit(n: int) -> Fit:
    """Working arrays for n players, of whom every two have met."""
    met = np.array(np.triu_indices(n, 1), dtype=np.int64)
    count = np.array([met.shape[1]])
    return Fit(np.zeros(n), np.zeros(n), np.zeros((n, n)), np.zeros(n), np.zeros(n), met, count)


@part
def newton(
    fit: Fit, n: int, wins: np.ndarray, correct: np.ndarray, wrong: np.ndarray, prior: float
) -> int:
    """``tournaments.strengths.strengths`` of the first n players, to its last few bits.

    Returns
    -------
    int
        The steps taken, -1 where it did not converge.
    """
    theta = fit.theta
    for count in range(100):
        _curve(fit, n, wins, correct, wrong, prior)
        _decompose(fit.factor, fit.inverse, n)
        _forward(fit.factor, fit.inverse, fit.step, n)
        _backward(fit.factor, fit.inverse, fit.step, n)
        largest = 0.0
        for i in range(n):
            largest = max(largest, abs(fit.step[i]))
        # Far from the answer a full step can overshoot.
        scale = min(1.0, 2.0 / max(largest, 1e-300))
        for i in range(n):
            theta[i] += fit.step[i] * scale
        if largest < 1e-9:
            return count
    return -1


@sums
def _curve(
    fit: Fit, n: int, wins: np.ndarray, correct: np.ndarray, wrong: np.ndarray, prior: float
) -> None:
    """The first and the second derivative at ``theta``, into ``step`` and ``factor``."""
    theta, step, factor, odds = fit.theta, fit.step, fit.factor, fit.odds
    for i in range(n):
        odds[i] = np.exp(theta[i])
        alone = odds[i] / (1 + odds[i])
        up, down = correct[i] + prior, wrong[i] + prior
        step[i] = up - (up + down) * alone
        for j in range(i + 1, n):
            factor[i, j] = 0.0
        factor[i, i] = (up + down) * alone * (1 - alone)
    for k in range(fit.count[0]):
        i, j = fit.met[0, k], fit.met[1, k]
        games = wins[i, j] + wins[j, i]
        if games == 0:
            continue
        # One exponential a player, none a pair.
        chance = odds[i] / (odds[i] + odds[j])
        gain = wins[i, j] - games * chance
        weight = games * chance * (1 - chance)
        step[i] += gain
        step[j] -= gain
        factor[i, i] += weight
        factor[j, j] += weight
        factor[min(i, j), max(i, j)] -= weight


@sums
def _decompose(factor: np.ndarray, inverse: np.ndarray, n: int) -> None:
    """Replace the upper half of a positive definite matrix by its Cholesky factor.

    Four rows at a time, since of a short loop most of the time is its beginning and its end; by
    slices, since loops over those become vector instructions.
    """
    for k in range(0, n, 4):
        after = min(k + 4, n)
        for one in range(k, after):
            row = factor[one, one:n]
            inverse[one] = 1 / np.sqrt(row[0])
            times = inverse[one]
            for j in range(len(row)):
                row[j] *= times
            for i in range(one + 1, after):
                times, below, right = factor[one, i], factor[i, i:n], factor[one, i:n]
                for j in range(len(below)):
                    below[j] -= times * right[j]
        if after == n:
            return
        for i in range(after, n):
            a, b, c, d = factor[k, i], factor[k + 1, i], factor[k + 2, i], factor[k + 3, i]
            first, second = factor[k, i:n], factor[k + 1, i:n]
            third, fourth = factor[k + 2, i:n], factor[k + 3, i:n]
            below = factor[i, i:n]
            for j in range(len(below)):
                below[j] -= a * first[j] + b * second[j] + c * third[j] + d * fourth[j]


@sums
def _forward(factor: np.ndarray, inverse: np.ndarray, vector: np.ndarray, n: int) -> None:
    for k in range(n):
        vector[k] *= inverse[k]
        row = factor[k]
        for j in range(k + 1, n):
            vector[j] -= row[j] * vector[k]


@sums
def _backward(factor: np.ndarray, inverse: np.ndarray, vector: np.ndarray, n: int) -> None:
    for i in range(n - 1, -1, -1):
        total = 0.0
        row = factor[i]
        for j in range(i + 1, n):
            total += row[j] * vector[j]
        vector[i] = (vector[i] - total) * inverse[i]
