"""Bias apart from noise: would the judge say the same again, and the same the other way round?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import CODES, FIRST, INVALID, SECOND
from pairjudge_lab.statistics.resampling import RESAMPLES, Resampled, ratio, totals_by

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Stability:
    """Repetitions of ordered pairs, and what becomes of them when the order is swapped.

    Attributes:
        items: ordered pairs with at least two readable repetitions; ``single`` had fewer and are
            left out; ``unread`` verdicts are left out.
        stability: mean over ordered pairs of the largest count of one verdict / repetitions.
        per_item: (items,) that share, for the picture.
        flips: chance that one verdict of each order names different winners.
        noise: chance that two repetitions of the same order do: what sampling alone does.
        bias: flips - noise, which is half the squared distance between the two orders' chances of
            each winner, so 0 when the order changes nothing; estimated without bias, it can come
            out below 0.
        pairs: unordered pairs with two readable repetitions in both orders, from which these come.
    """

    items: int
    single: int
    unread: int
    pairs: int
    stability: Estimate
    per_item: np.ndarray
    flips: Estimate
    noise: Estimate
    bias: Estimate

    def to_frame(self) -> pd.DataFrame:
        """One line a figure: estimate, interval, problems."""
        from pairjudge_lab.statistics.intervals import estimates_frame

        return estimates_frame(
            {
                "stability": self.stability,
                "flips": self.flips,
                "noise": self.noise,
                "bias": self.bias,
            }
        )

    def __str__(self) -> str:
        lines = [f"{'per cent':50} {'estimate':>8}  95 % interval"]
        for name, e in (
            ("repetition stability", self.stability),
            ("flips when the order is swapped", self.flips),
            ("  of that, sampling noise", self.noise),
            ("  of that, bias", self.bias),
        ):
            lines.append(
                f"{name:50} {100 * e.estimate:8.1f}  [{100 * e.low:.1f}, {100 * e.high:.1f}]"
            )
        lines.append(
            f"{self.items} ordered pairs with two repetitions or more ({self.single} with fewer, "
            f"and "
            f"{self.unread} verdicts that could not be read, left out); {self.pairs} pairs in both "
            "orders. Intervals: bootstrap over problems."
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def stability(table: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES) -> Stability:
    """Repetition stability of one judge, and its flips split into bias and noise.

    Raises:
        UserError: when no ordered pair has two readable repetitions.
    """
    import pandas as pd

    said = table["verdict"].map(CODES).to_numpy()
    read = said != INVALID
    frame = table.loc[read, ["problem_id", "response_a", "response_b"]].astype(str)
    if frame.empty:
        raise UserError(f"none of the {len(table)} verdicts could be read")
    problem, problems = pd.factorize(frame["problem_id"])
    a, b = frame["response_a"].to_numpy(), frame["response_b"].to_numpy()
    swapped = a > b
    low, high = np.where(swapped, b, a), np.where(swapped, a, b)
    pair = pd.factorize(pd.MultiIndex.from_arrays([problem, low, high]))[0]
    owner = np.zeros(pair.max() + 1, dtype=np.int64)
    owner[pair] = problem
    # By response, so that a verdict in either order is of the same kind: x, y, both, neither.
    kind = said[read]
    kind = np.where(
        swapped & (kind == FIRST), SECOND, np.where(swapped & (kind == SECOND), FIRST, kind)
    )
    counts = np.zeros((len(owner), 2, 4))
    np.add.at(counts, (pair, swapped.astype(int), kind), 1)
    total = counts.sum(axis=2)
    enough = total >= 2
    if not enough.any():
        raise UserError(
            "no ordered pair has two readable repetitions, so noise cannot be told from bias; "
            "judge "
            "with --repetitions 2 or more, at a temperature"
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts.max(axis=2) / total
        # Two different repetitions of one order agree with this chance (drawn without replacement).
        alike = (counts * (counts - 1)).sum(axis=2) / (total * (total - 1))
        across = (counts[:, 0] * counts[:, 1]).sum(axis=1) / (total[:, 0] * total[:, 1])
    both = enough.all(axis=1)
    columns = np.zeros((len(owner), 5))
    columns[:, 0], columns[:, 1] = np.where(enough, share, 0).sum(axis=1), enough.sum(axis=1)
    columns[both, 2] = 1
    columns[both, 3] = 1 - across[both]
    columns[both, 4] = 1 - alike[both].mean(axis=1)
    totals = totals_by(owner, columns, len(problems))
    drawn = Resampled(totals, np.random.default_rng(seed), resamples)
    return Stability(
        items=int(enough.sum()),
        single=int((total == 1).sum()),
        unread=int((~read).sum()),
        pairs=int(both.sum()),
        stability=drawn.estimate(ratio(0, 1), bounds=(0.0, 1.0)),
        per_item=share[enough],
        flips=drawn.estimate(ratio(3, 2), bounds=(0.0, 1.0)),
        noise=drawn.estimate(ratio(4, 2), bounds=(0.0, 1.0)),
        bias=drawn.estimate(lambda t: (t[..., 3] - t[..., 4]) / t[..., 2], bounds=(-1.0, 1.0)),
    )
