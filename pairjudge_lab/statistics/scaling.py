"""How accuracy grows with N: closed forms, a bound, and fits.

Everything is about one pool of M candidates and a random subset of k of them, drawn without
replacement: with replacement, duplicates bias every selector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb, exp, log2
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pairjudge_lab.renamed import renamed_keywords
from pairjudge_lab.results import Result

if TYPE_CHECKING:
    import pandas as pd


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that k of n candidates hold a right one: 1 - C(n - c, k) / C(n, k).

    As a product, which neither overflows nor cancels (Chen and others 2021, arXiv 2107.03374).

    Raises
    ------
    ValueError
        Unless 1 <= k <= n and 0 <= right <= n.
    """
    _check(n, k)
    if not 0 <= right <= n:
        raise ValueError(f"of {n} candidates {right} cannot be right")
    if n - right < k:
        return 1.0
    return float(1 - np.prod(1 - k / np.arange(n - right + 1, n + 1)))


def best_score_at_k(scores: Sequence[float], right: Sequence[bool | float], k: int) -> float:
    """The chance that the candidate with the highest score among k is right; ties are shared.

    Sorted from the best, a candidate with G strictly above it in a group of t equal ones stands for
    [C(M - G, k) - C(M - G - t, k)] / C(M, k) of the subsets, with the mean of its group.
    """
    values, labels = np.asarray(scores, dtype=float), np.asarray(right, dtype=float)
    n = len(values)
    _check(n, k)
    if np.isnan(values).any():
        raise ValueError("every candidate needs a score")
    total, above, out = comb(n, k), 0, 0.0
    for score in np.unique(values)[::-1]:
        group = values == score
        size = int(group.sum())
        weight = comb(n - above, k) - comb(n - above - size, k)
        out += weight / total * float(labels[group].mean())
        above += size
    return min(1.0, out)


@renamed_keywords(teams="groups")
def majority_at_k(groups: Sequence[int | None], right: Sequence[bool | float], k: int) -> float:
    """The chance that the largest answer group among k is right; equally large ones share the vote.

    For a group of c_0, with c_j in the others and b without a vote, the chance is the sum over m
    (its votes) and t (other groups with as many) of [x^(k-m) z^t] of C(c_0, m) (1 + x)^b prod_j
    (sum_{l<m} C(c_j, l) x^l + z C(c_j, m) x^m) / (t + 1) / C(M, k).

    Parameters
    ----------
    groups : sequence of int or None
        (M,) each candidate's group, None for one without a final answer, which has no vote; when
        nobody of the k has one, any of them is taken.
    right : sequence of bool or float
        (M,) whether each is right; a group counts by the mean of its members.
    """
    labels = np.asarray(right, dtype=float)
    n = len(labels)
    _check(n, k)
    names = [group for group in dict.fromkeys(groups) if group is not None]
    members = {name: [i for i, group in enumerate(groups) if group == name] for name in names}
    silent = [i for i, group in enumerate(groups) if group is None]
    sizes = {name: len(members[name]) for name in names}
    total, out = comb(n, k), 0.0
    quiet = np.array([float(comb(len(silent), power)) for power in range(k + 1)])
    if len(silent) >= k:
        out += comb(len(silent), k) / total * float(labels[silent].mean())
    for name in names:
        share = float(labels[members[name]].mean())
        if not share:
            continue
        others = [sizes[other] for other in names if other != name]
        for votes in range(1, min(sizes[name], k) + 1):
            # ways[p, t]: choices with p candidates from the others and t groups with as many votes.
            ways = np.zeros((k - votes + 1, len(others) + 1))
            ways[:, 0] = quiet[: k - votes + 1]
            for size in others:
                longer = np.zeros_like(ways)
                for power in range(min(size, votes) + 1):
                    if power > k - votes:
                        break
                    added = comb(size, power) * ways[: k - votes + 1 - power]
                    if power < votes:
                        longer[power:] += added
                    else:
                        longer[power:, 1:] += added[:, :-1]
                ways = longer
            shared = ways[k - votes] / np.arange(1, len(others) + 2)
            out += share * comb(sizes[name], votes) * float(shared.sum()) / total
    return min(1.0, out)


def majority_right(p: float, votes: int) -> float:
    """The chance that the majority of votes is right when each is with chance p; a tie is half."""
    from scipy import stats

    more = float(stats.binom.sf(votes // 2, votes, p))
    even = float(stats.binom.pmf(votes // 2, votes, p)) if votes % 2 == 0 else 0.0
    return more + even / 2


def knockout_recursion(p_gen: float, p_comp: float, levels: int, *, votes: int = 1) -> np.ndarray:
    """The chance that a knockout of 2^0, 2^1 ... 2^levels candidates selects a right one.

    Exactly p' = p^2 + 2 p (1 - p) p_comp where every match of a right and a wrong candidate goes to
    the right one with the same chance, apart from all others (arXiv 2411.19477).
    """
    comp = majority_right(p_comp, votes)
    out = [p_gen]
    for _ in range(levels):
        p = out[-1]
        out.append(p * p + 2 * p * (1 - p) * comp)
    return np.array(out)


def knockout_bound(p_gen: float, p_comp: float, n: int, *, votes: int = 1) -> float:
    """The least chance that a knockout of n selects a right candidate (arXiv 2411.19477).

    1 - (1 - p_gen)^N - ceil(log2 N) exp(-2 K (p_comp - 1/2)^2), for p_comp above 1/2, and 0 where
    that is negative or p_comp is not above 1/2.
    """
    if p_comp <= 0.5:
        return 0.0
    fail = (1 - p_gen) ** n + ceil(log2(n)) * exp(-2 * votes * (p_comp - 0.5) ** 2)
    return max(0.0, 1 - fail)


@dataclass(frozen=True, slots=True)
class Fit(Result):
    """A fitted curve.

    Attributes
    ----------
    name : str
        ``power law of coverage`` (ln c = -a k^-b, a and b positive) or ``log-linear`` (accuracy = a
        + b ln k).
    a, b : float
        Its parameters; k: the places it was fitted at.
    fitted, residuals : array
        (points,) the curve, and the data minus it.
    """

    picture: ClassVar[tuple[str, str]] = ("along", "plot_along")

    name: str
    a: float
    b: float
    k: np.ndarray
    fitted: np.ndarray
    residuals: np.ndarray

    def to_frame(self) -> pd.DataFrame:
        """One line a point: ``k``, ``fitted``, ``data``, ``residual``."""
        import pandas as pd

        return pd.DataFrame(
            {
                "k": self.k,
                "fitted": self.fitted,
                "data": self.fitted + self.residuals,
                "residual": self.residuals,
            }
        )

    def __str__(self) -> str:
        worst = float(np.abs(self.residuals).max())
        return f"{self.name}: a = {self.a:.4f}, b = {self.b:.4f}; largest residual {worst:.4f}"


def fit_coverage(k: Sequence[int], coverage: Sequence[float]) -> Fit:
    """ln c = -a k^-b by least squares on the logarithm of -ln c (arXiv 2407.21787).

    Points at 0 or 1, which have no place on that scale, are left out of the fit; their residuals
    are given.

    Raises
    ------
    ValueError
        For fewer than two points between 0 and 1.
    """
    x, y = np.asarray(k, dtype=float), np.asarray(coverage, dtype=float)
    inside = (y > 0) & (y < 1)
    if inside.sum() < 2:
        raise ValueError("a power law of coverage needs two points between 0 and 1")
    slope, level = np.polyfit(np.log(x[inside]), np.log(-np.log(y[inside])), 1)
    a, b = float(np.exp(level)), float(-slope)
    fitted = np.exp(-a * x**-b)
    return Fit("power law of coverage", a, b, x, fitted, y - fitted)


def fit_log_linear(k: Sequence[int], accuracy: Sequence[float]) -> Fit:
    """accuracy = a + b ln k by least squares."""
    x, y = np.asarray(k, dtype=float), np.asarray(accuracy, dtype=float)
    if len(x) < 2:
        raise ValueError("a log-linear fit needs two points")
    b, a = (float(v) for v in np.polyfit(np.log(x), y, 1))
    fitted = a + b * np.log(x)
    return Fit("log-linear", a, b, x, fitted, y - fitted)


def difficulty_quartiles(wrong_share: Sequence[float] | np.ndarray) -> np.ndarray:
    """(problems,) 0 for the easiest quarter to 3 for the hardest, by the share of wrong candidates.

    The paper's difficulty. Equal shares stay together, so the quarters may differ in size.
    """
    shares = np.asarray(wrong_share, dtype=float)
    edges = np.quantile(shares, [0.25, 0.5, 0.75])
    return np.searchsorted(edges, shares, side="left")


def _check(n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k is at least 1 and at most the {n} candidates, got {k}")
