"""Curves: accuracy and cost of selectors at every N, with intervals, from recorded verdicts.

All selectors are given the same subsets of the same candidates of the same problems, so they can be
compared problem by problem. What has a closed form is not sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pairjudge_lab.records import Pool, UserError
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.replay.selecting import (
    Plan,
    check_plan,
    each_problem,
    plan_named,
    votes_by_answer,
)
from pairjudge_lab.replay.selecting import values as values_of
from pairjudge_lab.replay.sizes import usual_sizes
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import Estimate, mean_interval, paired_difference

if TYPE_CHECKING:
    import pandas as pd

_MOST_SUBSETS = 200_000


@dataclass(frozen=True, slots=True)
class Point:
    """One selector at one N.

    Attributes
    ----------
    accuracy : Estimate
        Over problems, each with the mean of its subsets and brackets. Its interval says how sure
        the mean over such problems is.
    per_problem : array
        (problems,) those means, in the order of the curve's problems.
    monte_carlo : float
        Standard error that sampling subsets and brackets leaves in the accuracy; 0 for closed
        forms. It is no part of the uncertainty over problems, and shrinks with ``subsets``.
    calls : float
        Mean judge calls a problem; tokens and seconds are calls times the mean of the problem's
        recorded verdicts, None where they were not recorded.
    candidate_tokens : float
        Of the N candidates, as counted when they were sampled here; otherwise an estimate, at four
        characters a token.
    """

    selector: str
    n: int
    accuracy: Estimate
    per_problem: np.ndarray
    monte_carlo: float
    subsets: int
    calls: float
    judge_tokens: float | None
    judge_seconds: float | None
    candidate_tokens: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two selectors at one N, problem by problem: first minus second."""

    first: str
    second: str
    n: int
    difference: Estimate
    p: float
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class Curve(Result):
    """Every selector at every N, on the same problems.

    ``left_out`` says how many problems were not used, by reason.
    """

    picture: ClassVar[tuple[str, str]] = ("scaling", "plot_curve")

    points: tuple[Point, ...]
    problems: tuple[str, ...]
    candidates: int
    left_out: dict[str, int]
    seed: int

    def of(self, selector: str) -> list[Point]:
        """One selector's points, by N."""
        return [point for point in self.points if point.selector == selector]

    @property
    def selectors(self) -> list[str]:
        return list(dict.fromkeys(point.selector for point in self.points))

    def compare(self, against: str | None = None) -> list[Comparison]:
        """Paired differences at every N, with p values adjusted over all of them.

        Interval and p are of one test (``intervals.paired_difference``); p is adjusted after
        Benjamini and Hochberg. With fewer than six problems there is neither.

        Parameters
        ----------
        against : str or None
            The selector that all others are compared with; without it all pairs are.
        """
        from itertools import combinations

        from statsmodels.stats.multitest import multipletests

        by = {(p.selector, p.n): p for p in self.points}
        sizes = sorted({p.n for p in self.points})
        names = self.selectors
        if against is not None and against not in names:
            raise UserError(f"no selector {against!r} in the curve; it has {', '.join(names)}")
        pairs = (
            combinations(names, 2)
            if against is None
            else ((name, against) for name in names if name != against)
        )
        found = []
        for one, other in pairs:
            for n in sizes:
                x, y = by[one, n].per_problem, by[other, n].per_problem
                found.append((one, other, n, *paired_difference(x, y)))
        p = np.array([row[-1] for row in found])
        adjusted = p
        if found and not np.isnan(p).any():
            adjusted = multipletests(p, method="fdr_bh")[1]
        return [Comparison(*row, float(q)) for row, q in zip(found, adjusted, strict=True)]

    def to_frame(self) -> pd.DataFrame:
        """One line a selector and N: accuracy with its interval, calls, tokens, sampling error."""
        import pandas as pd

        return pd.DataFrame(
            {
                "selector": p.selector,
                "n": p.n,
                "accuracy": p.accuracy.estimate,
                "low": p.accuracy.low,
                "high": p.accuracy.high,
                "calls": p.calls,
                "judge_tokens": p.judge_tokens,
                "judge_seconds": p.judge_seconds,
                "candidate_tokens": p.candidate_tokens,
                "monte_carlo_error": p.monte_carlo,
                "subsets": p.subsets,
                "problems": len(self.problems),
            }
            for p in self.points
        )

    def differences(self, against: str | None = None) -> pd.DataFrame:
        """``compare`` as one line a comparison: difference with its interval, and both p."""
        import pandas as pd

        return pd.DataFrame(
            {
                "first": c.first,
                "second": c.second,
                "n": c.n,
                "difference": c.difference.estimate,
                "low": c.difference.low,
                "high": c.difference.high,
                "p": c.p,
                "p_adjusted": c.p_adjusted,
            }
            for c in self.compare(against)
        )


def curve(
    recordings: Sequence[Recording | Pool],
    selectors: Sequence[str] | Mapping[str, Plan],
    sizes: Sequence[int] | None = None,
    *,
    subsets: int = 200,
    tolerance: float | None = None,
    seed: int = 0,
    left_out: dict[str, int] | None = None,
    costs: dict[str, tuple[float, float]] | None = None,
    progress: Callable[[], object] | None = None,
) -> Curve:
    """Measure every selector at every N.

    Problems whose truth is not known, or with fewer candidates than the largest N, are left out of
    the whole curve, so that all points are of the same problems.

    Parameters
    ----------
    recordings : sequence of Recording or Pool
        The problems; pools will do for selectors that ask no judge.
    selectors : sequence of str or mapping
        Names of ``UNJUDGED``, ``mean-verdict``, or a tournament, which may carry an order policy
        after a colon: ``knockout:both``; or tournaments under names of your own.
    sizes : sequence of int or None
        The values of N; without them those of ``usual_sizes``.
    subsets : int
        How many subsets (and brackets) a problem.
    tolerance : float or None
        Draw more until the Monte Carlo error is below this, up to 200,000 a problem.
    seed : int
        Of the subsets and brackets.
    left_out : mapping or None
        Problems that were left out before, by reason, to be carried along.
    costs : mapping or None
        By problem id, the mean tokens and seconds of a recorded verdict.
    progress : callable or None
        Called after each point.

    Raises
    ------
    UserError
        For a selector that is not there, or that needs verdicts, answers, or scores that were not
        given; for an N below 1; when no problem is left.

    Examples
    --------
    >>> from pairjudge_lab import curve, load_pools, prepare
    >>> pools = [prepare(pool.first(8)) for pool in load_pools("embedded", limit=10)]
    >>> found = curve(pools, ["pass", "majority"], [1, 4, 8], subsets=20)
    >>> len(found.points)
    6
    """
    judged = [without_verdicts([r])[0] if isinstance(r, Pool) else r for r in recordings]
    plans: dict[str, Plan] = (
        dict(selectors)
        if isinstance(selectors, Mapping)
        else {name: plan_named(name) for name in dict.fromkeys(selectors)}
    )
    known = [r for r in judged if all(c.correct is not None for c in r.pool.candidates)]
    sizes = sorted(set(usual_sizes(judged) if sizes is None else sizes))
    if not sizes or sizes[0] < 1:
        raise UserError(f"N is 1 or more, got {sizes[0] if sizes else 'none'}")
    if subsets < 1:
        raise UserError(f"subsets is at least 1, got {subsets}")
    out = dict(left_out or {})
    large = [r for r in known if len(r) >= sizes[-1]]
    for reason, count in (
        ("it is not known which candidates are right", len(judged) - len(known)),
        (f"fewer than {sizes[-1]} candidates", len(known) - len(large)),
    ):
        if count:
            out[reason] = out.get(reason, 0) + count
    if not large:
        most = max(map(len, known), default=0)
        raise UserError(
            f"no problem has {sizes[-1]} candidates whose truth is known (the largest has {most}); "
            "choose a smaller N" + _reasons(out)
        )
    voting = [name for name, plan in plans.items() if votes_by_answer(plan)]
    if voting and all(c.answer is None for r in large for c in r.pool.candidates):
        raise UserError(
            f"no candidate of any problem has a final answer, which {voting[0]} needs; the "
            "selectors pass and random need none"
        )
    for name, plan in plans.items():
        check_plan(name, plan, large[0])
    points = []
    for name, plan in plans.items():
        for n in sizes:
            points.append(_point(name, plan, large, n, subsets, tolerance, seed, costs))
            if progress is not None:
                progress()
    ids = tuple(r.pool.problem.id for r in large)
    return Curve(tuple(points), ids, max(map(len, large)), out, seed)


def without_verdicts(pools: Sequence[Pool]) -> list[Recording]:
    """Recordings of pools that no judge has seen: for selectors that ask none."""
    return [Recording(pool, np.empty((0, len(pool), len(pool)), dtype=np.int8)) for pool in pools]


def _point(
    name: str,
    plan: Plan,
    recordings: Sequence[Recording],
    n: int,
    subsets: int,
    tolerance: float | None,
    seed: int,
    costs: dict[str, tuple[float, float]] | None,
) -> Point:
    tokens: list[float] = []
    seconds: list[float] = []
    count = subsets
    while True:
        means: list[float] = []
        variances: list[float] = []
        calls: list[float] = []
        some = partial(values_of, name, plan, n=n, count=count, seed=seed)
        for values, spent in each_problem(some, recordings):
            means.append(float(values.mean()))
            calls.append(spent)
            sampled = len(values) > 1
            variances.append(float(values.var(ddof=1)) / len(values) if sampled else 0.0)
        error = float(np.sqrt(np.sum(variances))) / len(recordings)
        if tolerance is None or error <= tolerance or count >= _MOST_SUBSETS:
            break
        # The error falls as one over the root of the count.
        count = min(_MOST_SUBSETS, int(count * max(1.5, 1.1 * (error / tolerance) ** 2)) + 1)
    if costs is not None:
        for recording, spent in zip(recordings, calls, strict=True):
            token, second = costs[recording.pool.problem.id]
            tokens.append(spent * token)
            seconds.append(spent * second)
    written = [mean_tokens(r.pool) for r in recordings]
    judged = costs is not None or not any(calls)
    return Point(
        name,
        n,
        mean_interval(means),
        np.array(means),
        error,
        count,
        float(np.mean(calls)),
        (float(np.mean(tokens)) if tokens else 0.0) if judged else None,
        (float(np.mean(seconds)) if seconds else 0.0) if judged else None,
        float(np.mean(written)) * n,
    )


def mean_tokens(pool: Pool) -> float:
    """Tokens of a candidate: as counted where all were sampled here, else four characters each."""
    counted = [c.tokens for c in pool.candidates if c.tokens is not None]
    if len(counted) == len(pool):
        return float(np.mean(counted))
    return float(np.mean([len(c.text) for c in pool.candidates])) / 4


def _reasons(left_out: dict[str, int]) -> str:
    if not left_out:
        return ""
    return ". Left out: " + "; ".join(f"{count} ({why})" for why, count in left_out.items())
