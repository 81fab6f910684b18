"""Bradley-Terry strengths of a few candidates, with what the labels say of each on its own."""

from __future__ import annotations

import numpy as np


class Evidence:
    """What pairings say of n players.

    Attributes
    ----------
    wins
        (n, n), wins[i, j] is how often i beat j; halves for ties.
    called_correct
        (n,), pairings in which both were called correct.
    called_wrong
        (n,), pairings in which neither was.
    """

    def __init__(self, n: int) -> None:
        self.wins = np.zeros((n, n))
        self.called_correct = np.zeros(n)
        self.called_wrong = np.zeros(n)

    def add(self, x: int, y: int, points: tuple[float, float], result: str) -> None:
        """One pairing: its points, and its result as the referee names it."""
        self.wins[x, y] += points[0]
        self.wins[y, x] += points[1]
        if result in ("both", "neither"):
            column = self.called_correct if result == "both" else self.called_wrong
            column[[x, y]] += 1


def strengths(evidence: Evidence, *, prior: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """The most likely strengths and their covariance, by Newton's method.

    P(i beats j) = 1 / (1 + exp(theta_j - theta_i)). A judge of correctness also says something of
    each alone, so a pairing in which both were called correct counts as a win of each over an
    imagined player of strength 0, and one in which neither was as a loss of each to it. ``prior``
    wins and losses of everyone against that player keep the strengths finite (Bradley and Terry
    1952).

    Returns
    -------
    tuple
        (n,) strengths in natural-log units, and their (n, n) covariance: the inverse of the
        negative second derivative.

    Raises
    ------
    RuntimeError
        When it has not converged after 100 steps.
    """
    theta, curvature = _fit(evidence, prior)
    return theta, np.linalg.inv(curvature)


def drawn_strengths(
    evidence: Evidence, normal: np.ndarray, *, prior: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """The most likely strengths, and draws from their normal approximation.

    Parameters
    ----------
    normal : array
        (draws, n) standard normal numbers, of which the draws are made; with the same numbers draws
        differ only by what has been heard.

    Returns
    -------
    tuple
        (n,) strengths, and (draws, n).

    Raises
    ------
    RuntimeError
        See ``strengths``.
    """
    theta, curvature = _fit(evidence, prior)
    # Of L L' = curvature, what L' makes into standard normal numbers has the covariance.
    factor = np.linalg.cholesky(curvature)
    return theta, theta + np.linalg.solve(factor.T, normal.T).T


def _fit(evidence: Evidence, prior: float) -> tuple[np.ndarray, np.ndarray]:
    """Strengths, and the negative second derivative there."""
    wins = evidence.wins
    games = wins + wins.T
    up, down = evidence.called_correct + prior, evidence.called_wrong + prior
    theta = np.zeros(len(wins))
    for _ in range(100):
        chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
        alone = 1 / (1 + np.exp(-theta))
        gradient = (wins - games * chance).sum(axis=1) + up - (up + down) * alone
        weight = games * chance * (1 - chance)
        own = (up + down) * alone * (1 - alone)
        curvature = np.diag(weight.sum(axis=1) + own) - weight
        step = np.linalg.solve(curvature, gradient)
        # Far from the answer a full step can overshoot.
        theta += step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-9:
            return theta, curvature
    raise RuntimeError("Bradley-Terry strengths did not converge in 100 steps")
