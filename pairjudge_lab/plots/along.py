"""A figure against a number that grows: samples, candidates or problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pairjudge_lab.plots.style import BLUE, GREY, ORANGE, PALE, lab_style, new_figure, short

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

VALUES = ("estimate", "accuracy", "fitted")
"""Columns that hold the figure, the first that is there."""
COUNTS = {"n": "N, samples or candidates", "k": "k, samples", "problems": "problems seen"}
"""Columns that hold the number, and what it is called."""


class _Tabled(Protocol):
    def to_frame(self) -> pd.DataFrame: ...


def plot_along(result: _Tabled, *, ax: Axes | None = None) -> Axes:
    """A curve over the first column of a result's table, with its limits as a band.

    A forecast (``forecast``) is dashed; measured points (``data``) are grey; a judge's own score of
    what it selects (``score``) has an axis on the right.

    Parameters
    ----------
    result
        Its table has a column of ``COUNTS`` first, one of ``VALUES``, and where it has limits
        ``low`` and ``high``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    frame = result.to_frame()
    count = str(frame.columns[0])
    value = next(name for name in VALUES if name in frame)
    x, y = frame[count].to_numpy(dtype=float), frame[value].to_numpy(dtype=float)
    seen = ~frame["forecast"].to_numpy(dtype=bool) if "forecast" in frame else x == x
    with lab_style():
        if ax is None:
            ax = new_figure(6.4, 4.0).subplots()
        if "low" in frame:
            low, high = (frame[name].to_numpy(dtype=float) for name in ("low", "high"))
            ax.fill_between(x, low, high, color=BLUE, alpha=0.15, lw=0)
        ax.plot(x, y, color=BLUE, ls="--" if not seen.all() else "-")
        ax.plot(x[seen], y[seen], color=BLUE, marker="o" if len(x) < 30 else None)
        if "data" in frame:
            ax.plot(x, frame["data"], "s", color=GREY, ms=5)
        if "score" in frame:
            right = ax.twinx()
            right.plot(x, frame["score"], color=ORANGE, ls=":", marker="^")
            right.set_ylabel("the judge's score of what it selects", color=ORANGE)
        if count != "problems":
            ax.set_xscale("log", base=2)
            ax.xaxis.set_major_formatter(lambda number, _: f"{number:g}")
            ax.minorticks_off()
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel(COUNTS[count])
        limits = ", with its limits" if "low" in frame else ""
        ax.set_ylabel(f"{short(getattr(result, 'name', value), 40)}{limits}")
    return ax
