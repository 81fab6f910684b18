"""Bradley-Terry strengths, compiled."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.replay.compiled.rules import kernel, leaf


@kernel
def newton(
    wins: np.ndarray, correct: np.ndarray, wrong: np.ndarray, prior: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """``tournaments.strengths.strengths``, to its last few bits.

    Returns:
        Strengths, Cholesky factor, and the steps taken, -1 where it did not converge.
    """
    n = len(wins)
    theta, step = np.zeros(n), np.zeros(n)
    factor = np.zeros((n, n))
    for count in range(100):
        for i in range(n):
            alone = 1 / (1 + np.exp(-theta[i]))
            up, down = correct[i] + prior, wrong[i] + prior
            gradient = up - (up + down) * alone
            own = (up + down) * alone * (1 - alone)
            for j in range(n):
                games = wins[i, j] + wins[j, i]
                if games > 0 and i != j:
                    chance = 1 / (1 + np.exp(theta[j] - theta[i]))
                    gradient += wins[i, j] - games * chance
                    weight = games * chance * (1 - chance)
                    own += weight
                    factor[i, j] = -weight
                else:
                    factor[i, j] = 0.0
            factor[i, i] = own
            step[i] = gradient
        _solve(factor, step)
        largest = 0.0
        for i in range(n):
            largest = max(largest, abs(step[i]))
        # Far from the answer a full step can overshoot.
        scale = min(1.0, 2.0 / max(largest, 1e-300))
        for i in range(n):
            theta[i] += step[i] * scale
        if largest < 1e-9:
            return theta, factor, count
    return theta, factor, -1


@leaf
def _solve(matrix: np.ndarray, vector: np.ndarray) -> None:
    """Replace a positive definite matrix by its Cholesky factor, and a vector by the solution."""
    n = len(vector)
    for j in range(n):
        for k in range(j):
            matrix[j, j] -= matrix[j, k] ** 2
        matrix[j, j] = np.sqrt(matrix[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]
            matrix[j, i] = 0.0
    for i in range(n):
        for k in range(i):
            vector[i] -= matrix[i, k] * vector[k]
        vector[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            vector[i] -= matrix[k, i] * vector[k]
        vector[i] /= matrix[i, i]
