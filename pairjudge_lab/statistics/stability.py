"""Repetition stability: would the judge say the same again, and the same the other way round?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.renamed import renamed_attribute
from pairjudge_lab.results import Result
from pairjudge_lab.statistics.figures import RESAMPLES, Figures
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import FIRST, SECOND, UNREAD
from pairjudge_lab.statistics.totals import Totals
from pairjudge_lab.verdicts.codes import codes_of
from pairjudge_lab.verdicts.judges import only_judge
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Stability(Result):
    """Repetitions of ordered pairs, and what becomes of them when the order is swapped.

    Attributes
    ----------
    items : int
        Ordered pairs with at least two repetitions that were read; ``single`` had fewer and are
        left out; ``unread`` verdicts are left out.
    stability : Estimate
        Mean over ordered pairs of the largest count of one verdict / repetitions.
    per_item : array
        (items,) that share, for the picture.
    flips : Estimate
        Chance that one verdict of each order names different winners.
    noise : Estimate
        Chance that two repetitions of the same order do: what sampling alone does.
    excess : Estimate
        Flips - noise: half the squared distance between the two orders' chances of each winner, 0
        when the order changes nothing. It is no share of the flips that the order causes: an effect
        of 20 points everywhere comes out as 2 to 4 points here, because it is squared. Estimated
        without bias, it can come out below 0.
    position_effect : Estimate
        Of the same pairs, P(first favoured) - P(second favoured).
    pairs : int
        Unordered pairs with two repetitions read in both orders, from which these come.
    """

    picture: ClassVar[tuple[str, str]] = ("bias", "plot_flips")

    items: int
    single: int
    unread: int
    pairs: int
    stability: Estimate
    per_item: np.ndarray
    flips: Estimate
    noise: Estimate
    excess: Estimate
    position_effect: Estimate

    slot_effect = renamed_attribute("slot_effect", "position_effect")

    def to_frame(self) -> pd.DataFrame:
        """One line a figure: estimate, interval, problems."""
        from pairjudge_lab.statistics.intervals import estimates_frame

        return estimates_frame(
            {
                "stability": self.stability,
                "flips": self.flips,
                "noise": self.noise,
                "excess": self.excess,
                "position effect": self.position_effect,
            }
        )

    def __str__(self) -> str:
        lines = [f"{'per cent':53} {'estimate':>8}  95 % interval"]
        for name, e in (
            ("repetition stability", self.stability),
            ("flips when the order is swapped", self.flips),
            ("changes when the same is asked again (noise)", self.noise),
            ("flips beyond noise (squared distance of the orders)", self.excess),
            ("position effect, P(first) - P(second)", self.position_effect),
        ):
            lines.append(
                f"{name:53} {100 * e.estimate:8.1f}  [{100 * e.low:.1f}, {100 * e.high:.1f}]"
            )
        lines.append(
            f"{self.items} ordered pairs with two repetitions or more ({self.single} with fewer, "
            f"and "
            f"{self.unread} unread verdicts, left out); {self.pairs} pairs in both "
            f"orders. Intervals: {self.stability.method}."
        )
        return "\n".join(lines)

    def plotted(self) -> tuple[Any, ...]:
        return ({"judge": self},)


def stability(
    table: pd.DataFrame, *, method: str = "score", seed: int = 0, resamples: int = RESAMPLES
) -> Stability:
    """Repetition stability of one judge, and its flips set against sampling noise.

    Parameters
    ----------
    table : DataFrame
        The verdicts of one judge.
    method, resamples
        See ``figures.Figures``; ``seed`` is the bootstrap's.

    Raises
    ------
    UserError
        When no ordered pair has two repetitions that were read.
    """
    import pandas as pd

    only_judge(table, "repetition stability")
    table_kind(table)  # refuses labels and preferences together
    said = codes_of(table)
    read = said != UNREAD
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
            "no ordered pair has two repetitions that were read, so noise cannot be told from what "
            "the order does; judge with --repetitions 2 or more, at a temperature"
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts.max(axis=2) / total
        # Two different repetitions of one order agree with this chance (drawn without replacement).
        alike = (counts * (counts - 1)).sum(axis=2) / (total * (total - 1))
        across = (counts[:, 0] * counts[:, 1]).sum(axis=1) / (total[:, 0] * total[:, 1])
    both = enough.all(axis=1)
    flip, within = np.where(both, 1 - across, 0), np.where(both, 1 - alike.mean(axis=1), 0)
    # Of a pair, P(first favoured) - P(second favoured) over both orders: x is first in one of them.
    won = counts / np.maximum(total, 1)[:, :, None]
    lean = (won[:, 0, 0] - won[:, 0, 1] + won[:, 1, 1] - won[:, 1, 0]) / 2 * both
    totals = Totals.count(
        owner,
        len(problems),
        {
            "items": enough.sum(axis=1),
            "share": np.where(enough, share, 0).sum(axis=1),
            "share_squares": np.where(enough, np.square(share), 0).sum(axis=1),
            "pairs": both,
            "flips": flip,
            "flip_squares": np.square(flip),
            "noise": within,
            "noise_squares": np.square(within),
            "more": np.maximum(flip - within, 0),
            "fewer": np.maximum(within - flip, 0),
            "gap_squares": np.square(flip - within),
            "first": np.maximum(lean, 0),
            "second": np.maximum(-lean, 0),
            "lean_squares": np.square(lean),
        },
    )
    figures = Figures(totals, method=method, rng=np.random.default_rng(seed), resamples=resamples)
    return Stability(
        items=int(enough.sum()),
        single=int((total == 1).sum()),
        unread=int((~read).sum()),
        pairs=int(both.sum()),
        stability=figures.share("share", "items", squares="share_squares"),
        per_item=share[enough],
        flips=figures.share("flips", "pairs", squares="flip_squares"),
        noise=figures.share("noise", "pairs", squares="noise_squares"),
        excess=figures.difference("more", "fewer", "pairs", squares="gap_squares"),
        position_effect=figures.difference("first", "second", "pairs", squares="lean_squares"),
    )
