"""What a judge said, counted: every outcome, and what could not be parsed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pairjudge_lab.plots.style import BLUE, GREY, lab_style, new_figure, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pairjudge_lab.verdicts.judged import JudgedPairs

PARSED = ("A", "B", "tie", "both", "neither")
OTHER = ("unparsed", "truncated", "failed")


def plot_outcomes(judged: JudgedPairs, *, ax: Axes | None = None) -> Axes:
    """A bar for each outcome that occurs; grey ones are no verdicts.

    Parameters
    ----------
    judged : JudgedPairs
        Of ``judge_pairs``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    counts = Counter(v.outcome if v.kind else v.status.value for v in judged.verdicts)
    names = [name for name in (*PARSED, *OTHER) if counts[name]]
    with lab_style():
        if ax is None:
            ax = new_figure(5.2, 3.4).subplots()
        bars = ax.bar(
            names,
            [counts[name] for name in names],
            color=[BLUE if name in PARSED else GREY for name in names],
        )
        ax.bar_label(bars)
        ax.set_ylabel(f"verdicts of {short(judged.judge, 40)}")
    return ax
