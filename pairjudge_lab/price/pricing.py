"""The price of a bias: Best-of-N accuracy that one effect in a judge's verdicts costs.

The same subsets of the same problems are played twice, with the recorded verdicts and with one
effect taken out of them; the price is the difference, problem by problem.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pairjudge_lab.price.margins import Fit, Matches, collect, fit
from pairjudge_lab.price.removal import FITTED, pooled, without_fitted
from pairjudge_lab.records import Tournament, UserError
from pairjudge_lab.replay import Recording, curve
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import (
    FEWEST_PROBLEMS,
    Estimate,
    difference_interval,
    mean_interval,
)
from pairjudge_lab.tournaments import tournament

if TYPE_CHECKING:
    import pandas as pd

EFFECTS = {
    "position": "the fitted effect of being shown first, subtracted",
    "both orders": "both orders asked, and joined by the tournament's rule",
    "noise": "the repetitions of each verdict, joined by majority",
    "length": "the fitted effect of the difference in length, subtracted",
}
"""What can be taken out, and how."""


@dataclass(frozen=True, slots=True)
class Price(Result):
    """What one effect costs at one N.

    Attributes
    ----------
    effect : str
        A key of ``EFFECTS``.
    n : int
        The number of candidates.
    recorded : Estimate
        Accuracy with the recorded verdicts.
    without : Estimate
        Accuracy with the effect taken out.
    lost : Estimate
        Without minus recorded: positive where the effect costs accuracy. The interval is over
        problems, and includes the error of a fitted coefficient.
    per_problem : array
        (problems,) the differences.
    coefficient : Estimate or None
        The fitted coefficient with its interval, in log-odds: of being shown first, or of being e
        times as long; None where nothing is fitted.
    """

    picture: ClassVar[tuple[str, str]] = ("price", "plot_price")

    effect: str
    n: int
    recorded: Estimate
    without: Estimate
    lost: Estimate
    per_problem: np.ndarray
    coefficient: Estimate | None

    def to_frame(self) -> pd.DataFrame:
        """One line; see ``prices_frame``."""
        return prices_frame([self])

    def plotted(self) -> tuple[Any, ...]:
        return {self.effect: self.lost}, self.n


def price(
    recordings: Sequence[Recording],
    n: int,
    *,
    effects: Sequence[str] | None = None,
    by: Tournament | str = "knockout",
    margins: Sequence[np.ndarray] | None = None,
    subsets: int = 100,
    draws: int = 4,
    seed: int = 0,
) -> list[Price]:
    """What each effect costs in Best-of-N accuracy.

    Parameters
    ----------
    recordings : sequence of Recording
        Problems whose truth is known, with both orders recorded.
    n : int
        The number of candidates that play.
    effects : sequence of str or None
        Keys of ``EFFECTS``; by default all that the recordings allow (noise needs repetitions).
    by : Tournament or str
        The tournament, which shows one order of each match.
    margins : sequence of array or None
        For each recording (repetitions, n, n), the log-odds of calling the first correct minus
        those of the second. The verdicts are then read from them, before and after an effect is
        taken out, and not from the labels.
    subsets : int
        Subsets and brackets a problem.
    draws : int
        How often the margins are drawn where they are not known.
    seed : int
        Of the subsets, the brackets and the margins.

    Raises
    ------
    UserError
        For an effect that is not there or needs repetitions that were not recorded, or whatever
        ``collect`` and ``replay.curve`` refuse.

    References:
        McCullagh (1980), Regression models for ordinal data, JRSS B 42, 109-142.
    """
    repeated = min((len(r.codes) for r in recordings), default=0) > 1
    chosen = list(effects) if effects is not None else [
        e for e in EFFECTS if e != "noise" or repeated
    ]  # fmt: skip
    for effect in chosen:
        if effect not in EFFECTS:
            raise UserError(f"no effect {effect!r}; there are: {', '.join(EFFECTS)}")
        if effect == "noise" and not repeated:
            raise UserError(
                "the price of noise needs repetitions of the verdicts; record them at a "
                "temperature (--repetitions), or leave this effect out"
            )
    kind = tournament(by) if isinstance(by, str) else by
    matches = collect(recordings, margins)
    fitted = fit(matches)
    play = _Player(kind, n, subsets, seed)
    start = list(recordings)
    if margins is not None:
        nothing = np.zeros(len(matches.problem))
        start = without_fitted(recordings, matches, fitted.theta, None, nothing)
    once = [Recording(r.pool, r.codes[:1], r.kind) for r in start]
    base = play(once)
    return [
        _price(effect, play, base, start, recordings, matches, fitted, draws, seed)
        for effect in chosen
    ]


class _Player:
    """Plays recordings, always in the same subsets and with the same seeds."""

    def __init__(self, kind: Tournament, n: int, subsets: int, seed: int) -> None:
        self.kind, self.n, self.subsets, self.seed = kind, n, subsets, seed

    def __call__(self, recordings: Sequence[Recording], order: str | None = None) -> np.ndarray:
        """(problems,) the accuracy of each."""
        kind = self.kind
        if order is not None:
            # Every tournament keeps its rules under this name.
            held: Any = kind
            kind = replace(held, rules=replace(held.rules, order=order))
        found = curve(recordings, {"price": kind}, [self.n], subsets=self.subsets, seed=self.seed)
        if len(found.problems) < len(recordings):
            raise UserError(
                f"{len(recordings) - len(found.problems)} problems have fewer than {self.n} "
                "recorded candidates; choose a smaller N"
            )
        return found.points[0].per_problem


def _price(
    effect: str,
    play: _Player,
    base: np.ndarray,
    start: Sequence[Recording],
    recordings: Sequence[Recording],
    matches: Matches,
    fitted: Fit,
    draws: int,
    seed: int,
) -> Price:
    coefficient = None
    if effect in FITTED:
        once, first = _first_repetition(recordings, matches)
        rng = np.random.default_rng([seed, 7])
        # The margins of an observed recording need no draws.
        count = 1 if matches.margin is not None else draws
        chances = rng.random((count, len(first.problem)))

        def accuracy(theta: np.ndarray) -> np.ndarray:
            rounds = [play(without_fitted(once, first, theta, effect, u)) for u in chances]
            return np.asarray(np.mean(rounds, axis=0))

        after = accuracy(fitted.theta)
        slopes = _slopes(accuracy, fitted)
        change = after - base + fitted.influence @ slopes
        lost = _student(float((after - base).mean()), change)
        term = ("content", *FITTED).index(effect)
        coefficient = _student(
            float(fitted.theta[term]), fitted.theta[term] + fitted.influence[:, term]
        )
    else:
        if effect == "noise":
            after = play(pooled(start))
            rounds = [
                play([Recording(r.pool, r.codes[k : k + 1], r.kind) for r in start])
                for k in range(min(len(r.codes) for r in start))
            ]
            base = np.mean(rounds, axis=0)
        else:
            after = play([Recording(r.pool, r.codes[:1], r.kind) for r in start], "both")
        # Equal differences have no spread to measure.
        even = np.ptp(after - base) < 1e-12
        lost = (
            difference_interval(after, base)
            if even
            else _student(float((after - base).mean()), after - base)
        )
    return Price(
        effect,
        play.n,
        mean_interval(base.tolist()),
        mean_interval(after.tolist()),
        lost,
        after - base,
        coefficient,
    )


def _first_repetition(
    recordings: Sequence[Recording], matches: Matches
) -> tuple[list[Recording], Matches]:
    """What is played is the first repetition; the coefficients are of all."""
    keep = matches.place[:, 0] == 0
    first = Matches(
        matches.problem[keep],
        matches.place[keep],
        matches.features[keep],
        matches.side[keep],
        None if matches.margin is None else matches.margin[keep],
        matches.problems,
    )
    return [Recording(r.pool, r.codes[:1], r.kind) for r in recordings], first


def _slopes(accuracy: Callable[[np.ndarray], np.ndarray], fitted: Fit) -> np.ndarray:
    """How the mean accuracy moves with each coefficient, by differences."""
    theta = fitted.theta
    spread = np.sqrt(np.square(fitted.influence).sum(axis=0)) / len(fitted.influence)
    out = np.zeros(len(theta))
    for k, step in enumerate(spread):
        if step > 0:
            shift = np.eye(len(theta))[k] * step
            up, down = accuracy(theta + shift), accuracy(theta - shift)
            out[k] = (up.mean() - down.mean()) / (2 * step)
    return out


def _student(estimate: float, values: np.ndarray, level: float = 0.95) -> Estimate:
    """Student's interval about an estimate, from one value a problem."""
    from scipy import stats

    n = len(values)
    if n < FEWEST_PROBLEMS:
        return Estimate(estimate, float("nan"), float("nan"), n, "Student", level)
    reach = float(stats.t.ppf(0.5 + level / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return Estimate(estimate, estimate - reach, estimate + reach, n, "Student", level)


def prices_frame(prices: Sequence[Price]) -> pd.DataFrame:
    """One line an effect: accuracies, what is lost with its interval, and the coefficient."""
    import pandas as pd

    return pd.DataFrame(
        {
            "effect": p.effect,
            "n": p.n,
            "recorded": p.recorded.estimate,
            "without": p.without.estimate,
            "lost": p.lost.estimate,
            "low": p.lost.low,
            "high": p.lost.high,
            "coefficient": None if p.coefficient is None else p.coefficient.estimate,
            "problems": p.lost.n,
        }
        for p in prices
    )
