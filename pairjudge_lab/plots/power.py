"""The power of a study of position bias against its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.plots.style import BLUE, GREY, ORANGE, PALE, lab_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pairjudge_lab.statistics.power import Power


def plot_power(design: Power, *, ax: Axes | None = None) -> Axes:
    """The chance to see the design's effect, from a sixteenth of its pairs to four times as many.

    Parameters
    ----------
    design : Power
        Of ``pairs_needed``, ``power_of`` or ``smallest_effect``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    from pairjudge_lab.statistics.power import power_of

    sizes = np.unique(np.geomspace(max(2, design.pairs / 16), 4 * design.pairs, 60).astype(int))
    chances = [
        power_of(
            int(pairs),
            design.effect,
            design.changed,
            level=design.level,
            design_effect=design.design_effect,
        ).power
        for pairs in sizes
    ]
    with lab_style():
        if ax is None:
            ax = new_figure(6.0, 3.8).subplots()
        ax.plot(sizes, chances, color=BLUE)
        ax.plot(design.pairs, design.power, "o", color=ORANGE, ms=8)
        ax.axhline(design.power, color=GREY, lw=1, ls=":")
        ax.set_xscale("log")
        ax.set_ylim(0, 1.02)
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel("pairs, each judged in both orders")
        ax.set_ylabel(f"chance to see {100 * design.effect:.1f} points at {design.level:g}")
    return ax
