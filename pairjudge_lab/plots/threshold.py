"""Thresholds tested on calibration data, and the disagreement that is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairjudge_lab.plots.style import BLUE, GREY, PALE, RED, lab_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pairjudge_lab.statistics.selective import Guarantee


def plot_threshold(result: Guarantee, *, ax: Axes | None = None) -> Axes:
    """Disagreement among verdicts at least so sure, by threshold; filled where it passed.

    Parameters
    ----------
    result : Guarantee
        Of ``choose_threshold``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.0, 3.8).subplots()
        tested = result.tested
        ax.plot([t.threshold for t in tested], [t.risk for t in tested], color=GREY, lw=1)
        for one in tested:
            fill = "full" if one.passed else "none"
            ax.plot(one.threshold, one.risk, "o", color=BLUE, fillstyle=fill)
        ax.axhline(result.risk, color=RED, ls="--", lw=1)
        if result.threshold is not None:
            ax.axvline(result.threshold, color=GREY, lw=1, ls=":")
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel("threshold of how sure the judge is (filled: passed)")
        ax.set_ylabel(f"share that disagrees; allowed: {result.risk:g}")
    return ax
