"""Accuracy against what was spent, one line a tournament."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pairjudge_lab.plots.scaling import LOOKS
from pairjudge_lab.plots.style import PALE, lab_style, new_figure, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

AXES = {
    "calls": "judge calls a problem",
    "tokens": "judge tokens a problem",
    "money": "price of the judge a problem",
}


class _Frontier(Protocol):
    """What ``replay.frontier`` returns, as far as a picture looks at it."""

    @property
    def problems(self) -> Sequence[str]: ...

    @property
    def n(self) -> int: ...

    @property
    def selectors(self) -> list[str]: ...

    def of(self, selector: str) -> list[Any]: ...


def plot_frontier(frontier: _Frontier, *, cost: str = "calls", ax: Axes | None = None) -> Axes:
    """Accuracy of every tournament under every budget, with 95 % intervals over problems.

    Parameters
    ----------
    frontier
        What ``replay.frontier`` returned.
    cost : str
        ``calls``, ``tokens`` or ``money``.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.6, 4.2).subplots()
        for place, name in enumerate(frontier.selectors):
            colour, marker, dash = LOOKS[place % len(LOOKS)]
            points = [point for point in frontier.of(name) if point.costs[cost] > 0]
            x = [point.costs[cost] for point in points]
            y = [100 * point.accuracy.estimate for point in points]
            low = [100 * point.accuracy.low for point in points]
            high = [100 * point.accuracy.high for point in points]
            ax.plot(x, y, color=colour, marker=marker, ls=dash, ms=5, lw=1.8, label=short(name, 40))
            ax.fill_between(x, low, high, color=colour, alpha=0.1, lw=0)
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.minorticks_off()
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel(AXES[cost])
        ax.set_ylabel(f"accuracy, per cent (95 % over {len(frontier.problems)} problems)")
        ax.set_title(f"Best of {frontier.n} at equal cost")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return ax
