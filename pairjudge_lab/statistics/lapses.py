"""Lapses: a judge that answers at random with some probability, whatever it is shown."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS, Estimate, no_interval


def lapse_rate(
    design: np.ndarray,
    won: np.ndarray,
    cluster: np.ndarray,
    *,
    level: float = 0.95,
) -> tuple[Estimate, np.ndarray]:
    """The probability lambda of P(first wins) = lambda / 2 + (1 - lambda) / (1 + exp(-x beta)).

    lambda is seen only where the rest of the model is nearly sure: without rows of which a judge
    that attends would hardly ever be wrong, the limits are wide, as they should be. They are those
    of the profile likelihood, by Student's t over clusters and the design effect of lambda.

    Parameters
    ----------
    design : array
        (rows, coefficients) what the judge goes by otherwise, such as a column of 1 for the order
        and one of 1 or -1 for which response is the better one.
    won : array
        (rows,) 1 where the response shown first won, 0 where the other did.
    cluster : array
        (rows,) the problem of each.
    level : float
        Of the limits.

    Returns
    -------
    tuple
        lambda, and beta.

    Raises
    ------
    UserError
        For values other than 0 and 1, or arrays of different length.
    """
    from scipy import optimize, stats

    x, y = np.asarray(design, dtype=float), np.asarray(won, dtype=float)
    if x.ndim != 2 or y.shape != (len(x),) or len(cluster) != len(x) or not len(x):
        raise UserError("a row needs its design, who won, and a cluster")
    if not np.isin(y, (0, 1)).all():
        raise UserError("lapses are told from wins and losses, 1 and 0; leave ties out and say so")
    owner = np.unique(cluster, return_inverse=True)[1]
    clusters = int(owner.max()) + 1

    def chances(beta: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
        straight = 1 / (1 + np.exp(-np.clip(x @ beta, -500, 500)))
        return straight, np.clip(rate / 2 + (1 - rate) * straight, 1e-12, 1 - 1e-12)

    def slopes(beta: np.ndarray, rate: float) -> np.ndarray:
        """(rows, coefficients + 1) each row's slope of the log-likelihood."""
        straight, chance = chances(beta, rate)
        pull = (y - chance) / (chance * (1 - chance))
        inner = pull * (1 - rate) * straight * (1 - straight)
        return np.column_stack([inner[:, None] * x, pull * (0.5 - straight)])

    def fitted(rate: float, start: np.ndarray) -> tuple[np.ndarray, float]:
        def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
            _, chance = chances(beta, rate)
            height = np.log(np.where(y == 1, chance, 1 - chance)).sum()
            return -float(height), -slopes(beta, rate)[:, :-1].sum(axis=0)

        # Coefficients beyond 30 are as good as infinite.
        bounds = [(-30.0, 30.0)] * x.shape[1]
        found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
        return np.asarray(found.x), -float(found.fun)

    grid = np.array([0, 0.01, 0.03, 0.07, 0.15, 0.25, 0.4, 0.6, 0.8, 1.0])
    start, heights, betas = np.zeros(x.shape[1]), [], []
    for rate in grid:
        start, height = fitted(float(rate), start)
        heights.append(height)
        betas.append(start)
    best = int(np.argmax(heights))
    low_end, high_end = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda rate: -fitted(rate, betas[best])[1],
        bounds=(low_end, high_end),
        method="bounded",
        options={"xatol": 1e-4},
    )
    rate, height = float(found.x), -float(found.fun)
    if heights[best] >= height:
        rate, height = float(grid[best]), heights[best]
    beta, _ = fitted(rate, betas[best])
    if clusters < FEWEST_PROBLEMS:
        return no_interval(rate, clusters, level), beta
    rows = slopes(beta, min(max(rate, 1e-3), 1 - 1e-3))
    inverse = np.linalg.pinv(rows.T @ rows)
    sums = np.zeros((clusters, rows.shape[1]))
    np.add.at(sums, owner, rows)
    robust = inverse @ (sums.T @ sums) @ inverse * clusters / (clusters - 1)
    effect = max(float(robust[-1, -1] / max(inverse[-1, -1], 1e-300)), 1.0)
    fall = float(stats.t.ppf(0.5 + level / 2, clusters - 1)) ** 2 * effect / 2

    def above(value: float) -> float:
        return fitted(value, beta)[1] - height + fall

    low = 0.0 if above(0.0) >= 0 else float(optimize.brentq(above, 0.0, rate, xtol=1e-4))
    high = 1.0 if above(1.0) >= 0 else float(optimize.brentq(above, rate, 1.0, xtol=1e-4))
    return Estimate(rate, low, high, clusters, "profile, clustered", level), beta
