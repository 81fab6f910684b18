"""What each effect in a judge's verdicts costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pairjudge_lab.plots.style import BLACK, BLUE, lab_style, new_figure, short
from pairjudge_lab.statistics.intervals import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORDS = {
    "position": "position: fitted effect taken out",
    "both orders": "position: both orders asked",
    "noise": "noise: repetitions pooled",
    "length": "length: fitted effect taken out",
}


def plot_price(lost: Mapping[str, Estimate], n: int, *, ax: Axes | None = None) -> Axes:
    """Accuracy lost to each effect, with its interval; zero costs nothing.

    Parameters
    ----------
    lost : mapping
        By effect, the difference in accuracy without and with it.
    n : int
        The number of candidates.
    ax : Axes or None
        Where to draw; a new figure by default.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.8, 1.0 + 0.5 * len(lost)).subplots()
        for place, (_, value) in enumerate(reversed(list(lost.items()))):
            ax.plot(
                [100 * value.low, 100 * value.high], [place, place], color=BLUE, lw=3,
                solid_capstyle="butt",
            )  # fmt: skip
            ax.plot(100 * value.estimate, place, marker="D", ms=8, color=BLUE)
            ax.annotate(
                f"{round(100 * value.estimate, 1) + 0.0:+.1f}",
                (100 * value.estimate, place),
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
        names = [short(_WORDS.get(name, name), 40) for name in reversed(list(lost))]
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(-0.5, len(names) - 0.2)
        ax.axvline(0, color=BLACK, lw=0.8)
        problems = next(iter(lost.values())).n
        ax.set_xlabel(
            f"accuracy lost, points, best of {n} (95 % interval over {problems} problems)"
        )
        ax.grid(axis="x", color="#DDDDDD", lw=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
    return ax
