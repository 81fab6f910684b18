"""Transitivity: does the judge contradict itself in circles?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pairjudge_lab.results import Result
from pairjudge_lab.statistics.intervals import Estimate, no_interval
from pairjudge_lab.verdicts.codes import codes_of
from pairjudge_lab.verdicts.judges import only_judge
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd


def circular_triads(wins: np.ndarray) -> int:
    """Triples i > j > k > i of strict wins: tr(A^3) / 3.

    In a complete tournament this is n(n-1)(2n-1)/12 - sum s_i^2 / 2; with ties or missing pairs,
    where that formula is wrong, it still counts the circles that are there.

    Parameters
    ----------
    wins : array
        (n, n), wins[i, j] is True where i beats j; never both ways.
    """
    a = np.asarray(wins, dtype=float)
    return round(float(np.trace(a @ a @ a)) / 3)


def decided_triples(wins: np.ndarray) -> int:
    """Triples in which all three pairs have a winner."""
    decided = np.asarray(wins, dtype=float)
    decided = decided + decided.T
    return round(float(np.trace(decided @ decided @ decided)) / 6)


def most_circular_triads(n: int) -> int:
    """The largest number of circular triads among n: (n^3 - n)/24, (n^3 - 4n)/24 for even n."""
    return (n**3 - (4 * n if n % 2 == 0 else n)) // 24


def zeta(wins: np.ndarray) -> float:
    """Kendall and Babington Smith's coefficient: 1 - d / largest d; 1 is no circle at all.

    NaN where a pair has no winner, or with fewer than three items.
    """
    n = len(wins)
    if n < 3 or decided_triples(wins) != comb(n, 3):
        return float("nan")
    return 1 - circular_triads(wins) / most_circular_triads(n)


@lru_cache
def triad_counts(n: int) -> tuple[int, ...]:
    """How many of the 2^(n(n-1)/2) tournaments of n have 0, 1, 2 ... circular triads; n up to 10.

    Raises
    ------
    ValueError
        For n outside 1 to 10.
    """
    if not 1 <= n <= 10:
        raise ValueError(f"exact tables are made for 1 to 10 items, got {n}")
    # Circles follow from the scores, so a state is the scores in order; one more item meets all.
    states: Counter[tuple[int, ...]] = Counter({(0,): 1})
    for size in range(1, n):
        grown: Counter[tuple[int, ...]] = Counter()
        for scores, ways in states.items():
            groups = Counter(scores)
            # Of each group of equal scores, some number beat the newcomer.
            partial: Counter[tuple[tuple[int, ...], int]] = Counter({((), 0): 1})
            for score, many in groups.items():
                longer: Counter[tuple[tuple[int, ...], int]] = Counter()
                for (so_far, beaten), count in partial.items():
                    for up in range(many + 1):
                        part = (score,) * (many - up) + (score + 1,) * up
                        longer[so_far + part, beaten + up] += count * comb(many, up)
                partial = longer
            for (new, up), count in partial.items():
                grown[tuple(sorted((*new, size - up)))] += ways * count
        states = grown
    out = [0] * (most_circular_triads(n) + 1)
    for scores, ways in states.items():
        out[(n * (n - 1) * (2 * n - 1) - 6 * sum(s * s for s in scores)) // 12] += ways
    return tuple(out)


def chance_of_fewer(n: int, triads: int) -> float:
    """P(circular triads <= this) were every pair decided by a coin; exact, n up to 10."""
    counts = triad_counts(n)
    return sum(counts[: triads + 1]) / sum(counts)


def slater_index(wins: np.ndarray) -> int:
    """The fewest pairs to turn round so that no circle is left; n up to 20.

    By dynamic programming over subsets: the cheapest order that puts a given set first.

    Raises
    ------
    ValueError
        For more than 20 items.
    """
    n = len(wins)
    if n > 20:
        raise ValueError(f"the exact Slater index is offered for up to 20 items, got {n}")
    beats = np.asarray(wins, dtype=bool)
    masks = [int(sum(1 << int(j) for j in np.flatnonzero(row))) for row in beats]
    subsets = np.arange(1 << n, dtype=np.int64)
    cost = np.full(1 << n, np.iinfo(np.int32).max, dtype=np.int64)
    cost[0] = 0
    sizes = np.bitwise_count(subsets)
    for size in range(n):
        here = subsets[sizes == size]
        for item in range(n):
            grow = here[(here >> item) & 1 == 0]
            # Whoever is in front of this item and was beaten by it is a pair turned round.
            turned = np.bitwise_count(grow & masks[item])
            np.minimum.at(cost, grow | (1 << item), cost[grow] + turned)
    return int(cost[-1])


def soft_nontransitivity(
    ab: float, bc: float, ac: float, *, base: float = np.e, clip: float = 1e-9
) -> float:
    """Soft deviation from transitivity of three win chances (arXiv 2502.14074), 0 when transitive.

    The mean over the three pairs of the Jensen-Shannon divergence between a chance and the one
    that the other two imply, phi_AB = sigmoid(s_AC - s_BC) with s = logit phi. The paper leaves
    the logarithm's base open; natural here unless told.

    Parameters
    ----------
    ab, bc, ac : float
        Chances that the first is preferred to the second; 0 and 1 are clipped.
    """
    phi = np.clip(np.array([ab, bc, ac], dtype=float), clip, 1 - clip)
    s = np.log(phi / (1 - phi))
    implied = 1 / (1 + np.exp(-np.array([s[2] - s[1], s[2] - s[0], s[0] + s[1]])))

    def entropy(p: np.ndarray) -> np.ndarray:
        p = np.clip(p, 1e-300, 1 - 1e-16)
        return np.asarray(-(p * np.log(p) + (1 - p) * np.log(1 - p)))

    divergence = entropy((phi + implied) / 2) - (entropy(phi) + entropy(implied)) / 2
    return float(divergence.mean() / np.log(base))


LEAST_SHARE = 0.01
"""Of all triples, the share that must have three winners for their circles to be reported."""


@dataclass(frozen=True, slots=True)
class Transitivity(Result):
    """Circles in a judge's verdicts, problem by problem.

    Attributes
    ----------
    both_orders : Estimate
        Share of fully decided triples that are circular, where a pair's winner must win in both
        orders (orders that disagree are no win). NaN where fewer than one triple in a hundred is
        fully decided, as with judges that call most responses alike.
    weak : Estimate
        Share of triples judged in both orders that break weak transitivity, where pairs without a
        winner are even; see ``weak_order.weak_triples``.
    one_order : Estimate
        As ``both_orders`` when each pair is judged in one order only, averaged over the two ways to
        show each of the three pairs.
    by_order_alone : float
        The part of ``one_order``'s circles that go when both orders are asked: 1 - both_orders /
        one_order. Negative when there are more.
    chance : float
        The share that coins would give, 1/4.
    triples, circular : int
        Counts behind ``both_orders``; ``undecided`` triples had a pair without a winner (tie,
        neither, orders that disagree, not read, not judged), and are left out.
    judged : int
        Triples with three pairs judged and read in both orders, behind ``weak``.
    zetas : mapping
        By problem, where every pair has a winner.
    """

    picture: ClassVar[tuple[str, str]] = ("triads", "plot_triads")

    both_orders: Estimate
    weak: Estimate
    one_order: Estimate
    by_order_alone: float
    chance: float
    triples: int
    circular: int
    undecided: int
    judged: int
    zetas: dict[str, float]

    def to_frame(self) -> pd.DataFrame:
        """One line a figure: estimate, interval, problems."""
        from pairjudge_lab.statistics.intervals import estimates_frame

        return estimates_frame(
            {"both orders": self.both_orders, "weak": self.weak, "one order": self.one_order}
        )

    def __str__(self) -> str:
        def said(e: Estimate) -> str:
            if not np.isnan(e.estimate):
                return f"{100 * e.estimate:.2f} % [{100 * e.low:.2f}, {100 * e.high:.2f}]"
            return "too few to say" if self.triples else "no triple has three winners"

        alone = "" if np.isnan(self.by_order_alone) else f"{100 * self.by_order_alone:.1f} %"
        return (
            f"triples that break weak transitivity:    {said(self.weak)} (of {self.judged})\n"
            f"circular triples, winner in both orders: {said(self.both_orders)} "
            f"({self.circular} of {self.triples}; {self.undecided} not fully decided, left out)\n"
            f"circular triples, one order asked:       {said(self.one_order)} (coins: 25 %)\n"
            f"share of the latter that order alone explains: {alone or 'not known'}\n"
            f"Intervals: {self.weak.method}."
        )

    def plotted(self) -> tuple[Any, ...]:
        return ({"judge": self},)


def transitivity(
    table: pd.DataFrame, *, method: str = "score", seed: int = 0, resamples: int = 2000
) -> Transitivity:
    """Circular triples of one judge, with both orders and with one.

    Repetitions of a pair are averaged: x wins an order where it has more wins than y in it.

    Parameters
    ----------
    table : DataFrame
        The verdicts of one judge.
    method, resamples
        See ``figures.Figures``; ``seed`` is the bootstrap's.
    """
    from pairjudge_lab.statistics.figures import Figures
    from pairjudge_lab.statistics.names import codes_by_name
    from pairjudge_lab.statistics.pairs import FIRST, SECOND, UNREAD
    from pairjudge_lab.statistics.totals import Totals
    from pairjudge_lab.statistics.weak_order import weak_triples

    only_judge(table, "transitivity")
    table_kind(table)  # refuses labels and preferences together
    said = codes_of(table)
    rows, zetas = [], {}
    problem, names = codes_by_name(table["problem_id"], "problem_id")
    a, b = table["response_a"].astype(str).to_numpy(), table["response_b"].astype(str).to_numpy()
    order = np.argsort(problem, kind="stable")
    for name, mine in zip(
        names, np.split(order, np.cumsum(np.bincount(problem))[:-1]), strict=True
    ):
        items, place = np.unique(np.concatenate([a[mine], b[mine]]), return_inverse=True)
        n, i, j = len(items), place[: len(mine)], place[len(mine) :]
        lead, read = np.zeros((n, n)), np.zeros((n, n), dtype=bool)
        np.add.at(lead, (i, j), (said[mine] == FIRST) * 1.0 - (said[mine] == SECOND))
        read[i, j] |= said[mine] != UNREAD
        # first[i, j]: with i shown first, i has more wins than j; second[i, j]: with j shown first.
        first, second = lead > 0, (lead < 0).T
        strict = first & second
        broken, judged = weak_triples(strict, read & read.T)
        one_circular, one_decided = _one_order(first, second)
        rows.append(
            {
                "circular": circular_triads(strict),
                "decided": decided_triples(strict),
                "one_circular": one_circular,
                "one_decided": one_decided,
                "broken": broken,
                "judged": judged,
                "all": comb(n, 3),
            }
        )
        zetas[str(name)] = zeta(strict)
    totals = Totals.of({key: np.array([row[key] for row in rows]) for key in rows[0]})
    figures = Figures(totals, method=method, rng=np.random.default_rng(seed), resamples=resamples)
    whole = totals.whole
    both, one = figures.share("circular", "decided"), figures.share("one_circular", "one_decided")
    if whole["decided"] < LEAST_SHARE * whole["all"]:
        both = no_interval(float("nan"), both.n)
    explained = 1 - both.estimate / one.estimate if one.estimate > 0 else float("nan")
    return Transitivity(
        both_orders=both,
        weak=figures.share("broken", "judged"),
        one_order=one,
        by_order_alone=float(explained),
        chance=0.25,
        triples=int(whole["decided"]),
        circular=int(whole["circular"]),
        undecided=int(whole["all"] - whole["decided"]),
        judged=int(whole["judged"]),
        zetas={name: value for name, value in zetas.items() if not np.isnan(value)},
    )


def _one_order(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Expected circular and decided triples when each pair's order is drawn by a coin.

    The three pairs of a triple are shown apart from each other, so with w = (first + second) / 2
    the expectations are traces of products.
    """
    w = (first.astype(float) + second) / 2
    decided = w + w.T
    return float(np.trace(w @ w @ w)) / 3, float(np.trace(decided @ decided @ decided)) / 6
