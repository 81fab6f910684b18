"""Calibration: do labels given with probability p come true with frequency p?

This is about the probabilities of a judge's labels. How often a judge says the same again is
repetition stability (``stability``), which is something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.figures import Figures
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.names import codes_by_name
from pairjudge_lab.statistics.totals import Totals

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Calibration(Result):
    """How probabilities of labels compare with what came true.

    Attributes
    ----------
    labels, problems : int
        How many.
    brier : Estimate
        The mean squared difference of probability and truth, with an interval over problems.
    reliability, resolution, uncertainty : float
        Its parts by bins (Murphy 1973), brier = reliability - resolution + uncertainty up to the
        spread within bins. The first two are corrected for the bias that finite bins have (Ferro
        and Fricker 2012).
    ece : float
        The mean distance of probability and frequency over bins; ``ece_chance`` is its mean if the
        probabilities were exactly right: an ECE that is no larger shows nothing.
    bins : tuple of tuple
        A row a bin: the mean probability, the frequency with its interval, how many labels.
    log_loss : float
        Mean negative log-likelihood in nats.
    """

    picture: ClassVar[tuple[str, str]] = ("calibration", "plot_calibration")

    labels: int
    problems: int
    brier: Estimate
    reliability: float
    resolution: float
    uncertainty: float
    ece: float
    ece_chance: float
    bins: tuple[tuple[float, Estimate, int], ...]
    log_loss: float

    def to_frame(self) -> pd.DataFrame:
        """One line a bin."""
        import pandas as pd

        return pd.DataFrame(
            {
                "probability": mean,
                "frequency": found.estimate,
                "low": found.low,
                "high": found.high,
                "labels": count,
            }
            for mean, found, count in self.bins
        )

    def __str__(self) -> str:
        return (
            f"Brier score {self.brier.estimate:.4f} [{self.brier.low:.4f}, {self.brier.high:.4f}] "
            f"= reliability {self.reliability:.4f} - resolution {self.resolution:.4f} + "
            f"uncertainty {self.uncertainty:.4f} (by bins)\n"
            f"expected calibration error {self.ece:.4f} (of exact probabilities "
            f"{self.ece_chance:.4f})\nlog loss {self.log_loss:.4f}; {self.labels} labels of "
            f"{self.problems} problems"
        )

    def plotted(self) -> tuple[Any, ...]:
        return ({"labels": self},)


def calibration(
    probability: Sequence[float] | np.ndarray,
    truth: Sequence[bool] | np.ndarray,
    problem: Sequence[str] | np.ndarray | pd.Series,
    *,
    bins: int = 10,
    seed: int = 0,
) -> Calibration:
    """Calibration of label probabilities.

    Parameters
    ----------
    probability : sequence of float or array
        (labels,) the judge's probability that a response is correct.
    truth : sequence of bool or array
        (labels,) whether it is.
    problem : sequence of str or array or Series
        (labels,) the problem of each, the unit of all intervals.
    bins : int
        How many, with equally many labels each; labels of equal probability stay together.
    seed : int
        Of the draws behind ``ece_chance``.

    Raises
    ------
    UserError
        For no labels, probabilities outside 0 to 1, or lists of different length.
    """
    import pandas as pd

    p, y = np.asarray(probability, dtype=float), np.asarray(truth, dtype=float)
    if not p.size or p.shape != y.shape or len(problem) != p.size:
        raise UserError(
            f"one probability, truth and problem a label; got {p.size}, {y.size}, {len(problem)}"
        )
    if not np.all((p >= 0) & (p <= 1)):
        wrong = int(np.flatnonzero(~((p >= 0) & (p <= 1)))[0])
        raise UserError(f"label {wrong + 1}: a probability is between 0 and 1, got {p[wrong]}")
    owner, names = codes_by_name(pd.Series(problem), "problem")
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, p, side="left")
    rows, parts = [], []
    for k in np.unique(place):
        mine = place == k
        totals = Totals.count(owner, len(names), {"hits": y * mine, "labels": mine})
        found = Figures(totals).share("hits", "labels")
        rows.append((float(p[mine].mean()), found, int(mine.sum())))
        parts.append((int(mine.sum()), float(p[mine].mean()), float(y[mine].mean())))
    count, mean, rate = (np.array(column) for column in zip(*parts, strict=True))
    share, base = count / p.size, float(y.mean())
    inner = np.where(count > 1, rate * (1 - rate) / np.maximum(count - 1, 1), 0.0)
    outer = base * (1 - base) / max(p.size - 1, 1)
    squares = np.square(p - y)
    loss = Totals.count(
        owner,
        len(names),
        {"loss": squares, "squares": np.square(squares), "labels": np.ones(p.size)},
    )
    rng = np.random.default_rng(seed)
    chance = []
    for _ in range(200):
        drawn = np.bincount(place, weights=rng.random(p.size) < p, minlength=place.max() + 1)
        drawn = drawn[np.unique(place)] / count
        chance.append(float((share * np.abs(drawn - mean)).sum()))
    safe = np.clip(p, 1e-12, 1 - 1e-12)
    return Calibration(
        labels=p.size,
        problems=len(names),
        brier=Figures(loss).share("loss", "labels", squares="squares"),
        reliability=float((share * (np.square(mean - rate) - inner)).sum()),
        resolution=float((share * (np.square(rate - base) - inner)).sum() + outer),
        uncertainty=base * (1 - base) + outer,
        ece=float((share * np.abs(mean - rate)).sum()),
        ece_chance=float(np.mean(chance)),
        bins=tuple(rows),
        log_loss=float(-(y * np.log(safe) + (1 - y) * np.log(1 - safe)).mean()),
    )


def scaled_by_temperature(
    probability: np.ndarray, truth: np.ndarray, problem: np.ndarray, *, folds: int = 5
) -> tuple[np.ndarray, float]:
    """Probabilities rescaled by one temperature, each by a fit that never saw its problem.

    logit p is divided by the temperature with the least log loss on the other folds.

    Parameters
    ----------
    probability, truth, problem : array
        (labels,) as for ``calibration``.
    folds : int
        How many parts the problems are divided into, in order of appearance.

    Returns
    -------
    tuple
        The rescaled probabilities, and the temperature of the fit to all labels.

    Raises
    ------
    UserError
        For fewer problems than folds.
    """
    import pandas as pd
    from scipy import optimize

    p, y = np.clip(np.asarray(probability, float), 1e-6, 1 - 1e-6), np.asarray(truth, float)
    owner, names = codes_by_name(pd.Series(problem), "problem")
    if len(names) < folds:
        raise UserError(f"{folds} folds need as many problems, got {len(names)}")
    logit = np.log(p / (1 - p))

    def fitted(mine: np.ndarray) -> float:
        def loss(log_temperature: float) -> float:
            z = logit[mine] / np.exp(log_temperature)
            return float((np.logaddexp(0, z) - y[mine] * z).mean())

        found = optimize.minimize_scalar(loss, bounds=(-4, 4), method="bounded")
        return float(np.exp(found.x))

    out = np.empty_like(p)
    for fold in range(folds):
        held = owner % folds == fold
        out[held] = 1 / (1 + np.exp(-logit[held] / fitted(~held)))
    return out, fitted(np.ones(p.size, dtype=bool))
