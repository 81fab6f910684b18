"""Always-valid monitoring: intervals that may be looked at after every problem.

An ordinary interval holds at one size of the study, fixed beforehand. Who looks after every problem
and stops at a good moment misses the truth far more often than promised. A confidence sequence
holds at all sizes at once, so that a study may stop whenever it has seen enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import pair_up
from pairjudge_lab.statistics.position_totals import position_totals

if TYPE_CHECKING:
    import pandas as pd

STEPS = 1000
"""Limits are multiples of 1 / STEPS of the range of the values, rounded outwards."""

_LARGEST_BET = 0.5
"""No bet loses more than this share of its capital on one problem."""

METHOD = "betting, always valid"


class Monitor:
    """The mean of one bounded value a problem, with limits that hold at every moment.

    Waudby-Smith and Ramdas (2024, J. R. Statist. Soc. B 86:1, arXiv 2010.09686): for every
    possible mean m a capital starts at 1 and bets on each next value lying above m, another on its
    lying below. If m is the true mean, neither ever reaches 1 / 0.025 with a probability above
    0.025 (Ville's inequality); every m where one does is refuted for good. The bets are their
    predictable plug-in ones. The limits are those that were refuted so far, whenever that was.

    The promise is about the mean over the problems that could be drawn: they come in random order.

    Parameters
    ----------
    low, high : float
        Between which all values lie.
    level : float
        The chance that the mean lies within the limits at all moments.
    """

    def __init__(self, *, low: float = 0.0, high: float = 1.0, level: float = 0.95) -> None:
        if not low < high:
            raise UserError(f"values lie between a lower and a higher bound, got {low} and {high}")
        if not 0 < level < 1:
            raise UserError(f"a level is between 0 and 1, such as 0.95; got {level}")
        self.level, self.low, self.high = level, low, high
        self.problems, self.skipped, self._total = 0, 0, 0.0
        self._below = _Side((), (1 - level) / 2)
        self._above = _Side((), (1 - level) / 2)

    def add(self, value: float, *, best: float | None = None) -> Estimate:
        """Take in the value of the next problem.

        Parameters
        ----------
        value : float
            NaN where nothing could be read: such a problem is counted in ``skipped`` and changes
            nothing.
        best : float or None
            Where the value is not known exactly, its largest; ``value`` is then its smallest. The
            lower limit follows the smallest values, the upper one the largest.

        Returns
        -------
        Estimate
            The mean so far (of the middle of both) with its limits.
        """
        top = value if best is None else best
        if isnan(value) or isnan(top):
            self.skipped += 1
            return self.estimate
        if not self.low <= value <= top <= self.high:
            raise UserError(
                f"problem {self.problems + self.skipped + 1}: a value lies between {self.low:g} "
                f"and {self.high:g}, got {value:g}" + ("" if best is None else f" to {best:g}")
            )
        width = self.high - self.low
        self._below.add(np.asarray((value - self.low) / width))
        self._above.add(np.asarray((self.high - top) / width))
        self.problems += 1
        self._total += (value + top) / 2
        return self.estimate

    @property
    def estimate(self) -> Estimate:
        """The mean so far with its limits; before the first problem only the bounds are known."""
        width = self.high - self.low
        return Estimate(
            self._total / self.problems if self.problems else nan,
            self.low + width * float(self._below.limit),
            self.high - width * float(self._above.limit),
            self.problems,
            METHOD,
            self.level,
        )


class _Side:
    """Capitals that bet on values above each possible mean; the largest mean refuted so far.

    The capital against m falls as m grows, so the refuted means are all those up to one.
    """

    def __init__(self, shape: tuple[int, ...], error: float, steps: int = STEPS) -> None:
        self.means = np.arange(1, steps + 1) / steps
        self.capital = np.zeros((*shape, steps))
        self.total, self.squares, self.limit = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.count, self.wanted = 0, -np.log(error)

    def add(self, value: np.ndarray) -> None:
        variance = (0.25 + self.squares) / (self.count + 1)
        self.count += 1
        bet = np.sqrt(2 * self.wanted / (variance * self.count * np.log(1 + self.count)))
        bets = np.minimum(bet[..., None], _LARGEST_BET / self.means)
        self.capital += np.log1p(bets * (value[..., None] - self.means))
        self.total = self.total + value
        middle = (0.5 + self.total) / (self.count + 1)
        self.squares = self.squares + np.square(value - middle)
        refuted = (self.capital >= self.wanted).sum(axis=-1)
        self.limit = np.maximum(self.limit, refuted / len(self.means))


def confidence_sequence(
    values: np.ndarray,
    *,
    low: float = 0.0,
    high: float = 1.0,
    level: float = 0.95,
    steps: int = STEPS,
) -> tuple[np.ndarray, np.ndarray]:
    """The limits of ``Monitor`` after each problem, of many studies at once.

    Parameters
    ----------
    values : array
        (..., problems) between ``low`` and ``high``, in the order in which they came.
    steps : int
        Limits are multiples of the ``steps``-th part of the range, rounded outwards.

    Returns
    -------
    tuple
        (..., problems) lower and upper limits.
    """
    scaled = (np.asarray(values, dtype=float) - low) / (high - low)
    if not np.all((scaled >= 0) & (scaled <= 1)):
        raise UserError(f"values lie between {low:g} and {high:g}; leave out what was not read")
    sides = [_Side(scaled.shape[:-1], (1 - level) / 2, steps) for _ in range(2)]
    limits = np.empty((2, *scaled.shape))
    for place in range(scaled.shape[-1]):
        for limit, side, sign in zip(limits, sides, (scaled, 1 - scaled), strict=True):
            side.add(sign[..., place])
            limit[..., place] = side.limit
    return low + (high - low) * limits[0], high - (high - low) * limits[1]


@dataclass(frozen=True, slots=True)
class StopWhen:
    """When a study has seen enough: any one of the conditions that are given.

    Attributes
    ----------
    width : float or None
        The limits are no further apart.
    excludes : float or None
        The limits leave out this value, such as 0 for "there is a position effect".
    within : tuple or None
        The limits lie inside these, such as -0.05 and 0.05 for "no effect that matters".
    problems : int or None
        The study has this many.
    """

    width: float | None = None
    excludes: float | None = None
    within: tuple[float, float] | None = None
    problems: int | None = None

    def __post_init__(self) -> None:
        given = (self.width, self.excludes, self.within, self.problems)
        if all(condition is None for condition in given):
            raise UserError("a rule to stop needs width=, excludes=, within= or problems=")

    def reason(self, found: Estimate) -> str | None:
        """Why a study may stop with this estimate, or None when it has to go on."""
        if self.excludes is not None and not found.low <= self.excludes <= found.high:
            return f"{self.excludes:g} is excluded"
        if self.within and self.within[0] <= found.low and found.high <= self.within[1]:
            return f"within {self.within[0]:g} and {self.within[1]:g}"
        if self.width is not None and found.high - found.low <= self.width + 1e-12:
            return f"no wider than {self.width:g}"
        if self.problems is not None and found.n >= self.problems:
            return f"{self.problems} problems"
        return None


@dataclass(frozen=True, slots=True)
class Monitored(Result):
    """One figure, watched from the first problem on.

    Attributes
    ----------
    name : str
        Of the figure.
    steps : tuple of Estimate
        The estimate after each problem that had a value.
    skipped : int
        Problems without one, because nothing of them could be read.
    unread : int
        Pairs, or verdicts on gold, that could not be read, within all problems.
    stopped : tuple or None
        After how many problems the rule was met, and why; None without, or if it never was.
    """

    picture: ClassVar[tuple[str, str]] = ("along", "plot_along")

    name: str
    steps: tuple[Estimate, ...] = field(repr=False)
    skipped: int
    unread: int
    stopped: tuple[int, str] | None

    def __str__(self) -> str:
        if not self.steps:
            return f"{self.name}: no problem has a value ({self.skipped} skipped)"
        end = f"; may stop after {self.stopped[0]}: {self.stopped[1]}" if self.stopped else ""
        gaps = f"; {self.unread} unread, {self.skipped} problems skipped" if self.unread else ""
        return f"{self.name}: {self.steps[-1]}{end}{gaps}"

    def to_frame(self) -> pd.DataFrame:
        """One line a problem: ``problems``, ``estimate``, ``low``, ``high``."""
        import pandas as pd

        return pd.DataFrame(
            {"problems": e.n, "estimate": e.estimate, "low": e.low, "high": e.high}
            for e in self.steps
        )


_FIGURES = {
    "consistency": ("consistent", None, "read", "pairs", 0.0),
    "position effect": ("lean_first", "lean_second", "read", "pairs", -1.0),
    "accuracy": ("right", None, "gold_read", "gold", 0.0),
}
"""By name: what counts for it and against it, of what is read, of how many, and its least."""


def monitor_judge(
    table: pd.DataFrame,
    *,
    figures: Sequence[str] = tuple(_FIGURES),
    stop: dict[str, StopWhen] | None = None,
    unread: str = "left out",
    level: float = 0.95,
) -> dict[str, Monitored]:
    """Consistency, position effect and accuracy of one judge, after every problem.

    Every problem counts alike, however many pairs it has. All figures asked for hold together at
    the level: each has its share of the error.

    Parameters
    ----------
    table : DataFrame
        Verdicts of one judge, problems in the order in which they were judged, which is a random
        one.
    figures : sequence of str
        Which of ``consistency``, ``position effect`` and ``accuracy``.
    stop : mapping or None
        By figure, when it has been seen well enough.
    unread : str
        ``left out``: a pair that was not read in both orders is in nothing (for accuracy a verdict
        that was not read); ``bounds``: limits hold whatever it would have been.
    level : float
        The chance that all limits of all figures hold at all moments.

    Raises
    ------
    UserError
        For several judges, a figure of another name, or a stopping rule for one that is not
        watched.
    """
    if "judge" in table and table["judge"].nunique() > 1:
        raise UserError("one judge is watched at a time: choose the rows of one")
    unknown = [name for name in figures if name not in _FIGURES]
    if unknown or not figures:
        raise UserError(f"figures are {', '.join(_FIGURES)}; got {', '.join(unknown) or 'none'}")
    if unread not in ("left out", "bounds"):
        raise UserError(f"what was not read is 'left out' or within 'bounds', not {unread!r}")
    rules = stop or {}
    stray = [name for name in rules if name not in figures]
    if stray:
        raise UserError(f"a rule to stop for {stray[0]!r}, which is not watched")
    (pairs,) = pair_up(table, None)
    totals = position_totals(pairs)
    out = {}
    for name in figures:
        plus, minus, read, asked, least = _FIGURES[name]
        signed = totals[plus] - (0 if minus is None else totals[minus])
        monitor = Monitor(low=least, level=1 - (1 - level) / len(figures))
        steps, stopped = [], None
        for got, known, whole in zip(signed, totals[read], totals[asked], strict=True):
            missing = whole - known
            if unread == "bounds" and whole:
                found = monitor.add(
                    (got + least * missing) / whole, best=min(1.0, (got + missing) / whole)
                )
            else:
                found = monitor.add(got / known if known else nan)
                if not known:
                    continue
            steps.append(found)
            if stopped is None and name in rules:
                reason = rules[name].reason(found)
                stopped = None if reason is None else (found.n, reason)
        out[name] = Monitored(
            name=name,
            steps=tuple(steps),
            skipped=monitor.skipped,
            unread=int(totals[asked].sum() - totals[read].sum()),
            stopped=stopped,
        )
    return out
