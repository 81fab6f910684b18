"""Estimates with their intervals, whatever they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pairjudge_lab.plots.style import BLUE, GREY, lab_style, new_figure, short

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

VALUES = ("estimate", "difference", "lost", "mean")
"""Columns that hold the estimate, the first that is there."""


class _Tabled(Protocol):
    def to_frame(self) -> pd.DataFrame: ...


def plot_estimates(result: _Tabled, *, ax: Axes | None = None) -> Axes:
    """A line for each row of a result's table: its estimate with the 95 % interval.

    Parameters
    ----------
    result
        Its table has a column of ``VALUES`` and ``low`` and ``high``, or a standard error
        (``robust error`` where it is known, else ``error``); other texts name the row.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    frame = result.to_frame()
    value = next(name for name in VALUES if name in frame)
    estimate = frame[value].to_numpy(dtype=float)
    low, high = _limits(frame, estimate)
    ends = np.concatenate([estimate, low, high])
    finite = ends[np.isfinite(ends)]
    # A line to the edge of the picture stands for a limit without an end.
    edges = (np.min(finite, initial=0) - 1, np.max(finite, initial=0) + 1)
    open_ends = bool(np.isinf(ends).any())
    estimate, low, high = (np.clip(x, *edges) if open_ends else x for x in (estimate, low, high))
    named = [c for c in frame.columns if frame[c].map(lambda cell: isinstance(cell, str)).all()]
    named = [c for c in named if c != "method"]
    # Names of two judges stand beside each other, and leave the picture its place.
    most = 40 if len(named) < 2 else 30
    names = [", ".join(short(cell, most) for cell in row) for row in frame[named].to_numpy()]
    with lab_style():
        if ax is None:
            ax = new_figure(7.2, 1.1 + 0.32 * len(frame)).subplots()
        places = np.arange(len(frame))[::-1]
        ax.axvline(0, color=GREY, lw=1)
        ax.hlines(places, low, high, color=BLUE, lw=2)
        ax.plot(estimate, places, "o", color=BLUE, clip_on=False)
        ax.set_yticks(places, names)
        ax.set_ylim(-0.7, len(frame) - 0.3)
        if open_ends:
            ax.set_xlim(*edges)
        ax.set_xlabel(f"{value}, 95 % interval" + " (to the edge: no limit)" * open_ends)
    return ax


def _limits(frame: pd.DataFrame, estimate: Any) -> tuple[Any, Any]:
    if "low" in frame:
        return frame["low"].to_numpy(dtype=float), frame["high"].to_numpy(dtype=float)
    error = frame["error"].to_numpy(dtype=float)
    if "robust error" in frame:
        robust = frame["robust error"].to_numpy(dtype=float)
        error = np.where(np.isnan(robust), error, robust)
    return estimate - 1.96 * error, estimate + 1.96 * error
