"""Accuracy of every selector with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pairjudge_lab.plots.style import BLUE, GREY, lab_style, new_figure, short
from pairjudge_lab.statistics.intervals import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORDS = {
    "first": "first candidate",
    "random": "mean candidate",
    "majority": "majority voting",
    "oracle": "oracle (pass@N)",
}


def plot_accuracies(
    accuracies: Mapping[str, Estimate], *, highlight: str, ax: Axes | None = None
) -> Axes:
    """Dots with interval bars, the lowest at the bottom.

    Parameters
    ----------
    accuracies : mapping
        Selector by selector.
    highlight : str
        The selector under study, drawn in colour; the rivals are grey.
    ax : Axes or None
        Where to draw; a new figure by default.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.4, 0.9 + 0.42 * len(accuracies)).subplots()
        order = sorted(accuracies, key=lambda name: accuracies[name].estimate)
        for place, name in enumerate(order):
            value = accuracies[name]
            own = name == highlight
            ax.plot(
                [100 * value.low, 100 * value.high],
                [place, place],
                color=BLUE if own else GREY,
                lw=3 if own else 2,
                solid_capstyle="butt",
            )
            ax.plot(
                100 * value.estimate,
                place,
                marker="D" if own else "o",
                ms=8 if own else 7,
                color=BLUE if own else "white",
                mec=BLUE if own else GREY,
                mew=2,
            )
            ax.annotate(
                f"{100 * value.estimate:.1f}",
                (100 * value.estimate, place),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                fontweight="bold" if own else "normal",
            )
        ax.set_yticks(range(len(order)), [short(_WORDS.get(name, name), 40) for name in order])
        ax.set_ylim(-0.5, len(order) - 0.3)
        n = next(iter(accuracies.values())).n
        ax.set_xlabel(f"accuracy, per cent (95 % interval over {n} problems)")
        ax.grid(axis="x", color="#DDDDDD", lw=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
    return ax
