"""Best-of-N curves: accuracy against N, calls, or tokens, and over the paper's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pairjudge_lab.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    RED,
    SKY,
    lab_style,
    new_figure,
    short,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

LOOKS = (
    (BLUE, "o", "-"),
    (ORANGE, "s", "--"),
    (GREEN, "^", "-."),
    (PURPLE, "D", ":"),
    (RED, "v", "-"),
    (SKY, "P", "--"),
    (BLACK, "X", "-."),
    (GREY, "h", "-"),
)

AXES = {
    "n": "N, candidates",
    "calls": "judge calls a problem",
    "tokens": "tokens a problem: candidates (4 characters each) and judge",
}


class _Curve(Protocol):
    """What ``replay.curve`` returns, as far as a picture looks at it."""

    @property
    def problems(self) -> Sequence[str]: ...

    @property
    def selectors(self) -> list[str]: ...

    def of(self, selector: str) -> list[Any]: ...


def plot_curve(
    curve: _Curve,
    *,
    against: str = "n",
    expected: Sequence[tuple[int, float]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy of each selector with its 95 % interval over problems, on a logarithmic axis.

    Parameters
    ----------
    curve
        What ``replay.curve`` returned.
    against : str
        ``n``, ``calls`` or ``tokens``. A selector that costs nothing is a line across the whole
        picture at its largest N when drawn against calls.
    expected : sequence of tuple or None
        (N, accuracy) pairs to compare with, drawn dotted, such as those of
        ``replay.independent.independent_curve``.
    """
    if against not in AXES:
        raise ValueError(f"against is one of {', '.join(AXES)}; got {against!r}")
    with lab_style():
        if ax is None:
            ax = new_figure(6.6, 4.2).subplots()
        ends = []
        for place, name in enumerate(curve.selectors):
            colour, marker, dash = LOOKS[place % len(LOOKS)]
            points = curve.of(name)
            x = [_cost(point, against) for point in points]
            y = [100 * point.accuracy.estimate for point in points]
            low = [100 * point.accuracy.low for point in points]
            high = [100 * point.accuracy.high for point in points]
            if against == "calls" and not any(x):
                ax.axhline(
                    y[-1], color=colour, ls=dash, lw=1.4, label=f"{short(name, 40)}, no calls"
                )
                continue
            shown = [i for i, cost in enumerate(x) if cost > 0]
            ax.plot(
                [x[i] for i in shown],
                [y[i] for i in shown],
                color=colour,
                marker=marker,
                ls=dash,
                ms=5,
                lw=1.8,
                label=short(name, 40),
            )
            ax.fill_between(
                [x[i] for i in shown],
                [low[i] for i in shown],
                [high[i] for i in shown],
                color=colour,
                alpha=0.12,
                lw=0,
            )
            ends.append((y[-1], name))
        if expected is not None:
            ax.plot(
                [n for n, _ in expected],
                [100 * value for _, value in expected],
                color=BLACK,
                ls=":",
                lw=1.6,
                label="knockout, independent matches",
            )
        ax.set_xscale("log", base=2)
        if against == "n":
            ticks = sorted({point.n for name in curve.selectors for point in curve.of(name)})
            ax.set_xticks(ticks, [str(n) for n in ticks])
        else:
            ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.minorticks_off()
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel(AXES[against])
        ax.set_ylabel(f"accuracy, per cent (95 % over {len(curve.problems)} problems)")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return ax


def _cost(point: Any, against: str) -> float:
    if against == "n":
        return float(point.n)
    if against == "calls":
        return float(point.calls)
    return float(point.candidate_tokens + (point.judge_tokens or 0.0))


def plot_over_table(
    table: dict[str, dict[int, float]],
    runs: dict[str, Any],
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Lay one's own run over a published table.

    Parameters
    ----------
    table : mapping
        By method, published accuracy in per cent by N. Published figures have no intervals.
    runs : mapping
        By name, a list of points (``Curve.of``), drawn with their intervals.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.8, 4.4).subplots()
        for name, row in table.items():
            told = name.startswith(("PairJudge", "Majority"))
            ax.plot(
                list(row),
                list(row.values()),
                color=BLACK if told else GREY,
                lw=1.8 if told else 0.9,
                ls="-" if name.startswith("PairJudge") else "--" if told else "-",
                alpha=1 if told else 0.6,
                marker="o" if told else None,
                ms=4,
                label=short(name, 40) if told else None,
            )
        if any(not name.startswith(("PairJudge", "Majority")) for name in table):
            ax.plot([], [], color=GREY, lw=0.9, label="other reward models (paper)")
        for place, (name, points) in enumerate(runs.items()):
            colour, marker, dash = LOOKS[place % len(LOOKS)]
            y = np.array([100 * p.accuracy.estimate for p in points])
            low = np.array([100 * p.accuracy.low for p in points])
            high = np.array([100 * p.accuracy.high for p in points])
            ax.errorbar(
                [p.n for p in points],
                y,
                yerr=[y - low, high - y],
                color=colour,
                marker=marker,
                ls=dash,
                capsize=3,
                label=f"{short(name, 40)} (own run)",
            )
        sizes = {n for row in table.values() for n in row}
        sizes |= {point.n for points in runs.values() for point in points}
        ticks = sorted(sizes)
        ax.set_xscale("log", base=2)
        ax.set_xticks(ticks, [str(n) for n in ticks])
        ax.minorticks_off()
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel("N, candidates")
        ax.set_ylabel("accuracy, per cent")
        ax.set_title(short(title, 80))
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8.5)
    return ax
