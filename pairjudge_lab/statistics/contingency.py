"""Tests on square tables of paired answers: who won in one order by who won in the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Test:
    """A test's statistic, degrees of freedom (None for an exact test) and two-sided p value."""

    name: str
    statistic: float
    df: int | None
    p: float

    def __str__(self) -> str:
        df = "" if self.df is None else f" ({self.df} df)"
        return f"{self.name}: {self.statistic:.4g}{df}, p = {self.p:.3g}"


def mcnemar(primacy: int, recency: int, *, corrected: bool = False) -> Test:
    """McNemar's chi-square on the pairs that changed: (P - R)^2 / (P + R), 1 degree of freedom."""
    from scipy import stats

    changed = primacy + recency
    if not changed:
        return Test("McNemar", 0.0, 1, 1.0)
    gap = max(0.0, abs(primacy - recency) - float(corrected))
    statistic = gap**2 / changed
    name = "McNemar, continuity corrected" if corrected else "McNemar"
    return Test(name, statistic, 1, float(stats.chi2.sf(statistic, 1)))


def mcnemar_exact(primacy: int, recency: int, *, mid_p: bool = False) -> Test:
    """The exact test: of P + R pairs that changed, P went to the first position, as by a fair coin.

    ``mid_p`` counts the outcome seen half (Lancaster 1961): less conservative.
    """
    from scipy import stats

    changed = primacy + recency
    if not changed:
        return Test("McNemar, exact", 0.0, None, 1.0)
    p = float(stats.binomtest(primacy, changed).pvalue)
    if mid_p:
        p -= float(stats.binom.pmf(primacy, changed, 0.5))
    name = "McNemar, mid-p" if mid_p else "McNemar, exact"
    return Test(name, float(primacy), None, p)


def clustered_mcnemar(difference: np.ndarray) -> Test:
    """McNemar's test with problems as clusters: (sum d)^2 / sum d^2, d = P - R of one problem.

    Durkalski and others (2003). With one changed pair a problem it is McNemar's own statistic.
    """
    from scipy import stats

    square = float(np.square(difference).sum())
    statistic = float(np.sum(difference)) ** 2 / square if square else 0.0
    return Test("McNemar, clustered by problem", statistic, 1, float(stats.chi2.sf(statistic, 1)))


def sign_flip(difference: np.ndarray) -> Test:
    """The exact sign-flip test: without an effect, each problem's difference has either sign alike.

    The share of all 2^n ways to choose the signs that give a sum as far from 0 as the one seen. Of
    whole or half differences it is computed exactly, from the characteristic function of the sum;
    its p value is exact to about 1e-12, and never below 2^(1 - n) for n differences other than 0.

    Parameters
    ----------
    difference : array
        (problems,) multiples of one half.
    """
    twice = np.rint(2 * np.abs(np.asarray(difference, dtype=float))).astype(np.int64)
    twice = twice[twice > 0]
    seen = int(abs(np.rint(2 * np.sum(difference))))
    if not len(twice) or not seen:
        return Test("sign flips of problems, exact", float(seen) / 2, None, 1.0)
    values, counts = np.unique(twice, return_counts=True)
    reach = int(twice.sum())
    # The sum is reach - 2 m for some m up to reach, so as many points give every chance.
    angle = np.pi * np.arange(reach + 1) / (reach + 1)
    wave = np.exp(-1j * reach * angle)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        wave *= np.cos(value * angle) ** count
    chance = np.fft.ifft(wave).real
    p = float(chance[np.abs(reach - 2 * np.arange(reach + 1)) >= seen].sum())
    least = 2.0 ** (1 - len(twice))
    return Test("sign flips of problems, exact", seen / 2, None, float(np.clip(p, least, 1)))


def bowker(table: np.ndarray) -> Test:
    """Bowker's test that a square table is symmetric.

    Pairs of cells that are both empty are left out and count for no degree of freedom.
    """
    from scipy import stats

    upper = np.triu_indices(len(table), 1)
    one, other = table[upper].astype(float), table.T[upper].astype(float)
    there = one + other > 0
    if not there.any():
        return Test("Bowker", 0.0, 0, 1.0)
    statistic = float(np.sum((one - other)[there] ** 2 / (one + other)[there]))
    df = int(there.sum())
    return Test("Bowker", statistic, df, float(stats.chi2.sf(statistic, df)))


def stuart_maxwell(table: np.ndarray) -> Test:
    """The Stuart-Maxwell test that both margins of a square table are alike.

    Answers that never occur are left out; so are those on which both margins agree in every pair,
    for which the covariance is singular.
    """
    from scipy import stats

    counts = np.asarray(table, dtype=float)
    keep = counts.sum(axis=0) + counts.sum(axis=1) > 0
    counts = counts[np.ix_(keep, keep)]
    if len(counts) < 2:
        return Test("Stuart-Maxwell", 0.0, 0, 1.0)
    gap = counts.sum(axis=1) - counts.sum(axis=0)
    covariance = -(counts + counts.T)
    np.fill_diagonal(covariance, counts.sum(axis=1) + counts.sum(axis=0) - 2 * np.diag(counts))
    rank = int(np.linalg.matrix_rank(covariance))
    statistic = float(gap @ np.linalg.pinv(covariance) @ gap)
    p = float(stats.chi2.sf(statistic, rank)) if rank else 1.0
    return Test("Stuart-Maxwell", statistic, rank, p)
