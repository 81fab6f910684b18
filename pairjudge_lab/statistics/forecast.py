"""Coverage at more samples than were drawn, with its uncertainty.

Problems differ in how often a sample solves them, and some are never solved. A zero-inflated
beta-binomial says how the chances are spread; from it follows the share of problems that N samples
solve, beyond the N that was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS
from pairjudge_lab.statistics.posterior import posterior_draws

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Chances(Result):
    """Draws of how the chances of problems are spread: 0 with probability ``never``, else Beta.

    Attributes
    ----------
    a, b : array
        (draws,) the beta distribution's; ``never``: (draws,).
    right, samples : array
        (problems,) what it was fitted to.
    mixing : float
        R-hat of the draws.
    """

    a: np.ndarray = field(repr=False)
    b: np.ndarray = field(repr=False)
    never: np.ndarray = field(repr=False)
    right: np.ndarray = field(repr=False)
    samples: np.ndarray = field(repr=False)
    mixing: float

    def to_frame(self) -> pd.DataFrame:
        """One line a parameter: posterior mean, standard deviation, and 95 % limits."""
        import pandas as pd

        draws = {"a": self.a, "b": self.b, "never": self.never}
        return pd.DataFrame(
            {
                "parameter": name,
                "mean": values.mean(),
                "sd": values.std(),
                "low": np.quantile(values, 0.025),
                "high": np.quantile(values, 0.975),
            }
            for name, values in draws.items()
        )

    def coverage(self, n: Sequence[int] | np.ndarray) -> np.ndarray:
        """(draws, n) the share of all such problems that n samples solve."""
        from scipy.special import betaln

        k = np.asarray(n, dtype=float)
        a, b = self.a[:, None], self.b[:, None]
        unsolved = np.exp(betaln(a, b + k) - betaln(a, b))
        return np.asarray((1 - self.never[:, None]) * (1 - unsolved))

    def solved_later(self, n: Sequence[int] | np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(draws, n) the share of these very problems that are solved when sampled on to n each.

        What is solved stays solved; of the others a random number follows.
        """
        from scipy.special import betaln

        drawn, counts = np.unique(self.samples[self.right == 0], return_counts=True)
        out = np.zeros((len(self.a), len(n)))
        for place, k in enumerate(n):
            out[:, place] = (self.right > 0).sum()
            for size, count in zip(drawn, counts, strict=True):
                seen = np.exp(betaln(self.a, self.b + size) - betaln(self.a, self.b))
                later = np.exp(betaln(self.a, self.b + max(k, size)) - betaln(self.a, self.b))
                open_ = (1 - self.never) * seen
                chance = (1 - self.never) * (seen - later) / (open_ + self.never)
                out[:, place] += rng.binomial(count, np.clip(chance, 0, 1))
        return out / len(self.right)

    def of_problems(self, rng: np.random.Generator) -> np.ndarray:
        """(draws, problems) each problem's chance, drawn given what was seen of it."""
        from scipy.special import betaln

        a, b = self.a[:, None], self.b[:, None]
        chance = rng.beta(a + self.right, b + self.samples - self.right)
        open_ = (1 - self.never[:, None]) * np.exp(betaln(a, b + self.samples) - betaln(a, b))
        zero = self.never[:, None] / (self.never[:, None] + open_)
        dead = (self.right == 0) & (rng.random(chance.shape) < zero)
        return np.asarray(np.where(dead, 0.0, chance))


@dataclass(frozen=True, slots=True)
class Forecast(Result):
    """A curve over N with limits.

    Attributes
    ----------
    name : str
        What it shows.
    n : tuple of int
        Numbers of samples; ``estimate``, ``low``, ``high``: (n,) shares.
    drawn : int
        The most samples that any problem had: beyond it the curve is a forecast.
    problems : int
        How many.
    level : float
        Of the limits, which are quantiles of the posterior.
    """

    picture: ClassVar[tuple[str, str]] = ("along", "plot_along")

    name: str
    n: tuple[int, ...]
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    drawn: int
    problems: int
    level: float

    def to_frame(self) -> pd.DataFrame:
        """One line an N: ``n``, ``estimate``, ``low``, ``high``, ``forecast``."""
        import pandas as pd

        return pd.DataFrame(
            {
                "n": self.n,
                "estimate": self.estimate,
                "low": self.low,
                "high": self.high,
                "forecast": [k > self.drawn for k in self.n],
            }
        )

    def enough(self, gain: float = 0.01) -> int:
        """The smallest of the n after which the next one adds less than ``gain``."""
        small = np.flatnonzero(np.diff(self.estimate) < gain)
        return self.n[int(small[0])] if len(small) else self.n[-1]

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.3f}")
        return (
            f"{self.name}, {self.problems} problems with up to {self.drawn} samples, "
            f"{100 * self.level:g} % limits\n{body}"
        )

    @classmethod
    def of(
        cls,
        name: str,
        n: Sequence[int],
        curves: np.ndarray,
        chances: Chances,
        level: float,
    ) -> Forecast:
        """From (draws, n) curves."""
        low, high = np.quantile(curves, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        drawn, problems = int(chances.samples.max()), len(chances.right)
        return cls(name, tuple(n), curves.mean(axis=0), low, high, drawn, problems, level)


def fit_chances(
    right: Sequence[int] | np.ndarray,
    samples: Sequence[int] | np.ndarray,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
) -> Chances:
    """The spread of the chances of problems, from how many samples of each were right.

    Weak priors: the mean of the beta distribution is uniform, the logarithm of a + b is normal with
    mean ln 2 and standard deviation 1.5; ``never`` is exactly 0 with probability one half, else
    Beta(1, 4). Draws come from both models, by how well each explains the data.

    Parameters
    ----------
    right, samples : sequence of int or array
        (problems,) right samples, and samples.
    rng : Generator
        Of the draws; ``draws`` how many.

    Raises
    ------
    UserError
        For fewer than six problems, or counts that cannot be.
    """
    c, n = np.asarray(right, dtype=float), np.asarray(samples, dtype=float)
    if c.shape != n.shape or c.ndim != 1 or len(c) < FEWEST_PROBLEMS:
        raise UserError(
            f"a forecast needs right samples and samples of {FEWEST_PROBLEMS} problems or more, "
            f"got {c.size} and {n.size}"
        )
    bad = ~((n >= 1) & (c >= 0) & (c <= n) & (c == np.floor(c)) & (n == np.floor(n)))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise UserError(f"problem {row + 1}: {c[row]:g} right of {n[row]:g} samples cannot be")
    share = float(np.clip(c.sum() / n.sum(), 0.01, 0.99))
    begin = [np.log(share / (1 - share)), np.log(2), -2.0]
    plain, inflated = (_Spread(c, n, size) for size in (2, 3))
    fits = [model.draws(np.array(begin[: model.size]), rng, draws) for model in (plain, inflated)]
    (short, short_mixing, short_evidence), (long, long_mixing, long_evidence) = fits
    weight = 1 / (1 + np.exp(np.clip(short_evidence - long_evidence, -700, 700)))
    some = rng.random(draws) < weight
    mean, size = np.where(some[:, None], long[:, :2], short).T
    return Chances(
        a=np.exp(size - np.logaddexp(0, -mean)),
        b=np.exp(size - np.logaddexp(0, mean)),
        never=np.where(some, 1 / (1 + np.exp(-long[:, 2])), 0.0),
        right=c.astype(int),
        samples=n.astype(int),
        mixing=max(short_mixing, long_mixing),
    )


class _Spread:
    """The posterior of logit mean, ln(a + b) and, with three parameters, logit of ``never``."""

    def __init__(self, right: np.ndarray, samples: np.ndarray, size: int) -> None:
        self.size = size
        (self.c, self.n), self.often = np.unique(
            np.stack([right, samples]), axis=1, return_counts=True
        )

    def log_density(self, at: np.ndarray) -> np.ndarray:
        """(draws, parameters) to (draws,), with normalised priors."""
        from scipy.special import betaln

        mean, size = at[:, 0], at[:, 1]
        a = np.exp(size - np.logaddexp(0, -mean))[:, None]
        b = np.exp(size - np.logaddexp(0, mean))[:, None]
        seen = betaln(a + self.c, b + self.n - self.c) - betaln(a, b)
        prior = -mean - 2 * np.logaddexp(0, -mean) - np.square(size - np.log(2)) / (2 * 1.5**2)
        prior = prior - np.log(1.5 * np.sqrt(2 * np.pi))
        if self.size == 3:
            never = at[:, 2]
            seen = seen - np.logaddexp(0, never)[:, None]
            none = np.where(self.c == 0, -np.logaddexp(0, -never)[:, None], -np.inf)
            seen = np.logaddexp(seen, none)
            prior = prior - np.logaddexp(0, -never) - 4 * np.logaddexp(0, never) + np.log(4)
        return np.asarray(seen @ self.often + prior)

    def draws(
        self, begin: np.ndarray, rng: np.random.Generator, count: int
    ) -> tuple[np.ndarray, float, float]:
        """Draws, R-hat, and the logarithm of the evidence by Laplace's approximation."""
        from scipy import optimize

        def loss(at: np.ndarray) -> float:
            return -float(self.log_density(at[None, :])[0])

        found = optimize.minimize(loss, begin, method="Nelder-Mead")
        covariance = _curvature_inverse(self.log_density, np.asarray(found.x))
        drawn, mixing = posterior_draws(self.log_density, found.x, covariance, rng, count)
        log_volume = float(np.linalg.slogdet(2 * np.pi * covariance)[1]) / 2
        return drawn, mixing, log_volume - float(found.fun)


def forecast_coverage(
    right: Sequence[int] | np.ndarray,
    samples: Sequence[int] | np.ndarray,
    n: Sequence[int],
    *,
    rng: np.random.Generator,
    these: bool = False,
    draws: int = 2000,
    level: float = 0.95,
) -> Forecast:
    """pass@N, up to more samples than were drawn.

    Parameters
    ----------
    right, samples, rng, draws
        As for ``fit_chances``.
    n : sequence of int
        Numbers of samples a problem.
    these : bool
        The share of these very problems that will be solved when each is sampled on to n, instead
        of the share of all problems like them.
    level : float
        Of the limits.
    """
    if not len(n) or min(n) < 1:
        raise UserError("a forecast needs numbers of samples from 1 up, such as n=[16, 64, 256]")
    chances = fit_chances(right, samples, rng=rng, draws=draws)
    curves = chances.solved_later(n, rng) if these else chances.coverage(n)
    name = "share of these problems solved" if these else "pass@N"
    return Forecast.of(name, n, curves, chances, level)


def _curvature_inverse(
    log_density: Callable[[np.ndarray], np.ndarray], mode: np.ndarray
) -> np.ndarray:
    """Minus the inverse of the second derivatives, by differences; cut to standard deviations of
    at most 3."""
    step, size = 1e-3, len(mode)
    moves = step * np.eye(size)
    signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    points = np.array([mode + p * x + q * y for x in moves for y in moves for p, q in signs])
    values = np.asarray(log_density(points)).reshape(size, size, 4)
    curve = (values @ np.array([1, -1, -1, 1])) / (4 * step**2)
    roots, vectors = np.linalg.eigh(-curve)
    return np.asarray((vectors / np.maximum(roots, 1 / 9)) @ vectors.T)
