"""A judge's verdicts as margins: how much content, position and length move them.

Each verdict on an ordered pair comes from a margin

    z = a * (right_first - right_second) + b + g * (length_first - length_second) + noise

in which ``b`` is the position effect. A verdict favours the first response where z is above a
threshold t, the second where z is below -t, and neither in between. Recorded verdicts show only on
which side z lies: the coefficients are then those of an ordered logistic regression (McCullagh,
1980). Where the judge's probabilities were recorded, z itself is known, as the log-odds of calling
the first correct minus those of the second, and the coefficients are those of least squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.replay import Recording
from pairjudge_lab.verdicts.codes import FIRST, MISSING, SECOND, UNREAD
from pairjudge_lab.verdicts.kinds import need_labels
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd

TERMS = ("content", "position", "length")
"""The coefficients, in order; an ordered regression has the threshold as a fourth."""

RIDGE = 1e-2
"""Precision of a normal prior on the coefficients, so that a judge that always says the same has
finite ones."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Every recorded verdict that was read, on a pair with different answers, one row each.

    Attributes
    ----------
    problem : array
        (rows,) the problem's number.
    place : array
        (rows, 3) repetition, candidate shown first, candidate shown second.
    features : array
        (rows, 3) the features of ``TERMS``.
    side : array
        (rows,) 1 where the first is favoured, -1 the second, 0 neither.
    margin : array or None
        (rows,) the margin, where the judge's probabilities are known.
    problems : int
        How many problems there are.
    """

    problem: np.ndarray
    place: np.ndarray
    features: np.ndarray
    side: np.ndarray
    margin: np.ndarray | None
    problems: int


@dataclass(frozen=True, slots=True)
class Fit:
    """Fitted coefficients.

    Attributes
    ----------
    theta : array
        The coefficients of ``TERMS`` and, of an ordered regression, the threshold.
    influence : array
        (problems, len(theta)) how each problem moves theta, times the number of problems: the
        variance of theta is that of their mean.
    """

    theta: np.ndarray
    influence: np.ndarray

    def error(self, term: str) -> float:
        """Standard error of a coefficient, over problems."""
        column = self.influence[:, TERMS.index(term)]
        return float(np.sqrt(np.square(column).sum()) / len(column))


def collect(
    recordings: Sequence[Recording], margins: Sequence[np.ndarray] | None = None
) -> Matches:
    """The rows of all recordings.

    Parameters
    ----------
    margins : sequence of array or None
        For each recording (repetitions, n, n), NaN where unknown.

    Raises
    ------
    UserError
        When a candidate's correctness is not known, or nothing is left.
    """
    rows: list[tuple[np.ndarray, ...]] = []
    for number, recording in enumerate(recordings):
        pool = recording.pool
        right = np.array([c.correct for c in pool.candidates], dtype=object)
        if any(r is None for r in right):
            raise UserError(
                f"problem {pool.problem.id!r}: the price needs to know which candidates are right; "
                "give the problem a reference answer, or leave it out"
            )
        truth = right.astype(float)
        length = np.log([max(1, len(c.text)) for c in pool.candidates])
        groups = np.array([pool.group_of(i) for i in range(len(pool))])
        codes = recording.codes
        seen = (codes != MISSING) & (codes != UNREAD) & (groups[:, None] != groups[None, :])
        if margins is not None:
            seen &= np.isfinite(margins[number])
        place = np.argwhere(seen)
        if not len(place):
            continue
        i, j = place[:, 1], place[:, 2]
        said = codes[seen]
        rows.append(
            (
                np.full(len(place), number),
                place,
                np.column_stack([truth[i] - truth[j], np.ones(len(i)), length[i] - length[j]]),
                np.where(said == FIRST, 1, np.where(said == SECOND, -1, 0)),
                np.zeros(len(place)) if margins is None else margins[number][seen],
            )
        )
    if not rows:
        raise UserError(
            "no verdict was read on two candidates with different answers"
            + ("" if margins is None else ", with probabilities")
        )
    problem, place, features, side, margin = (
        np.concatenate([row[column] for row in rows]) for column in range(5)
    )
    known = None if margins is None else margin
    return Matches(problem, place, features, side, known, len(recordings))


def margins_of(recordings: Sequence[Recording], table: pd.DataFrame) -> list[np.ndarray]:
    """The margins in a verdict table of one judge, for ``collect``.

    Parameters
    ----------
    table : DataFrame
        With ``a_probability`` and ``b_probability``, the chances of calling each correct.

    Returns
    -------
    list of array
        For each recording (repetitions, n, n): the log-odds of calling the first correct minus
        those of the second; NaN where they were not recorded.

    Raises
    ------
    UserError
        When the table has no probabilities, or they are those of preferences.
    """
    from scipy.special import logit

    if "verdict" in table:
        need_labels(table_kind(table), "a price by probabilities")

    names = ("a_probability", "b_probability")
    if not set(names) <= set(table) or not table[list(names)].notna().all(axis=1).any():
        raise UserError(
            "the table holds no probabilities of both labels; record them (--soft or --fast), or "
            "read the verdicts themselves"
        )
    place = {r.pool.problem.id: i for i, r in enumerate(recordings)}
    out: list[np.ndarray] = [np.full(r.codes.shape, np.nan) for r in recordings]
    # A probability of exactly 0 or 1 is one that was rounded.
    a, b = (logit(table[name].clip(1e-6, 1 - 1e-6)) for name in names)
    again = table["repetition"] if "repetition" in table else [0] * len(table)
    names_of = table["problem_id"].astype(str)
    columns: list[Any] = [names_of, again, table["response_a"], table["response_b"], a - b]
    for problem, repetition, first, second, margin in zip(*columns, strict=True):
        i, j = int(first), int(second)
        if problem in place and max(i, j) < out[place[problem]].shape[1]:
            out[place[problem]][int(repetition), i, j] = margin
    return out


def fit(matches: Matches) -> Fit:
    """The coefficients, with the influence of each problem.

    Raises
    ------
    UserError
        When the regression does not end.
    """
    return _least_squares(matches) if matches.margin is not None else _ordered(matches)


def _least_squares(matches: Matches) -> Fit:
    x, z = matches.features, matches.margin
    assert z is not None
    hessian = x.T @ x + RIDGE * np.eye(x.shape[1])
    theta = np.linalg.solve(hessian, x.T @ z)
    return Fit(theta, _influence(matches, x * (z - x @ theta)[:, None], hessian))


def _ordered(matches: Matches) -> Fit:
    from scipy.optimize import minimize

    ties = bool((matches.side == 0).any())

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, scores = _likelihood(matches, theta)
        value = -value.sum() + RIDGE / 2 * theta @ theta
        slope = -scores.sum(axis=0) + RIDGE * theta
        if not ties:
            slope[-1] = 0.0
        return float(value), slope

    start = np.array([0.0, 0.0, 0.0, 0.5 if ties else 0.0])
    # A threshold below zero would make the middle empty.
    bounds = [(None, None)] * 3 + [(1e-3, None) if ties else (0.0, 0.0)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    if not np.isfinite(found.fun):
        raise UserError("the verdicts could not be fitted; there may be too few of them")
    theta = np.asarray(found.x)
    step = 1e-4
    size = len(theta)
    hessian = np.empty((size, size))
    for k in range(size):
        shift = np.eye(size)[k] * step
        hessian[k] = (loss(theta + shift)[1] - loss(theta - shift)[1]) / (2 * step)
    if not ties:
        hessian[-1], hessian[:, -1], hessian[-1, -1] = 0.0, 0.0, 1.0
    scores = _likelihood(matches, theta)[1]
    if not ties:
        scores[:, -1] = 0.0
    return Fit(theta, _influence(matches, scores, hessian))


def _likelihood(matches: Matches, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) log-likelihoods and (rows, 4) their slopes."""
    from scipy.special import expit

    x, side, t = matches.features, matches.side, theta[-1]
    eta = x @ theta[:3]
    up, down = expit(eta - t), expit(-eta - t)
    middle = np.clip(1.0 - up - down, 1e-12, None)
    first, second = side == 1, side == -1
    chance = np.where(first, up, np.where(second, down, middle))
    u, d = up * (1 - up), down * (1 - down)
    along = np.where(first, 1 - up, np.where(second, -(1 - down), (d - u) / middle))
    across = np.where(first, -(1 - up), np.where(second, -(1 - down), (u + d) / middle))
    value = np.log(np.clip(chance, 1e-300, None))
    return value, np.column_stack([x * along[:, None], across])


def _influence(matches: Matches, scores: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    sums = np.zeros((matches.problems, scores.shape[1]))
    np.add.at(sums, matches.problem, scores)
    return np.asarray(np.linalg.solve(hessian, sums.T).T * matches.problems)
