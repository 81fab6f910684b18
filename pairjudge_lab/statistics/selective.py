"""The threshold from which a judge's verdicts may be trusted, with a guarantee on its agreement.

Fixed-sequence testing (Jung, Brahman and Choi, ICLR 2025, arXiv 2407.18370): thresholds are tested
from the strictest down, each at the full level, until one fails; the last that passed is taken.
Whatever the number of thresholds, the chance that the chosen one breaks the promise is then at most
``error``, as long as their order was fixed before the calibration data were looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result

if TYPE_CHECKING:
    import pandas as pd

THRESHOLDS = (0.999, 0.99, 0.98, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5)
"""Tested where no others are given."""

UNITS = {
    "problem": "problems are drawn independently and alike, and new ones as they are; within a "
    "problem verdicts may depend on each other in any way",
    "verdict": "verdicts are drawn independently of each other, which those of one problem "
    "are not: use it with one verdict a problem",
}
"""By unit of independence, what the guarantee assumes."""

_STAKES = (0.5, 0.75, 0.95)
"""Of the most that may be staked on a problem; the evidence is averaged over them."""


@dataclass(frozen=True, slots=True)
class TestedThreshold:
    """One threshold on the calibration data.

    Attributes
    ----------
    threshold : float
    problems, verdicts : int
        With a verdict that is at least so sure, and how many these are.
    disagreements : int
        Of these verdicts.
    risk : float
        Share of disagreement: mean over problems of each one's share, or over verdicts, by the
        unit; NaN where there is no verdict.
    p : float
        Of the hypothesis that the risk is above what is allowed.
    passed : bool
    """

    threshold: float
    problems: int
    verdicts: int
    disagreements: int
    risk: float
    p: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Guarantee(Result):
    """A threshold, and what is promised of it.

    Attributes
    ----------
    threshold : float or None
        The lowest that passed; None where not even the strictest did.
    risk : float
        The most disagreement that is allowed.
    error : float
        The chance, over calibration sets, that the promise does not hold.
    unit : str
        ``problem`` or ``verdict``.
    problems : int
        With verdicts whose agreement is known.
    unknown : int
        Verdicts left out, since their agreement is not known.
    tested : tuple of TestedThreshold
        In their order; after the first that failed there are none.
    """

    picture: ClassVar[tuple[str, str]] = ("threshold", "plot_threshold")

    threshold: float | None
    risk: float
    error: float
    unit: str
    problems: int
    unknown: int
    tested: tuple[TestedThreshold, ...]

    @property
    def assumes(self) -> str:
        """What the guarantee rests on."""
        return UNITS[self.unit]

    def to_frame(self) -> pd.DataFrame:
        """One line a threshold that was tested."""
        import pandas as pd

        return pd.DataFrame([asdict(one) for one in self.tested])

    def __str__(self) -> str:
        of = (
            "on average over problems, of the verdicts of a problem"
            if self.unit == "problem"
            else "of the verdicts"
        )
        if self.threshold is None:
            last = self.tested[-1]
            return (
                f"no threshold: at the strictest, {last.threshold:g}, {last.disagreements} of "
                f"{last.verdicts} verdicts on {last.problems} problems disagree, which does not "
                f"show that at most {100 * self.risk:g} % do (p = {last.p:.2g}, needed "
                f"{self.error:g})"
            )
        return (
            f"threshold {self.threshold:.6g}: {of} that are at least so sure, at most "
            f"{100 * self.risk:g} % disagree; true with probability {1 - self.error:g} or more "
            f"over calibration sets, if {self.assumes}"
        )


def choose_threshold(
    problems: Sequence[str] | np.ndarray,
    sure: Sequence[float] | np.ndarray,
    agrees: Sequence[float] | np.ndarray,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    risk: float = 0.1,
    error: float = 0.1,
    unit: str = "problem",
) -> Guarantee:
    """The lowest threshold at which the verdicts that are at least so sure agree often enough.

    Parameters
    ----------
    problems : sequence of str, shape (verdicts,)
    sure : sequence of float, shape (verdicts,)
        How sure each verdict is; NaN is never sure enough.
    agrees : sequence of float, shape (verdicts,)
        1, 0, or NaN where it is not known: those are left out and counted.
    thresholds : sequence of float
        Chosen without these data: as they are here, or by ``thresholds_of`` from the problems that
        the guarantee is for. Tested from the highest down.
    risk : float
        The most disagreement that is allowed.
    error : float
        The chance of breaking the promise.
    unit : str
        ``problem``: the risk is the mean, over problems with such a verdict, of the share of these
        that disagree. The test is of bounded means, by betting (Waudby-Smith and Ramdas 2024,
        arXiv 2010.09686): it holds for any dependence within a problem. ``verdict``: the share over
        all verdicts, with the exact binomial bound of the paper, which takes verdicts for
        independent.

    Raises
    ------
    UserError
        For shares outside 0 to 1, a unit of another name, no thresholds, or no verdict whose
        agreement is known.

    Examples
    --------
    Of 30 problems with a verdict each, none disagrees: (1 - 0.1) ** 30 is 0.04, below 0.1.

    >>> names = [str(i) for i in range(30)]
    >>> sure, agrees = [1.0] * 30, [1] * 30
    >>> choose_threshold(names, sure, agrees, thresholds=[0.9], unit="verdict").threshold
    0.9
    """
    if unit not in UNITS:
        raise UserError(f"the unit is {' or '.join(UNITS)}, not {unit!r}")
    for name, value in (("risk", risk), ("error", error)):
        if not 0 < value < 1:
            raise UserError(f"{name} is a share above 0 and below 1, got {value}")
    order = sorted(set(map(float, thresholds)), reverse=True)
    if not order:
        raise UserError("there are no thresholds to test; give at least one")
    names, how, said = (np.asarray(x) for x in (problems, sure, agrees))
    how, said = how.astype(float), said.astype(float)
    if not len(names) == len(how) == len(said):
        raise UserError(
            f"one problem, sureness and agreement a verdict; got {len(names)}, {len(how)}, "
            f"{len(said)}"
        )
    known = ~np.isnan(said)
    if not known.any():
        raise UserError("agreement is not known of a single verdict, so nothing can be promised")
    unknown = int((~known & ~np.isnan(how)).sum())
    names, how, said = names[known], how[known], said[known]
    _, place = np.unique(names, return_inverse=True)
    tested: list[TestedThreshold] = []
    chosen = None
    for threshold in order:
        one = _test(threshold, place, how, said, risk, error, unit)
        tested.append(one)
        if not one.passed:
            break
        chosen = threshold
    count = int(place.max()) + 1
    return Guarantee(chosen, risk, error, unit, count, unknown, tuple(tested))


def thresholds_of(
    problems: Sequence[str] | np.ndarray, sure: Sequence[float] | np.ndarray, count: int = 20
) -> list[float]:
    """Thresholds at even steps of a judge's own sureness, for ``choose_threshold``.

    The strictest is one that half of the problems have a verdict for, so that there is something to
    test it on; the last leaves all verdicts.

    Parameters
    ----------
    problems : sequence of str, shape (verdicts,)
    sure : sequence of float, shape (verdicts,)
        Of verdicts on problems that are not calibrated on, such as those that the guarantee is
        for: their agreement need not be known.
    count : int
        The most that are given.

    Raises
    ------
    UserError
        When no verdict is sure of anything.
    """
    how = np.asarray(sure, dtype=float)
    known = ~np.isnan(how)
    if not known.any():
        raise UserError("the first judge is not sure of a single verdict: it tells no probability")
    how = how[known]
    _, place = np.unique(np.asarray(problems)[known], return_inverse=True)
    most = np.full(int(place.max()) + 1, -np.inf)
    np.maximum.at(most, place, how)
    start = float(np.quantile(most, 0.5, method="lower"))
    below = how[how <= start]
    shares = 1 - np.arange(1, count) / (count - 1)
    steps = np.quantile(below, shares, method="lower")
    return sorted({start, *(float(step) for step in steps)}, reverse=True)


def betting_p(values: np.ndarray, mean: float) -> float:
    """The p value of the hypothesis that values between 0 and 1 have a mean of ``mean`` or more.

    Under it, the product over independent values x of 1 - b (x - mean) has an expectation of at
    most 1 for every b from 0 to 1 / (1 - mean), and so has the mean over several b; by Markov's
    inequality its reciprocal is a p value (Waudby-Smith and Ramdas 2024, arXiv 2010.09686).

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Independent of each other.
    mean : float
        Below 1.
    """
    stakes = np.array(_STAKES)[:, None] / (1 - mean)
    logs = np.log1p(-stakes * (np.asarray(values, dtype=float)[None] - mean)).sum(axis=1)
    return float(min(1.0, np.exp(np.log(len(_STAKES)) - np.logaddexp.reduce(logs))))


def _test(
    threshold: float,
    place: np.ndarray,
    sure: np.ndarray,
    agrees: np.ndarray,
    risk: float,
    error: float,
    unit: str,
) -> TestedThreshold:
    from scipy import stats

    mine = sure >= threshold
    count = np.bincount(place[mine])
    wrong = np.bincount(place[mine], 1 - agrees[mine])
    there = count > 0
    shares = wrong[there] / count[there]
    verdicts, disagreements = int(mine.sum()), round(float(wrong.sum()))
    if unit == "problem":
        p = betting_p(shares, risk)
        seen = float(shares.mean()) if len(shares) else float("nan")
    else:
        p = float(stats.binom.cdf(disagreements, verdicts, risk)) if verdicts else 1.0
        seen = disagreements / verdicts if verdicts else float("nan")
    return TestedThreshold(
        threshold, int(there.sum()), verdicts, disagreements, seen, p, p <= error
    )
