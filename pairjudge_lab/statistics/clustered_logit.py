"""Logistic regression with problems as clusters: errors and profile limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS, Estimate, no_interval

if TYPE_CHECKING:
    import pandas as pd

_FAR = 30.0


@dataclass(frozen=True, slots=True)
class LogitFit(Result):
    """Coefficients of a logistic regression.

    Attributes
    ----------
    names : tuple of str
        Of the coefficients.
    estimates : tuple of Estimate
        With profile limits; a limit may be infinite, and so may an estimate, where everything
        points one way.
    errors : array
        Clustered standard errors; ``plain_errors``: as if all rows were independent.
    design_effects : array
        The squares of their ratio.
    rows, clusters : int
        How many went into it.
    left_out : tuple of tuple
        Rows that say nothing or could not be used, by what they are.
    """

    names: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    errors: np.ndarray
    plain_errors: np.ndarray
    design_effects: np.ndarray
    rows: int
    clusters: int
    left_out: tuple[tuple[str, int], ...] = ()

    def __getitem__(self, name: str) -> Estimate:
        """The coefficient of a name."""
        return self.estimates[self.names.index(name)]

    def to_frame(self) -> pd.DataFrame:
        """One line a coefficient: estimate, clustered error, limits, design effect."""
        import pandas as pd

        return pd.DataFrame(
            {
                "coefficient": self.names,
                "estimate": [e.estimate for e in self.estimates],
                "error": self.errors,
                "low": [e.low for e in self.estimates],
                "high": [e.high for e in self.estimates],
                "design effect": self.design_effects,
            }
        )

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.3f}")
        rest = "".join(f"; {count} {what}" for what, count in self.left_out if count)
        return f"{body}\n{self.rows} rows of {self.clusters} clusters{rest}"


def clustered_logit(
    design: np.ndarray,
    names: Sequence[str],
    won: np.ndarray,
    cluster: np.ndarray,
    *,
    profiled: Sequence[str] | None = None,
    left_out: tuple[tuple[str, int], ...] = (),
    level: float = 0.95,
) -> LogitFit:
    """Fit, with sandwich errors and limits of the profile likelihood.

    The profile falls by as much as Student's t with one degree of freedom less than clusters
    allows, times the coefficient's design effect; one below 1 is taken for what it would be with
    two more clusters, whose rows are independent.

    Parameters
    ----------
    design : array
        (rows, coefficients).
    names : sequence of str
        Of the coefficients.
    won : array
        (rows,) between 0 and 1.
    cluster : array
        (rows,) the number of each row's cluster.
    profiled : sequence of str or None
        Whose limits are wanted; all by default, the others have Student's.
    left_out : tuple of tuple
        What is told of rows that are not in the design.
    level : float
        Of the limits.

    Raises
    ------
    UserError
        For no rows, or columns that cannot be told apart.
    """
    from scipy import special, stats

    rows, clusters = len(won), len(np.unique(cluster))
    if not rows:
        raise UserError("no row is left to fit anything to")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise UserError(
            f"the columns {', '.join(names)} cannot be told apart in {rows} rows: leave one out"
        )
    best, height = _fit(design, won, np.zeros(rows))
    chance = special.expit(design @ best)
    information = (design * (chance * (1 - chance))[:, None]).T @ design
    plain = np.linalg.pinv(information)
    scores = np.zeros((clusters, design.shape[1]))
    np.add.at(scores, np.unique(cluster, return_inverse=True)[1], (won - chance)[:, None] * design)
    meat = scores.T @ scores * clusters / max(clusters - 1, 1)
    robust = plain @ meat @ plain
    plain_error, error = (np.sqrt(np.maximum(np.diag(v), 0)) for v in (plain, robust))
    effects = np.square(error / np.maximum(plain_error, 1e-300))
    reach = float(stats.t.ppf(0.5 + level / 2, max(clusters - 1, 1)))
    estimates = []
    for k, name in enumerate(names):
        value = float(best[k])
        far = _separated(design, won, best, height, k)
        open_ = float(np.copysign(np.inf, value)) if far else value
        if clusters < FEWEST_PROBLEMS:
            estimates.append(no_interval(open_, clusters, level))
            continue
        # Where nearly all is on one side the sandwich says next to nothing. Where the rows of each
        # cluster cancel it says that nothing varies; a few clusters cannot show that, so two more,
        # of independent rows, are added to them.
        effect = float(effects[k])
        effect = max(effect, 1.0 if far else (clusters * effect + 2) / (clusters + 2))
        step = reach * max(float(plain_error[k]) * effect**0.5, 1e-300)
        if profiled is not None and name not in profiled:
            low, high = value - step, value + step
            if far:
                # Where the fit stopped says nothing.
                low, high = (-np.inf, np.nan) if value < 0 else (np.nan, np.inf)
            estimates.append(Estimate(open_, low, high, clusters, "Student, clustered", level))
            continue
        fall = reach**2 * effect / 2
        step = min(step, abs(value)) if far else step
        ends = [_end(design, won, k, value, sign * step, height - fall) for sign in (-1, 1)]
        estimates.append(Estimate(open_, ends[0], ends[1], clusters, "profile, clustered", level))
    return LogitFit(
        names=tuple(names),
        estimates=tuple(estimates),
        errors=error,
        plain_errors=plain_error,
        design_effects=effects,
        rows=rows,
        clusters=clusters,
        left_out=left_out,
    )


def _fit(design: np.ndarray, won: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, float]:
    """The coefficients and the log-likelihood; large and finite where they would be infinite.

    By Newton's method within a trust region: iteratively reweighted least squares diverges from
    offsets as large as a profile of separated data takes.
    """
    from scipy import optimize, special

    if not design.shape[1]:
        return np.zeros(0), float((won * offset - np.logaddexp(0, offset)).sum())
    scale = np.sqrt(np.square(design).mean(axis=0))
    x = design / scale

    def loss(beta: np.ndarray) -> float:
        z = x @ beta + offset
        return float((np.logaddexp(0, z) - won * z).sum())

    def slope(beta: np.ndarray) -> np.ndarray:
        return np.asarray(x.T @ (special.expit(x @ beta + offset) - won))

    def curvature(beta: np.ndarray) -> np.ndarray:
        chance = special.expit(x @ beta + offset)
        return np.asarray((x * (chance * (1 - chance))[:, None]).T @ x)

    found = optimize.minimize(
        loss, np.zeros(x.shape[1]), method="trust-exact", jac=slope, hess=curvature,
        options={"gtol": 1e-7, "maxiter": 200},
    ).x  # fmt: skip
    return found / scale, -loss(found)


def _separated(
    design: np.ndarray, won: np.ndarray, best: np.ndarray, height: float, place: int
) -> bool:
    """Whether a coefficient has no finite estimate, in whatever unit its column is.

    It decides nearly all rows that it touches, and twice as large it would fit no worse.
    """
    column = design[:, place]
    touched = np.abs(column * best[place])[column != 0]
    if not touched.size or np.median(touched) < _FAR / 4:
        return False
    rest = np.delete(design, place, axis=1)
    return bool(_fit(rest, won, 2 * best[place] * column)[1] > height - 1e-3)


def _end(
    design: np.ndarray, won: np.ndarray, place: int, start: float, step: float, wanted: float
) -> float:
    """Where the profile likelihood of one coefficient has fallen to ``wanted``."""
    from scipy import optimize

    rest, column = np.delete(design, place, axis=1), design[:, place]

    def above(value: float) -> float:
        return _fit(rest, won, column * value)[1] - wanted

    # In the column's own unit.
    largest = _FAR / float(np.median(np.abs(column[column != 0]))) + 2 * abs(start)
    end = start + step
    while above(end) > 0:
        step *= 1.6
        end = start + step
        if abs(end - start) > largest:
            return float(np.copysign(np.inf, step))
    return float(optimize.brentq(above, start, end, xtol=1e-4 * min(1.0, abs(end - start))))
