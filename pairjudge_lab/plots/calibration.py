"""A reliability diagram: how often labels came true, by the probability they were given with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    lab_style,
    new_figure,
    short,
)
from pairjudge_lab.statistics.calibration import Calibration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE)


def plot_calibration(results: Mapping[str, Calibration], *, ax: Axes | None = None) -> Axes:
    """Frequency against probability, a line a group, with 95 % intervals over problems.

    Parameters
    ----------
    results : mapping
        By name, such as the position that the labelled response had. The calibration error stands
        in the legend beside the one that exact probabilities would have.
    ax : Axes or None
        Where to draw; a new figure by default.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(4.8, 4.6).subplots()
        ax.plot([0, 1], [0, 1], color=GREY, lw=1)
        for place, (name, found) in enumerate(results.items()):
            colour = _COLOURS[place % len(_COLOURS)]
            # Groups stand a little apart, so that their intervals can be told from each other.
            x = [mean + 0.008 * (place - (len(results) - 1) / 2) for mean, _, _ in found.bins]
            y = [rate.estimate for _, rate, _ in found.bins]
            for at, (_, rate, _) in zip(x, found.bins, strict=True):
                if not np.isnan(rate.low):
                    ax.plot([at, at], [rate.low, rate.high], color=colour, lw=1.4)
            label = f"{short(name, 40)}: error {found.ece:.3f} (exact: {found.ece_chance:.3f})"
            ax.plot(x, y, "o-", color=colour, ms=5, lw=1.2, label=label)
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.02, 1.02)
        ax.set_aspect("equal")
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel("probability that a response is correct, by the judge")
        ax.set_ylabel("share that was correct (95 % interval)")
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8.5)
    return ax
