"""Circular triples of a judge, against what coins would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.plots.style import BLUE, GREY, ORANGE, lab_style, new_figure, short
from pairjudge_lab.statistics.transitivity import Transitivity

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_triads(results: dict[str, Transitivity], *, ax: Axes | None = None) -> Axes:
    """Share of circular triples, one order asked and both; the dotted line is what coins give."""
    with lab_style():
        if ax is None:
            ax = new_figure(6.4, 1.3 + 0.5 * len(results)).subplots()
        for y, (name, found) in enumerate(results.items()):
            for shift, value, colour, label in (
                (0.14, found.one_order, ORANGE, "one order asked"),
                (-0.14, found.both_orders, BLUE, "winner in both orders"),
            ):
                height = -y + shift
                ax.plot(100 * value.estimate, height, "o", color=colour, label=None if y else label)
                if not np.isnan(value.low):
                    ax.plot([100 * value.low, 100 * value.high], [height] * 2, color=colour, lw=2)
            ax.annotate(
                short(name, 40),
                (-0.02, -y),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="center",
            )
        ax.axvline(25, color=GREY, ls=":", lw=1.2)
        ax.set_yticks([])
        ax.set_ylim(-len(results) + 0.5, 0.5)
        ax.set_xlim(left=-0.5)
        ax.set_xlabel("circular triples, per cent of those fully decided (95 % interval)")
        ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return ax
