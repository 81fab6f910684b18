"""Bradley-Terry with a normal prior: draws from the posterior of strengths and order effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.contests import contests

if TYPE_CHECKING:
    import pandas as pd

CHAINS = 8


@dataclass(frozen=True, slots=True)
class StrengthsPosterior(Result):
    """Draws of strengths, and what they say.

    Attributes
    ----------
    items : tuple of str
        Names, in the order of the columns of ``theta``.
    theta : array
        (draws, n) strengths on the logit scale; each draw sums to 0.
    order_effect : array or None
        (draws,) gamma, or None when the model has none.
    prior : float
        The standard deviation of the normal prior.
    mixing : float
        The largest R-hat (Gelman and Rubin 1992) of the parameters over the chains, 1 where all
        chains tell the same.
    """

    items: tuple[str, ...]
    theta: np.ndarray = field(repr=False)
    order_effect: np.ndarray | None = field(repr=False)
    prior: float
    mixing: float

    def above(self, one: str, other: str) -> float:
        """The probability that one item is stronger than another."""
        for name in (one, other):
            if name not in self.items:
                raise UserError(f"no item {name!r}; there are: {', '.join(self.items)}")
        gap = self.theta[:, self.items.index(one)] - self.theta[:, self.items.index(other)]
        return float((gap > 0).mean())

    def to_frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """One line a parameter: mean, standard deviation, limits, and the chance to be the best."""
        import pandas as pd

        best = np.bincount(self.theta.argmax(axis=1), minlength=len(self.items))
        chance: list[float] = list(best / len(self.theta))
        names, draws = list(self.items), self.theta
        if self.order_effect is not None:
            names, chance = [*names, "(order)"], [*chance, np.nan]
            draws = np.column_stack([draws, self.order_effect])
        low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        return pd.DataFrame(
            {
                "parameter": names,
                "mean": draws.mean(axis=0),
                "sd": draws.std(axis=0),
                "low": low,
                "high": high,
                "best": chance,
            }
        )

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.3f}")
        return (
            f"{body}\n{len(self.theta)} draws, normal prior with standard deviation "
            f"{self.prior:g}, R-hat {self.mixing:.3f}"
        )


def strengths_posterior(
    first: Sequence[str] | np.ndarray | pd.Series,
    second: Sequence[str] | np.ndarray | pd.Series,
    outcome: Sequence[str] | np.ndarray | pd.Series,
    *,
    rng: np.random.Generator,
    weight: np.ndarray | None = None,
    order_effect: bool = True,
    prior: float = 2.0,
    draws: int = 4000,
) -> StrengthsPosterior:
    """Draw strengths and order effect from their posterior.

    All of it is finite even where somebody never lost, and groups that never met are merely
    uncertain. Comparisons are taken for independent: verdicts of few problems look surer than they
    are.

    Parameters
    ----------
    first, second, outcome, weight, order_effect
        As for ``penalised_bradley_terry``; a tie is half a win of each.
    rng : Generator
        Of the draws.
    prior : float
        The standard deviation of an independent normal prior around 0 on every strength and on the
        order effect, the same model as ``bradley_terry(prior=)``. At 2 one item of two is expected
        to win 83 to 17 or more extremely in half of all cases.
    draws : int
        How many, over ``CHAINS`` chains, after as many as a quarter of them.

    Raises
    ------
    UserError
        As ``contests``; for a prior that is not positive, or fewer than 100 draws.
    """
    if not prior > 0:
        raise UserError(f"the prior's standard deviation is positive, got {prior}")
    if draws < 100:
        raise UserError(f"a posterior needs 100 draws or more, got {draws}")
    data = contests(first, second, outcome, weight)
    cells, place = np.unique(data.design(order_effect=order_effect), axis=0, return_inverse=True)
    total = np.bincount(place.ravel(), weights=data.weight)
    won = np.bincount(place.ravel(), weights=data.weight * data.won)

    def log_density(at: np.ndarray) -> np.ndarray:
        z = at @ cells.T
        fit = z @ won - np.logaddexp(0, z) @ total
        return np.asarray(fit - np.square(at).sum(axis=-1) / (2 * prior**2))

    size = cells.shape[1]
    mode, precision = np.zeros(size), np.eye(size)
    for _ in range(100):
        chance = 1 / (1 + np.exp(-cells @ mode))
        slope = cells.T @ (won - total * chance) - mode / prior**2
        curve = (cells * (total * chance * (1 - chance))[:, None]).T @ cells
        precision = curve + np.eye(size) / prior**2
        move = np.linalg.solve(precision, slope)
        move *= min(1.0, 2.0 / max(float(np.abs(move).max()), 1e-300))
        mode = mode + move
        if np.abs(move).max() < 1e-9:
            break
    drawn, mixing = posterior_draws(log_density, mode, np.linalg.inv(precision), rng, draws)
    n = len(data.items)
    theta = drawn[:, :n] - drawn[:, :n].mean(axis=1, keepdims=True)
    return StrengthsPosterior(
        data.items, theta, drawn[:, n] if order_effect else None, prior, mixing
    )


def posterior_draws(
    log_density: Callable[[np.ndarray], np.ndarray],
    mode: np.ndarray,
    covariance: np.ndarray,
    rng: np.random.Generator,
    draws: int,
) -> tuple[np.ndarray, float]:
    """Draws from a density that is roughly normal, by elliptical slice sampling.

    Murray, Adams and MacKay (2010, AISTATS) for a normal times a likelihood; here the normal is
    Laplace's approximation, and the likelihood the ratio of density and approximation, as Nishihara
    and others (2014, J. Mach. Learn. Res. 15:2087) do. There is nothing to tune.

    Parameters
    ----------
    log_density : callable
        (chains, parameters) to (chains,), up to a constant.
    mode : array
        (parameters,) of the density; ``covariance`` the inverse of its curvature there.
    rng : Generator
        Of the draws.
    draws : int
        How many, in ``CHAINS`` chains, after as many as a quarter of them to settle.

    Returns
    -------
    tuple
        (draws, parameters), and the largest R-hat.
    """
    # Twice the variance, so that long tails are reached from the approximation.
    root = np.linalg.cholesky(2 * covariance)
    inverse = np.linalg.inv(root)

    def ratio(at: np.ndarray) -> np.ndarray:
        return np.asarray(log_density(at) + np.square((at - mode) @ inverse.T).sum(axis=1) / 2)

    size = len(mode)
    at = mode + rng.standard_normal((CHAINS, size)) @ root.T
    value = ratio(at)
    length = -(-draws // CHAINS)
    settle = length // 4
    out = np.empty((length, CHAINS, size))
    for step in range(settle + length):
        other = rng.standard_normal((CHAINS, size)) @ root.T
        height = value + np.log(rng.random(CHAINS))
        angle = rng.random(CHAINS) * 2 * np.pi
        low, high = angle - 2 * np.pi, angle.copy()
        waiting = np.ones(CHAINS, dtype=bool)
        new, new_value = at.copy(), value.copy()
        while waiting.any():
            turned = mode + (at - mode) * np.cos(angle)[:, None] + other * np.sin(angle)[:, None]
            found = ratio(turned)
            ends = waiting & (found > height)
            new[ends], new_value[ends] = turned[ends], found[ends]
            waiting &= ~ends
            low = np.where(waiting & (angle < 0), angle, low)
            high = np.where(waiting & (angle >= 0), angle, high)
            angle = np.where(waiting, low + (high - low) * rng.random(CHAINS), angle)
        at, value = new, new_value
        if step >= settle:
            out[step - settle] = at
    within = out.var(axis=0, ddof=1).mean(axis=0)
    between = out.mean(axis=0).var(axis=0, ddof=1)
    mixing = np.sqrt((length - 1) / length + between / np.maximum(within, 1e-300))
    return out.reshape(-1, size)[:draws], float(mixing.max())
