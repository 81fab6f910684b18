"""Bradley-Terry by Firth's penalty: finite estimates where somebody never lost.

Maximum likelihood puts an item that won every comparison infinitely far above the rest. Firth's
penalty (1993, Biometrika 80:27), which is Jeffreys' prior, removes the first-order bias of the
estimates, and with it the infinity (Heinze and Schemper 2002, Statist. Med. 21:2409).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.contests import contests
from pairjudge_lab.statistics.names import codes_by_name

if TYPE_CHECKING:
    import pandas as pd

_TOLERANCE = 1e-3
_FAR = 3.0
_SEARCHED = 4


@dataclass(frozen=True, slots=True)
class PenalisedStrengths(Result):
    """Strengths by Firth's penalised likelihood.

    Attributes
    ----------
    items : tuple of str
        Names, in the order of ``theta``.
    theta : array
        (n,) strengths on the logit scale, which sum to 0.
    order_effect : float or None
        Gamma, positive for the item shown first; None when the model has none.
    covariance : array
        (n [+ 1], n [+ 1]) of theta and gamma: the inverse of the information at the estimates,
        sandwich-shaped where clusters are given. Programs that add the penalty's own observations
        to it print smaller errors; the limits are the same.
    penalised : float
        The log-likelihood plus half the log-determinant of the information.
    comparisons : float
        How many there were; ``clusters``: of how many problems.
    """

    items: tuple[str, ...]
    theta: np.ndarray
    order_effect: float | None
    covariance: np.ndarray
    penalised: float
    comparisons: float
    clusters: int | None
    _fit: _Firth = field(repr=False)

    @property
    def errors(self) -> np.ndarray:
        """(n [+ 1],) standard errors of theta and gamma."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0)))

    def difference(
        self, one: str, other: str, *, level: float = 0.95
    ) -> tuple[float, float, float]:
        """How far one item is above another, with limits of the profile penalised likelihood."""
        for name in (one, other):
            if name not in self.items:
                raise UserError(f"no item {name!r}; there are: {', '.join(self.items)}")
        direction = np.zeros(len(self.covariance))
        direction[self.items.index(one)] += 1
        direction[self.items.index(other)] -= 1
        return self._limits(direction, level)

    def order_limits(self, *, level: float = 0.95) -> tuple[float, float, float]:
        """The order effect, with limits of the profile penalised likelihood."""
        if self.order_effect is None:
            raise UserError("the model has no order effect")
        direction = np.zeros(len(self.covariance))
        direction[-1] = 1
        return self._limits(direction, level)

    def to_frame(self) -> pd.DataFrame:
        """One line a parameter: name, estimate, standard error."""
        import pandas as pd

        order = [] if self.order_effect is None else [self.order_effect]
        return pd.DataFrame(
            {
                "parameter": [*self.items, *(["(order)"] if order else [])],
                "estimate": [*self.theta, *order],
                "error": self.errors,
            }
        )

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.4f}")
        clusters = "" if self.clusters is None else f", {self.clusters} clusters"
        return f"{body}\n{self.comparisons:g} comparisons{clusters}; Firth's penalty"

    def _limits(self, direction: np.ndarray, level: float) -> tuple[float, float, float]:
        variance = float(direction @ self.covariance @ direction)
        return self._fit.profile(direction, variance, level, self.clusters)


def penalised_bradley_terry(
    first: Sequence[str] | np.ndarray | pd.Series,
    second: Sequence[str] | np.ndarray | pd.Series,
    outcome: Sequence[str] | np.ndarray | pd.Series,
    *,
    weight: np.ndarray | None = None,
    cluster: Sequence[str] | np.ndarray | pd.Series | None = None,
    order_effect: bool = True,
) -> PenalisedStrengths:
    """Strengths, and the effect of being shown first, by Firth's penalty.

    Parameters
    ----------
    first, second : sequence of str or array or Series
        (comparisons,) names, in the order shown.
    outcome : sequence of str or array or Series
        ``A`` (the first won), ``B``, or ``tie``, which counts as half a win of each (as in R's
        BradleyTerry2).
    weight : array or None
        How often each comparison occurred, 1 by default.
    cluster : sequence of str or array or Series or None
        What hangs together, such as the problem. Standard errors are then the sandwich's, and
        profile limits as much wider as the design effect says. The penalty itself takes comparisons
        for independent.
    order_effect : bool
        Whether the model has one.

    Raises
    ------
    UserError
        As ``contests``, and for items that no chain of comparisons joins.
    RuntimeError
        When it has not converged.
    """
    import pandas as pd

    data = contests(first, second, outcome, weight)
    _check_joined(data.items, data.first[data.weight > 0], data.second[data.weight > 0])
    n = len(data.items)
    # Strengths relative to the first item, which any other would do for: the penalty does not
    # depend on it.
    design = data.design(order_effect=order_effect)[:, 1:]
    cells, place = np.unique(design, axis=0, return_inverse=True)
    place = place.ravel()
    if np.linalg.matrix_rank(cells) < design.shape[1]:
        raise UserError(
            "strengths and the order effect cannot be told apart: show pairs in both orders, or "
            "leave the order effect out (order_effect=False)"
        )
    total = np.bincount(place, weights=data.weight)
    fit = _Firth(cells, np.bincount(place, weights=data.weight * data.won), total)
    found = fit.solve(np.zeros(design.shape[1]))
    covariance = np.linalg.inv(fit.information(found))
    clusters = None
    if cluster is not None:
        groups, names = codes_by_name(pd.Series(list(cluster)), "cluster")
        clusters = len(names)
        if clusters < 2:
            raise UserError("clustered errors need two clusters or more, got one")
        excess = data.weight * (data.won - _sigmoid(design @ found))
        scores = np.zeros((clusters, design.shape[1]))
        np.add.at(scores, groups, excess[:, None] * design)
        meat = scores.T @ scores * clusters / (clusters - 1)
        covariance = covariance @ meat @ covariance
    # Back to strengths that sum to 0.
    spread = np.eye(design.shape[1] + 1)[:, 1:]
    spread[:n] -= spread[:n].mean(axis=0)
    moved = spread @ found
    return PenalisedStrengths(
        items=data.items,
        theta=moved[:n],
        order_effect=float(moved[n]) if order_effect else None,
        covariance=spread @ covariance @ spread.T,
        penalised=fit.height(found),
        comparisons=float(data.weight.sum()),
        clusters=clusters,
        _fit=fit,
    )


class _Firth:
    """The penalised likelihood of a logistic regression on cells of equal rows.

    Parameters
    ----------
    design : array
        (cells, parameters).
    won, total : array
        (cells,) wins of the first, and comparisons.
    """

    def __init__(self, design: np.ndarray, won: np.ndarray, total: np.ndarray) -> None:
        self.design, self.won, self.total = design, won, total

    def information(self, at: np.ndarray) -> np.ndarray:
        chance = _sigmoid(self.design @ at)
        scaled = self.design * (self.total * chance * (1 - chance))[:, None]
        return np.asarray(self.design.T @ scaled)

    def height(self, at: np.ndarray) -> float:
        z = self.design @ at
        likelihood = float((self.won * z - self.total * np.logaddexp(0, z)).sum())
        sign, log_determinant = np.linalg.slogdet(self.information(at))
        return likelihood + log_determinant / 2 if sign > 0 else -np.inf

    def slope(self, at: np.ndarray, inverse: np.ndarray) -> np.ndarray:
        chance = _sigmoid(self.design @ at)
        share = np.einsum("ij,jk,ik->i", self.design, inverse, self.design)
        hat = self.total * chance * (1 - chance) * share
        return np.asarray(self.design.T @ (self.won - self.total * chance + hat * (0.5 - chance)))

    def solve(self, start: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
        """The maximum over ``start`` plus any combination of the columns of ``within``."""
        from scipy import optimize

        free = np.eye(len(start)) if within is None else within

        def loss(moved: np.ndarray) -> tuple[float, np.ndarray]:
            at = start + free @ moved
            value = self.height(at)
            if not np.isfinite(value):
                return 1e10, np.zeros(len(moved))
            return -value, -free.T @ self.slope(at, np.linalg.inv(self.information(at)))

        found = optimize.minimize(
            loss, np.zeros(free.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-7}
        )
        if np.abs(found.jac).max() > _TOLERANCE:
            raise RuntimeError("the penalised likelihood did not converge")
        return np.asarray(start + free @ found.x)

    def profile(
        self, direction: np.ndarray, variance: float, level: float, clusters: int | None
    ) -> tuple[float, float, float]:
        """The estimate and limits of a combination of theta (n) and gamma.

        Limits are where the profile has fallen by what chi-square or, with clusters, Student's t
        with one degree of freedom less than clusters allows, times the design effect.
        """
        from scipy import stats

        # theta_0 is 0 here, and directions of strengths sum to 0.
        line = direction[1:]
        best = self.solve(np.zeros(len(line)))
        estimate, height = float(line @ best), self.height(best)
        plain = float(line @ np.linalg.solve(self.information(best), line))
        tail = 0.5 + level / 2
        effect, reach = 1.0, float(stats.norm.ppf(tail))
        if clusters is not None:
            effect, reach = variance / plain, float(stats.t.ppf(tail, clusters - 1))
            # Where the rows of each cluster cancel, nothing seems to vary: as in clustered_logit.
            effect = max(effect, (clusters * effect + 2) / (clusters + 2))
        fall = reach**2 * effect / 2
        within = np.linalg.svd(line[None, :])[2][1:].T
        along = np.linalg.solve(self.information(best), line)
        # Far from the estimate the profile can have several maxima: the highest one counts.
        sides = [] if within.shape[1] > _SEARCHED else [*_FAR * within.T, *-_FAR * within.T]

        def below(value: float) -> float:
            nearest = best + line * (value - estimate) / (line @ line)
            if not within.size:
                return height - self.height(nearest) - fall
            starts = [nearest, best + along * (value - estimate) / plain]
            starts += [nearest + side for side in sides]
            return height - max(self.height(self.solve(s, within)) for s in starts) - fall

        step = reach * np.sqrt(plain * effect)
        return estimate, _crossing(below, estimate, -step), _crossing(below, estimate, step)


def _crossing(below: Callable[[float], float], start: float, step: float) -> float:
    """Where a function that is negative at ``start`` turns positive, going in steps."""
    from scipy import optimize

    end = start + step
    while below(end) < 0:
        step *= 2
        end += step
    return float(optimize.brentq(below, start, end, xtol=1e-6))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -700, 700))))


def _check_joined(items: tuple[str, ...], first: np.ndarray, second: np.ndarray) -> None:
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    n = len(items)
    met = sparse.coo_matrix((np.ones(len(first)), (first, second)), shape=(n, n))
    groups, member = connected_components(met, directed=False)
    if groups > 1:
        names = ", ".join(items[k] for k in np.flatnonzero(member == member[0])[:5])
        raise UserError(
            f"no chain of comparisons joins all items ({names} and others stand apart), so their "
            "strengths cannot be compared; fit each part on its own"
        )
