"""What figures could be, had every verdict been read: bounds, and intervals for them.

The bounds are sharp but for kappa's where pairs are unread in both orders: these are taken to go
the same way all, and going different ways they could move kappa a little further.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.agreement import cohen_kappa
from pairjudge_lab.statistics.figures import Figures
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import FIRST, SECOND, UNREAD, Pairs
from pairjudge_lab.statistics.position_totals import CELLS, UNREAD_WINNER
from pairjudge_lab.statistics.totals import Totals

Ends = tuple[float, float]
POLICIES = ("left out", "wrong")
"""What becomes of an unread verdict where figures say how good a judge is."""


def counts_against(policy: str) -> bool:
    """Whether what was not read counts against the judge.

    Raises
    ------
    UserError
        For a policy of another name.
    """
    if policy not in POLICIES:
        raise UserError(f"unread is {' or '.join(map(repr, POLICIES))}, not {policy!r}")
    return policy == "wrong"


@dataclass(frozen=True, slots=True)
class Unread:
    """What unread verdicts leave open.

    Attributes
    ----------
    bounds : mapping
        By figure, its value if they had all gone the lowest way, and the highest, given the half of
        each pair that was read. No narrower bounds hold for every judge; of ``kappa`` a value a
        little beyond them is possible where pairs are unread in both orders.
    intervals : mapping
        By figure, limits that hold its value had all been read with 95 % confidence, whatever the
        unread verdicts were (Imbens and Manski 2004).
    tipping : float
        The share of the unread verdicts that would have to favour the first position for the
        position effect to be 0; NaN where no share would do it.
    """

    bounds: dict[str, Ends]
    intervals: dict[str, Ends]
    tipping: float


def unread_bounds(
    pairs: Pairs, totals: Totals, *, weight: str = "pairs", level: float = 0.95
) -> Unread:
    """Bounds of consistency, position effect, order effect, kappa and, where known, accuracy."""
    worst, best = (_completed(pairs, totals, sign) for sign in (-1, 1))
    asked: dict[str, Callable[[Figures], Estimate]] = {
        "consistency": lambda f: f.share("consistent", "pairs"),
        "position_effect": lambda f: f.difference("plus", "minus", "pairs", squares="squares"),
        "order_effect": lambda f: f.order("full_first", "full_second", "half_first", "half_second"),
        "kappa": lambda f: f.kappa(CELLS),
    }
    if totals["gold"].sum():
        asked["accuracy"] = lambda f: f.share("right", "gold")
    bounds, intervals = {}, {}
    if not (pairs.x_first == UNREAD).any() and not (pairs.y_first == UNREAD).any():
        for name, figure in asked.items():
            found = figure(Figures(best, weight=weight, level=level))
            bounds[name] = (found.estimate, found.estimate)
            intervals[name] = (found.low, found.high)
        return Unread(bounds, intervals, float("nan"))
    for name, figure in asked.items():
        bounds[name], intervals[name] = _between(figure, worst, best, weight, level)
    first, second, open_ = (
        float(worst[name].sum()) for name in ("said_first", "said_second", "open")
    )
    tipping = 0.5 - (first - second) / 2 / open_ if open_ else float("nan")
    return Unread(bounds, intervals, tipping if 0 <= tipping <= 1 else float("nan"))


def _between(
    figure: Callable[[Figures], Estimate], worst: Totals, best: Totals, weight: str, level: float
) -> tuple[Ends, Ends]:
    """The bounds of one figure, and the interval for a value between them."""
    from scipy import optimize
    from scipy.special import ndtr, ndtri

    low, high = (figure(Figures(t, weight=weight, level=level)) for t in (worst, best))
    bounds = (low.estimate, high.estimate)
    z = float(ndtri(0.5 + level / 2))
    error = max(high.high - high.estimate, low.estimate - low.low) / z
    gap = high.estimate - low.estimate
    if not np.isfinite(gap) or not np.isfinite(error) or error <= 0:
        return bounds, (low.low, high.high)
    # Between two limits that are both far away, a value can only miss one of them.
    reach = optimize.brentq(lambda c: ndtr(c + gap / error) - ndtr(-c) - level, 0.0, 10.0)
    narrower = float(2 * ndtr(reach) - 1)
    ends = (figure(Figures(t, weight=weight, level=narrower)) for t in (worst, best))
    return bounds, (next(ends).low, next(ends).high)


def _completed(pairs: Pairs, totals: Totals, sign: int) -> Totals:
    """The totals with every unread verdict gone the lowest way for a figure (-1), or the highest.

    Each figure has columns of its own, for what is lowest for one is not for another.
    """
    said = np.stack([pairs.x_first, pairs.y_first])
    missing = said == UNREAD
    any_missing = missing.any(axis=0)
    # Half the verdicts' difference: what is known of it, and the rest as far as it can go.
    lean = ((said == FIRST) * 0.5 - (said == SECOND) * 0.5 + missing * sign * 0.5).sum(axis=0)
    known = (pairs.gold >= 0) & missing
    can_first = any_missing & (sign > 0) & ~(said == SECOND).any(axis=0)
    can_second = any_missing & (sign < 0) & ~(said == FIRST).any(axis=0)
    tied = any_missing & ((said == FIRST) | (said == SECOND) | missing).all(axis=0)
    added = Totals.count(
        pairs.problem,
        pairs.problems,
        {
            "plus": np.maximum(lean, 0),
            "minus": np.maximum(-lean, 0),
            "squares": np.square(lean),
            "consistent": any_missing * (sign > 0),
            "right": known.sum(axis=0) * (sign > 0),
            "full_first": can_first & tied,
            "half_first": can_first & ~tied,
            "full_second": can_second & tied,
            "half_second": can_second & ~tied,
            "said_first": (said == FIRST).sum(axis=0) * 1.0,
            "said_second": (said == SECOND).sum(axis=0) * 1.0,
            "open": missing.sum(axis=0),
        },
    )
    columns = {name: totals[name] for name in totals.names}
    for name in added.names:
        columns[name] = columns.get(name, 0.0) + added[name]
    columns |= _kappa_cells(pairs, totals, sign)
    return Totals.of(columns)


def _kappa_cells(pairs: Pairs, totals: Totals, sign: int) -> dict[str, np.ndarray]:
    """The nine cells with the unread verdicts where kappa is lowest or highest.

    Verdicts of one kind (x won in the order that was read, and so on) all go the same way: that
    is where a ratio of linear functions has its extremes. Only pairs unread in both orders could
    do still worse by going different ways.
    """
    x, y = pairs.winners
    # A kind is what is known of a pair: the winner in one of the orders, or of neither.
    unread = UNREAD_WINNER
    kinds = [(i, unread) for i in range(3)] + [(unread, j) for j in range(3)] + [(unread, unread)]
    there, options = [], []
    for one, other in kinds:
        mine = (x == one) & (y == other)
        if mine.any():
            there.append(np.bincount(pairs.problem[mine], minlength=pairs.problems))
            rows = range(3) if one == unread else (one,)
            columns = range(3) if other == unread else (other,)
            options.append([3 * i + j for i in rows for j in columns])
    cells = np.stack([totals[name] for name in CELLS], axis=-1)
    if not there:
        return dict(zip(CELLS, cells.T, strict=True))
    counts = np.array([mine.sum() for mine in there])
    choices = np.array(list(product(*options)))
    tables = np.tile(cells.sum(axis=0), (len(choices), 1))
    for k, count in enumerate(counts):
        tables[np.arange(len(choices)), choices[:, k]] += count
    kappa = np.nan_to_num(cohen_kappa(tables.reshape(-1, 3, 3)), nan=-sign)
    chosen = choices[int(np.argmax(sign * kappa))]
    for mine, cell in zip(there, chosen, strict=True):
        cells[:, cell] += mine
    return dict(zip(CELLS, cells.T, strict=True))
