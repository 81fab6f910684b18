"""What to buy next: problems, candidates, the second order, votes, or another judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from pairjudge_lab.planner.measuring import MAJORITY, Configuration, Measured
from pairjudge_lab.statistics.intervals import Estimate, mean_interval, paired_difference

POWER = 0.8
"""The chance to see a gain with as many problems as are advised."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One thing that could be bought.

    Attributes
    ----------
    what : str
        ``candidates``, ``second order``, ``votes``, ``judge``, ``perfect judge`` or ``problems``.
    to : Configuration or None
        What would be played then.
    gain : Estimate or None
        In accuracy, over what the plan chose, problem by problem; its interval holds together with
        those of the other gains. None where accuracy is not what is bought.
    extra : float or None
        What it costs more a problem, in what the budget counts.
    measured : bool
        Whether the pilot has played it; otherwise the gain is that of the last step.
    problems : int or None
        Problems on which a gain of this size would be seen with probability 0.8; None where the
        pilot shows none.
    words : str
        All that in a sentence.
    """

    what: str
    to: Configuration | None
    gain: Estimate | None
    extra: float | None
    measured: bool
    problems: int | None
    words: str

    @property
    def clear(self) -> bool:
        """Whether the gain is measured and its interval lies above 0."""
        return self.measured and self.gain is not None and self.gain.low > 0

    def row(self) -> dict[str, Any]:
        """Plain values."""
        gain = self.gain
        return {
            "what": self.what,
            "to": None if self.to is None else str(self.to),
            "gain": None if gain is None else gain.estimate,
            "low": None if gain is None else gain.low,
            "high": None if gain is None else gain.high,
            "extra": self.extra,
            "measured": self.measured,
            "clear": self.clear,
            "problems": self.problems,
            "words": self.words,
        }


def what_to_buy(
    measured: Measured, chosen: int, cost: str, budget: float, *, level: float = 0.95
) -> tuple[Purchase, ...]:
    """What each purchase is worth over the chosen configuration, the clearest gains first.

    Parameters
    ----------
    measured : Measured
    chosen : int
        The place of the configuration that the plan chose.
    cost : str
        What the budget counts.
    budget : float
    level : float
        Of the intervals of all measured gains together.
    """
    base = measured.configurations[chosen]
    places = {c: i for i, c in enumerate(measured.configurations)}
    spent = measured.costs[cost].mean(axis=1)
    steps = list(_steps(base, measured))
    there = [(what, to) for what, to in steps if to in places]
    apart = 1 - (1 - level) / max(1, len(there))
    found = []
    for what, to in there:
        mine, own = measured.accuracy[places[to]], measured.accuracy[chosen]
        gain, _ = paired_difference(mine, own, level=apart)
        extra = float(spent[places[to]] - spent[chosen])
        needed = _problems(mine - own, apart)
        over = float(spent[places[to]]) - budget
        words = f"{_NAMES[what].format(to=to, judge=to.judge)}: {_gain(gain)}"
        words += f", for {_spent(extra, cost)}"
        words += f" ({_amount(over)} over the budget)" if over > 1e-9 else ""
        if gain.low <= 0 < gain.estimate and needed is not None:
            words += f"; not clear yet, some {needed:,} problems would show it"
        found.append(Purchase(what, to, gain, extra, True, needed, words + "."))
    found.sort(key=lambda p: (not p.clear, -(p.gain.estimate if p.gain else 0.0)))
    return (
        *found,
        *_beyond(base, measured, chosen, spent, cost),
        *_perfect(base, measured, chosen, level),
        _more_problems(measured, chosen, found, level),
    )


_NAMES = {
    "candidates": "more candidates ({to})",
    "second order": "the second order ({to})",
    "votes": "more votes ({to})",
    "judge": "the judge {judge} ({to})",
    "first judge": "a judge at all ({to})",
}


def _steps(base: Configuration, measured: Measured) -> Iterator[tuple[str, Configuration]]:
    """Each purchase with the configuration that it leads to, where the pilot has played it."""
    everything = measured.configurations
    larger = sorted({c.n for c in everything if c.n > base.n})
    if larger:
        yield "candidates", replace(base, n=larger[0])
    if base.tournament == MAJORITY:
        ranked = [
            c for c in everything
            if c.judge and (c.n, c.order, c.votes) == (base.n, "one", 1)
        ]  # fmt: skip
        places = {c: i for i, c in enumerate(everything)}
        yield from (
            ("first judge", to)
            for to in sorted(ranked, key=lambda c: measured.costs["calls"][places[c]].mean())[:1]
        )
        return
    if base.order == "one":
        yield "second order", replace(base, order="both")
    votes = sorted({c.votes for c in everything if c.judge == base.judge and c.votes > base.votes})
    if votes:
        yield "votes", replace(base, votes=votes[0])
    for judge in sorted({c.judge for c in everything} - {base.judge, ""}):
        yield "judge", replace(base, judge=judge)


def _beyond(
    base: Configuration, measured: Measured, chosen: int, spent: np.ndarray, cost: str
) -> Iterator[Purchase]:
    """Twice as many candidates as were recorded: nothing but what the last step gained."""
    if any(c.n > base.n for c in measured.configurations):
        return
    smaller = [
        i
        for i, c in enumerate(measured.configurations)
        if c.n < base.n and replace(c, n=base.n) == base
    ]
    if not smaller:
        return
    last = max(smaller, key=lambda i: measured.configurations[i].n)
    gain, _ = paired_difference(measured.accuracy[chosen], measured.accuracy[last])
    extra = float(spent[chosen] - spent[last])
    step = f"from {measured.configurations[last].n} to {base.n}"
    words = (
        f"more candidates than the {base.n} that were recorded: not measured; the step {step} "
        f"gave {_gain(gain)}, for {_spent(extra, cost)}, and steps get smaller."
    )
    yield Purchase("candidates", None, gain, None, False, None, words)


def _perfect(
    base: Configuration, measured: Measured, chosen: int, level: float
) -> Iterator[Purchase]:
    """The most that a judge which never errs could gain at this N."""
    gain, _ = paired_difference(measured.ceiling[base.n], measured.accuracy[chosen], level=level)
    words = (
        f"a stronger judge: at most {100 * gain.estimate:+.1f} points (up to "
        f"{100 * gain.high:+.1f}) with these {base.n} candidates, if it never erred"
    )
    others = {c.judge for c in measured.configurations} - {base.judge, ""}
    words += "." if others else "; judge the pilot with one to know what it is worth."
    yield Purchase("perfect judge", None, gain, None, False, None, words)


def _more_problems(
    measured: Measured, chosen: int, found: list[Purchase], level: float
) -> Purchase:
    """What more problems tell: the accuracy more closely, and gains that are not clear yet."""
    count = len(measured.problems)
    own = mean_interval(measured.accuracy[chosen], level=level)
    half = 100 * (own.high - own.low) / 2
    words = (
        f"more problems: accuracy stays, and is known more closely; {count} problems give plus or "
        f"minus {half:.1f} points, {4 * count} about {half / 2:.1f}"
    )
    unclear = [p.problems for p in found if not p.clear and p.problems is not None]
    needed = min(unclear, default=None)
    if not any(p.clear for p in found):
        words += "; no gain above is clear, so this comes first"
        if needed is not None:
            words += f": {needed:,} problems in all for the likeliest"
    return Purchase("problems", None, None, None, True, needed, words + ".")


def _problems(difference: np.ndarray, level: float) -> int | None:
    """Problems on which a mean difference as seen here is told from 0 with probability 0.8."""
    from scipy import stats

    mean, spread = float(difference.mean()), float(difference.std(ddof=1))
    if mean <= 1e-9 or spread == 0:
        return None
    reach = stats.norm.ppf(0.5 + level / 2) + stats.norm.ppf(POWER)
    return max(len(difference), ceil(float((reach * spread / mean) ** 2)))


def _gain(gain: Estimate) -> str:
    return f"{100 * gain.estimate:+.1f} points ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"


def _spent(extra: float, cost: str) -> str:
    unit = {"money": "dollars"}.get(cost, cost)
    return f"{_amount(abs(extra))} {'fewer' if extra < 0 else 'more'} {unit} a problem"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
