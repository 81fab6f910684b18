"""Estimates with their intervals, whatever they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pairjudge_lab.plots.style import BLUE, GREY, lab_style, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

VALUES = ("estimate", "difference", "lost")
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
    named = [c for c in frame.columns if frame[c].map(lambda cell: isinstance(cell, str)).all()]
    names = [", ".join(row) for row in frame[[c for c in named if c != "method"]].to_numpy()]
    with lab_style():
        if ax is None:
            ax = new_figure(7.2, 1.1 + 0.32 * len(frame)).subplots()
        places = np.arange(len(frame))[::-1]
        ax.axvline(0, color=GREY, lw=1)
        ax.hlines(places, low, high, color=BLUE, lw=2)
        ax.plot(estimate, places, "o", color=BLUE)
        ax.set_yticks(places, names)
        ax.set_ylim(-0.7, len(frame) - 0.3)
        ax.set_xlabel(f"{value}, 95 % interval")
    return ax


def _limits(frame: pd.DataFrame, estimate: Any) -> tuple[Any, Any]:
    if "low" in frame:
        return frame["low"].to_numpy(dtype=float), frame["high"].to_numpy(dtype=float)
    robust = frame["robust error"].to_numpy(dtype=float)
    error = np.where(np.isnan(robust), frame["error"].to_numpy(dtype=float), robust)
    return estimate - 1.96 * error, estimate + 1.96 * error
