"""Best-of-N by a proxy: where more candidates make the selection worse.

The judge's own score of the selected candidate always grows with N. Its accuracy may rise and then
fall, because among many candidates the highest score goes to the one that fools the judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import Estimate, difference_interval, mean_interval
from pairjudge_lab.statistics.scaling import best_score_at_k

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ProxyCurve(Result):
    """Accuracy of the candidate with the highest score, and that score.

    Attributes
    ----------
    n : tuple of int
        Numbers of candidates.
    accuracy : tuple of Estimate
        At each, with intervals over problems; ``score``: the mean of the highest score.
    optimum : int
        The n with the highest accuracy.
    optimum_range : tuple
        (low, high) between which the optimum of resampled problems lies at the level.
    loss : Estimate
        Accuracy at the largest n minus accuracy at the optimum, the optimum chosen on other
        problems than those it is measured on, so that picking it is not rewarded.
    fit : tuple
        (alpha, beta) of accuracy = accuracy at 1 + d (alpha - beta d), where d is the root of ln N
        - (N - 1) / N, the divergence of Best-of-N from a single draw (Gao, Schulman and Hilton
        2022, arXiv 2210.10760).
    """

    picture: ClassVar[tuple[str, str]] = ("along", "plot_along")

    n: tuple[int, ...]
    accuracy: tuple[Estimate, ...]
    score: np.ndarray
    optimum: int
    optimum_range: tuple[int, int]
    loss: Estimate
    fit: tuple[float, float]

    def fitted(self, n: Sequence[int] | np.ndarray) -> np.ndarray:
        """(n,) the fitted accuracy, also beyond the n that were measured."""
        d = _distance(np.asarray(n, dtype=float))
        start = self.accuracy[0].estimate if self.n[0] == 1 else 0.0
        return np.asarray(start + d * (self.fit[0] - self.fit[1] * d))

    @property
    def fitted_optimum(self) -> float:
        """The N at which the fitted curve turns, infinite where it never does."""
        from scipy import optimize

        alpha, beta = self.fit
        if beta <= 0:
            return np.inf if alpha > 0 else 1.0
        d = alpha / (2 * beta)
        if d <= 0:
            return 1.0
        if d > 6:
            return np.inf
        return float(np.exp(optimize.brentq(lambda z: _distance(np.exp(z)) - d, 0, 40)))

    def to_frame(self) -> pd.DataFrame:
        """One line an n."""
        import pandas as pd

        return pd.DataFrame(
            {
                "n": self.n,
                "accuracy": [e.estimate for e in self.accuracy],
                "low": [e.low for e in self.accuracy],
                "high": [e.high for e in self.accuracy],
                "score": self.score,
            }
        )

    def __str__(self) -> str:
        body = self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.3f}")
        return (
            f"{body}\nbest at n = {self.optimum} ({self.optimum_range[0]} to "
            f"{self.optimum_range[1]}); from there to n = {self.n[-1]}: {self.loss}"
        )


def proxy_curve(
    scores: Sequence[Sequence[float]],
    right: Sequence[Sequence[bool]],
    n: Sequence[int],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> ProxyCurve:
    """Accuracy against the judge's own score, over random subsets of every pool.

    Parameters
    ----------
    scores : sequence of sequence of float
        A problem's scores, one a candidate; ``right``: whether each is right.
    n : sequence of int
        Numbers of candidates, growing from 1, at most the smallest pool.
    rng : Generator
        Of the resamples of problems; ``resamples`` how many.
    level : float
        Of all intervals.

    Raises
    ------
    UserError
        For n that do not grow from 1, pools that are too small, or scores missing.
    """
    sizes = list(n)
    if len(sizes) < 3 or sizes[0] != 1 or sizes != sorted(set(sizes)):
        raise UserError("a curve needs three numbers of candidates or more, growing from 1")
    for place, (given, truth) in enumerate(zip(scores, right, strict=True)):
        if len(given) != len(truth) or len(given) < sizes[-1]:
            raise UserError(
                f"problem {place + 1}: {len(given)} scores of {len(truth)} candidates; every "
                f"problem needs {sizes[-1]} of both"
            )
        if np.isnan(np.asarray(given, dtype=float)).any():
            raise UserError(f"problem {place + 1}: every candidate needs a score")
    hits = np.array(
        [
            [best_score_at_k(given, truth, k) for k in sizes]
            for given, truth in zip(scores, right, strict=True)
        ]
    )
    tops = np.array([[_highest(given, k) for k in sizes] for given in scores])
    problems = len(hits)
    drawn = rng.multinomial(problems, np.full(problems, 1 / problems), size=resamples) @ hits
    # A flat curve has its optimum at the smallest n.
    best = np.array(sizes)[(np.round(drawn / problems, 12)).argmax(axis=1)]
    low, high = np.quantile(best, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    mean = hits.mean(axis=0)
    fold = rng.permutation(problems) % min(5, problems)
    chosen = np.empty(problems)
    for part in np.unique(fold):
        rest = hits[fold != part] if problems > 1 else hits
        chosen[fold == part] = hits[fold == part][:, int(rest.mean(axis=0).argmax())]
    d = _distance(np.array(sizes, dtype=float))
    found = np.linalg.lstsq(np.column_stack([d, -(d**2)]), mean - mean[0], rcond=None)[0]
    return ProxyCurve(
        n=tuple(sizes),
        accuracy=tuple(mean_interval(column, level=level) for column in np.clip(hits.T, 0, 1)),
        score=tops.mean(axis=0),
        optimum=sizes[int(np.round(mean, 12).argmax())],
        optimum_range=(int(low), int(high)),
        loss=difference_interval(np.clip(hits[:, -1], 0, 1), np.clip(chosen, 0, 1), level=level),
        fit=(float(found[0]), float(found[1])),
    )


def _highest(scores: Sequence[float], k: int) -> float:
    """The mean of the highest of k scores, over all subsets."""
    from scipy.special import gammaln

    ranked = np.sort(np.asarray(scores, dtype=float))
    count = len(ranked)
    below = np.arange(k - 1, count)
    log = gammaln(below + 1) - gammaln(k) - gammaln(below - k + 2)
    log = log - (gammaln(count + 1) - gammaln(k + 1) - gammaln(count - k + 1))
    return float(np.exp(log) @ ranked[k - 1 :])


def _distance(n: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.maximum(np.log(n) - (n - 1) / n, 0)))
