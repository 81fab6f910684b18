"""Bradley-Terry and Davidson models with an effect of the order shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.bradley_terry_model import ComparisonModel
from pairjudge_lab.statistics.comparable import check_connected, check_names
from pairjudge_lab.statistics.names import codes_by_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Strengths(Result):
    """A fitted model.

    P(i, shown first, beats j) = 1 / (1 + exp(theta_j - theta_i - gamma)), with strengths theta in
    natural-log units and the order effect gamma positive for the response shown first. With ties
    (Davidson 1970) the three outcomes weigh mu a_i, a_j and nu sqrt(a_i a_j), a = exp(theta),
    mu = exp(gamma), nu = exp(tie).

    Attributes
    ----------
    items : tuple of str
        Names, in the order of ``theta``.
    theta : array
        (n,) strengths; the reference item has 0, or they sum to 0 without one.
    order_effect : float or None
        Gamma, or None when the model has none.
    tie : float or None
        Ln nu, or None when the model has no ties.
    errors : array
        (parameters,) standard errors in the order theta, gamma, tie; of a reference item 0.
        ``robust_errors`` take problems (or whatever was given) as clusters.
    log_likelihood : float
        Of the data, without the binomial coefficients.
    deviance : float
        2 (log-likelihood of the saturated model - log-likelihood), grouped by ordered pair.
    comparisons : int
        How many there were; ``clusters``: of how many problems.
    steps : int
        Newton steps to convergence.
    """

    items: tuple[str, ...]
    theta: np.ndarray
    order_effect: float | None
    tie: float | None
    errors: np.ndarray
    robust_errors: np.ndarray | None
    log_likelihood: float
    deviance: float
    comparisons: int
    clusters: int | None
    steps: int
    bootstrap: np.ndarray | None = field(default=None, repr=False)

    def to_frame(self) -> pd.DataFrame:
        """One line a parameter: name, estimate, standard error, and the robust one where known."""
        import pandas as pd

        names, values = list(self.items), list(self.theta)
        for name, value in (("(order)", self.order_effect), ("(tie)", self.tie)):
            if value is not None:
                names.append(name)
                values.append(value)
        robust = self.robust_errors
        return pd.DataFrame(
            {
                "parameter": names,
                "estimate": values,
                "error": self.errors,
                "robust error": np.full(len(names), np.nan) if robust is None else robust,
            }
        )

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.4f}")
        clusters = "" if self.clusters is None else f", {self.clusters} clusters"
        return (
            f"{body}\n{self.comparisons:g} comparisons{clusters}; deviance {self.deviance:.4f}; "
            f"converged in {self.steps} Newton steps"
        )


def bradley_terry(
    first: Sequence[str] | np.ndarray | pd.Series,
    second: Sequence[str] | np.ndarray | pd.Series,
    outcome: Sequence[str] | np.ndarray | pd.Series,
    *,
    weight: np.ndarray | None = None,
    cluster: Sequence[str] | np.ndarray | pd.Series | None = None,
    order_effect: bool = True,
    reference: str | None = None,
    prior: float | None = None,
    bootstraps: int = 0,
    rng: np.random.Generator | None = None,
) -> Strengths:
    """Fit strengths, and the effect of being shown first, to comparisons.

    Parameters
    ----------
    first, second : sequence of str or array or Series
        (comparisons,) names, in the order shown.
    outcome : sequence of str or array or Series
        ``A`` (the first won), ``B``, or ``tie``. With ties the model is Davidson's.
    weight : array or None
        How often each comparison occurred, 1 by default.
    cluster : sequence of str or array or Series or None
        What hangs together, such as the problem, for robust standard errors.
    order_effect : bool
        Whether the model has one.
    reference : str or None
        The item whose strength is 0.
    prior : float or None
        The standard deviation of a normal prior around 0 on strengths and order effect. The
        estimates are then the posterior's mode and ``errors`` its curvature's, all of them finite
        even where somebody never lost. Without it, maximum likelihood.
    bootstraps : int
        Resamples of the clusters; their parameters are in ``Strengths.bootstrap``.

    Raises
    ------
    UserError
        For an outcome of another name, an item that meets itself, an unknown reference, items that
        no chain of comparisons joins, or strengths that would be infinite because somebody, or some
        group, never lost or never won; for a prior that is not positive.
    RuntimeError
        When it has not converged.
    """
    import pandas as pd

    count = len(first)
    check_names(first, second)
    both = pd.concat([pd.Series(first), pd.Series(second)], ignore_index=True)
    numbers, labels = pd.factorize(both, sort=True)
    items = tuple(str(label) for label in labels)
    i, j = numbers[:count], numbers[count:]
    if len(second) != count or len(outcome) != count:
        raise UserError(
            f"a comparison has two names and an outcome; got {count} first names, {len(second)} "
            f"second names and {len(outcome)} outcomes"
        )
    kinds = pd.Index(["A", "B", "tie"]).get_indexer(pd.Index(outcome))
    if (kinds < 0).any():
        row = int(np.flatnonzero(kinds < 0)[0])
        raise UserError(
            f"comparison {row + 1} ended in {pd.Series(outcome).iloc[row]!r}; an outcome is A, B "
            f"or "
            "tie. Leave out what could not be read, and say how many there were"
        )
    if (i == j).any():
        row = int(np.flatnonzero(i == j)[0])
        raise UserError(f"comparison {row + 1}: {items[i[row]]!r} meets itself")
    if reference is not None and reference not in items:
        raise UserError(f"no item {reference!r} to refer to; there are: {', '.join(items)}")
    n = len(items)
    cell = (i * n + j) * 3 + kinds
    weights = np.ones(count) if weight is None else np.asarray(weight, dtype=float)
    if weights.shape != (count,) or not (weights >= 0).all() or not np.isfinite(weights).all():
        raise UserError(f"weight holds a number from 0 for each of the {count} comparisons")
    counts = np.bincount(cell, weights=weights, minlength=3 * n * n).reshape(n, n, 3)
    check_connected(counts, items, prior=prior is not None)
    ties = bool(counts[:, :, 2].any())
    if prior is not None and not prior > 0:
        raise UserError(f"the prior's standard deviation is positive, got {prior}")
    model = ComparisonModel(n, ties, order_effect, prior)
    parameters, steps = model.fit(counts)
    log_likelihood, information = (
        model.likelihood(counts, parameters),
        model.curvature(counts, parameters),
    )
    spread = _inverse(information + np.diag(model.pull), n)
    shift = _shift(n, len(parameters), None if reference is None else items.index(reference))
    groups, clusters = (None, None)
    if cluster is not None:
        codes, names = codes_by_name(pd.Series(cluster), "cluster")
        groups, clusters = codes, len(names)
    robust = None
    if groups is not None and clusters is not None and clusters > 1:
        scores = model.scores(i, j, kinds, weights, groups, clusters, parameters)
        meat = scores.T @ scores * clusters / (clusters - 1)
        robust = np.sqrt(np.maximum(0, np.diag(shift @ spread @ meat @ spread @ shift.T)))
    resampled = None
    if bootstraps:
        if rng is None:
            raise UserError(
                "bootstraps are drawn at random: pass rng=numpy.random.default_rng(seed)"
            )
        resampled = (
            _bootstrap(model, cell, weights, groups, clusters, n, bootstraps, rng, parameters)
            @ shift.T
        )
    moved = shift @ parameters
    return Strengths(
        items=items,
        theta=moved[:n],
        order_effect=float(moved[n]) if order_effect else None,
        tie=float(moved[-1]) if ties else None,
        errors=np.sqrt(np.maximum(0, np.diag(shift @ spread @ shift.T))),
        robust_errors=robust,
        log_likelihood=log_likelihood,
        deviance=2 * (_saturated(counts) - log_likelihood),
        comparisons=int(weights.sum()) if float(weights.sum()).is_integer() else weights.sum(),
        clusters=clusters,
        steps=steps,
        bootstrap=resampled,
    )


def _inverse(information: np.ndarray, n: int) -> np.ndarray:
    """The covariance with strengths that sum to 0."""
    ridged = information.copy()
    ridged[:n, :n] += 1.0
    centre = np.eye(len(ridged))
    centre[:n, :n] -= 1 / n
    return np.asarray(centre @ np.linalg.inv(ridged) @ centre.T)


def _shift(n: int, size: int, reference: int | None) -> np.ndarray:
    """The linear map that centres the strengths, or sets the reference to 0."""
    out = np.eye(size)
    if reference is None:
        out[:n, :n] -= 1 / n
    else:
        out[:n, reference] -= 1.0
    return out


def _saturated(counts: np.ndarray) -> float:
    total = counts.sum(axis=2, keepdims=True)
    there = counts > 0
    share = np.divide(counts, total, out=np.ones_like(counts), where=total > 0)
    return float((counts[there] * np.log(share[there])).sum())


def _bootstrap(
    model: ComparisonModel,
    cell: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray | None,
    clusters: int | None,
    n: int,
    bootstraps: int,
    rng: np.random.Generator,
    start: np.ndarray,
) -> np.ndarray:
    """(bootstraps, parameters) fits to clusters, or comparisons, drawn with replacement."""
    from scipy import sparse

    width = 3 * n * n
    if groups is None or clusters is None:
        groups, clusters = np.arange(len(cell)), len(cell)
    # Counts by cluster once; each resample is then one product of a vector and a sparse matrix.
    by_cluster = sparse.csr_matrix((weights, (groups, cell)), shape=(clusters, width))
    out = np.empty((bootstraps, model.size))
    even = np.full(clusters, 1 / clusters)
    for k in range(bootstraps):
        drawn = rng.multinomial(clusters, even)
        out[k], _ = model.fit((drawn @ by_cluster).reshape(n, n, 3), start)
    return out
