"""A judge beside human annotators: who fits the others better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.plots.style import BLUE, GREY, ORANGE, PALE, lab_style, new_figure, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pairjudge_lab.statistics.annotators import AlternativeAnnotator


def plot_advantage(result: AlternativeAnnotator, *, ax: Axes | None = None) -> Axes:
    """By annotator left out, the share of items on which judge and annotator fit the others.

    A judge's marker is filled where it wins against that annotator.

    Parameters
    ----------
    result : AlternativeAnnotator
        Of ``alternative_annotator_test``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.4, 1.4 + 0.4 * len(result.rows)).subplots()
        for place, row in enumerate(reversed(result.rows)):
            ends = (row.annotator_as_good, row.judge_as_good)
            ax.hlines(place, min(ends), max(ends), color=GREY, lw=1.5)
            ax.plot(row.annotator_as_good, place, "s", color=ORANGE)
            ax.plot(
                row.judge_as_good,
                place,
                "o",
                color=BLUE,
                fillstyle="full" if row.judge_wins else "none",
            )
        ax.plot([], [], "o", color=BLUE, label="judge (filled: it wins)")
        ax.plot([], [], "s", color=ORANGE, label="annotator left out")
        names = [f"{short(row.annotator, 40)} ({row.items} items)" for row in reversed(result.rows)]
        ax.set_yticks(np.arange(len(names)), names)
        ax.set_ylim(-0.7, len(names) - 0.3)
        ax.grid(color=PALE, axis="x")
        ax.set_axisbelow(True)
        ax.set_xlabel("share of items that fit the other annotators at least as well")
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax
