"""Bradley-Terry and Davidson models with an effect of the order shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.comparable import check_connected, check_names

if TYPE_CHECKING:
    import pandas as pd

MOST_STEPS = 100
TOLERANCE = 1e-10
_TOO_STRONG = 15.0


@dataclass(frozen=True, slots=True)
class Strengths(Result):
    """A fitted model.

    P(i, shown first, beats j) = 1 / (1 + exp(theta_j - theta_i - gamma)), with strengths theta in
    natural-log units and the order effect gamma positive for the response shown first. With ties
    (Davidson 1970) the three outcomes weigh mu a_i, a_j and nu sqrt(a_i a_j), a = exp(theta),
    mu = exp(gamma), nu = exp(tie).

    Attributes:
        items: names, in the order of ``theta``.
        theta: (n,) strengths; the reference item has 0, or they sum to 0 without one.
        order_effect: gamma, or None when the model has none.
        tie: ln nu, or None when the model has no ties.
        errors: (parameters,) standard errors in the order theta, gamma, tie; of a reference item 0.
            ``robust_errors`` take problems (or whatever was given) as clusters.
        log_likelihood: of the data, without the binomial coefficients.
        deviance: 2 (log-likelihood of the saturated model - log-likelihood), grouped by ordered
            pair.
        comparisons: how many there were; ``clusters``: of how many problems.
        steps: Newton steps to convergence.
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

    Args:
        first, second: (comparisons,) names, in the order shown.
        outcome: ``A`` (the first won), ``B``, or ``tie``. With ties the model is Davidson's.
        weight: how often each comparison occurred, 1 by default.
        cluster: what hangs together, such as the problem, for robust standard errors.
        order_effect: whether the model has one.
        reference: the item whose strength is 0.
        prior: the standard deviation of a normal prior around 0 on strengths and order effect. The
            estimates are then the posterior's mode and ``errors`` its curvature's, all of them
            finite even where somebody never lost. Without it, maximum likelihood.
        bootstraps: resamples of the clusters; their parameters are in ``Strengths.bootstrap``.

    Raises:
        UserError: for an outcome of another name, an item that meets itself, an unknown reference,
            items that no chain of comparisons joins, or strengths that would be infinite because
            somebody, or some group, never lost or never won; for a prior that is not positive.
        RuntimeError: when it has not converged.
    """
    import pandas as pd

    count = len(first)
    check_names(first, second)
    both = pd.concat([pd.Series(first), pd.Series(second)], ignore_index=True)
    numbers, labels = pd.factorize(both, sort=True)
    items = tuple(str(label) for label in labels)
    i, j = numbers[:count], numbers[count:]
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
    counts = np.bincount(cell, weights=weights, minlength=3 * n * n).reshape(n, n, 3)
    check_connected(counts, items, prior=prior is not None)
    ties = bool(counts[:, :, 2].any())
    if prior is not None and not prior > 0:
        raise UserError(f"the prior's standard deviation is positive, got {prior}")
    model = _Model(n, ties, order_effect, prior)
    parameters, steps = model.fit(counts)
    log_likelihood, information = (
        model.likelihood(counts, parameters),
        model.curvature(counts, parameters),
    )
    spread = _inverse(information + np.diag(model.pull), n)
    shift = _shift(n, len(parameters), None if reference is None else items.index(reference))
    groups, clusters = (None, None)
    if cluster is not None:
        codes, names = pd.factorize(pd.Series(cluster))
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


class _Model:
    """Likelihood, slope and curvature from counts: (n, n, 3), how often i before j ended A, B, tie.

    The parameters are theta (n), then gamma and ln nu where the model has them. A ridge along the
    direction in which all strengths move together, which changes no chance, keeps the curvature
    invertible.
    """

    def __init__(self, n: int, ties: bool, order_effect: bool, prior: float | None = None) -> None:
        self.n, self.ties, self.ordered = n, ties, order_effect
        self.size = n + order_effect + ties
        # What the prior adds to the curvature; nothing for ln nu.
        self.pull = np.zeros(self.size)
        if prior is not None:
            self.pull[: n + order_effect] = 1 / prior**2

    def chances(self, parameters: np.ndarray) -> np.ndarray:
        """(n, n, 3) chances of A, B, tie with i before j."""
        n = self.n
        theta = parameters[:n]
        gamma = parameters[n] if self.ordered else 0.0
        logits = np.full((n, n, 3), -np.inf)
        gap = theta[:, None] - theta[None, :]
        logits[:, :, 0], logits[:, :, 1] = gap + gamma, 0.0
        if self.ties:
            logits[:, :, 2] = parameters[-1] + gap / 2
        logits -= logits.max(axis=2, keepdims=True)
        weights = np.exp(logits)
        return np.asarray(weights / weights.sum(axis=2, keepdims=True))

    def likelihood(self, counts: np.ndarray, parameters: np.ndarray) -> float:
        chances = self.chances(parameters)
        there = counts > 0
        return float((counts[there] * np.log(np.maximum(chances[there], 1e-300))).sum())

    def slope(self, counts: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        chances = self.chances(parameters)
        total = counts.sum(axis=2)
        excess = counts - total[:, :, None] * chances
        # A moves theta_i - theta_j by one, a tie by one half.
        pull = excess[:, :, 0] + excess[:, :, 2] / 2
        out = np.zeros(self.size)
        out[: self.n] = pull.sum(axis=1) - pull.sum(axis=0)
        if self.ordered:
            out[self.n] = excess[:, :, 0].sum()
        if self.ties:
            out[-1] = excess[:, :, 2].sum()
        return out

    def curvature(self, counts: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Minus the second derivatives."""
        chances = self.chances(parameters)
        total = counts.sum(axis=2)
        a, t = chances[:, :, 0], chances[:, :, 2]
        level = a + t / 2
        gap = total * (a + t / 4 - level**2)
        n, out = self.n, np.zeros((self.size, self.size))
        out[:n, :n] = -(gap + gap.T)
        out[np.arange(n), np.arange(n)] += gap.sum(axis=1) + gap.sum(axis=0)
        cross = []
        if self.ordered:
            cross.append((n, total * (a - a * level), total * a * (1 - a)))
        if self.ties:
            cross.append((self.size - 1, total * (t / 2 - t * level), total * t * (1 - t)))
        for place, with_gap, own in cross:
            out[:n, place] = out[place, :n] = with_gap.sum(axis=1) - with_gap.sum(axis=0)
            out[place, place] = own.sum()
        if self.ordered and self.ties:
            out[n, n + 1] = out[n + 1, n] = -(total * a * t).sum()
        return out

    def fit(self, counts: np.ndarray, start: np.ndarray | None = None) -> tuple[np.ndarray, int]:
        """Newton's method from ``start``; the parameters and the steps it took."""
        parameters = np.zeros(self.size) if start is None else start.copy()

        def height(at: np.ndarray) -> float:
            return self.likelihood(counts, at) - float(self.pull @ np.square(at)) / 2

        value = height(parameters)
        for step in range(1, MOST_STEPS + 1):
            information = self.curvature(counts, parameters) + np.diag(self.pull)
            information[: self.n, : self.n] += 1.0
            try:
                slope = self.slope(counts, parameters) - self.pull * parameters
                move = np.linalg.solve(information, slope)
            except np.linalg.LinAlgError:
                break
            size = 1.0
            while True:
                new = parameters + size * move
                new_value = height(new)
                if new_value >= value - 1e-9 * abs(value) or size < 1e-6:
                    break
                size /= 2
            parameters, value = new, new_value
            if np.abs(move).max() < TOLERANCE:
                return parameters, step
            if self._strongest(parameters) > 2 * _TOO_STRONG:
                break
        if self._strongest(parameters) > _TOO_STRONG:
            raise UserError(
                "a strength or effect has no finite estimate: somebody, or some slot, never lost "
                "or never won. Leave that item, or the order effect, out"
            )
        raise RuntimeError(f"Bradley-Terry did not converge in {MOST_STEPS} Newton steps")

    def _strongest(self, parameters: np.ndarray) -> float:
        spread = float(np.ptp(parameters[: self.n]))
        return max(spread, float(np.abs(parameters[self.n :]).max(initial=0)))

    def scores(
        self,
        i: np.ndarray,
        j: np.ndarray,
        kinds: np.ndarray,
        weights: np.ndarray,
        groups: np.ndarray,
        clusters: int,
        parameters: np.ndarray,
    ) -> np.ndarray:
        """(clusters, parameters) each cluster's share of the slope."""
        chances = self.chances(parameters)[i, j]
        hit = np.zeros_like(chances)
        hit[np.arange(len(i)), kinds] = 1.0
        excess = (hit - chances) * weights[:, None]
        pull = excess[:, 0] + excess[:, 2] / 2
        n, out = self.n, np.zeros((clusters, self.size))
        out[:, :n] = (
            np.bincount(groups * n + i, weights=pull, minlength=clusters * n)
            - np.bincount(groups * n + j, weights=pull, minlength=clusters * n)
        ).reshape(clusters, n)
        if self.ordered:
            out[:, n] = np.bincount(groups, weights=excess[:, 0], minlength=clusters)
        if self.ties:
            out[:, -1] = np.bincount(groups, weights=excess[:, 2], minlength=clusters)
        return out


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
    model: _Model,
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
