"""Pictures of position bias: a forest of judges, one judge's pairs, flips, repetitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    RED,
    lab_style,
    new_figure,
    short,
)
from pairjudge_lab.renamed import warn_renamed
from pairjudge_lab.statistics.bias_table import BiasReport
from pairjudge_lab.statistics.position_bias import PositionBias
from pairjudge_lab.statistics.stability import Stability

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_bias(report: BiasReport, *, ax: Axes | None = None) -> Axes:
    """A forest plot: each judge's position effect with its interval, in points, the largest on top.

    A filled mark is significant at 5 % after adjusting for the number of judges. A thin line shows
    where the effect could lie had every verdict been read. With a margin, the range that counts as
    no effect is shaded, and a square mark is an effect shown to lie in it. To the right stands the
    share of pairs with the same winner in both orders.
    """
    rows = sorted(report.rows, key=lambda row: row.position_effect.estimate)
    with lab_style():
        if ax is None:
            ax = new_figure(7.2, 1.1 + 0.32 * len(rows)).subplots()
        ax.axvline(0, color=GREY, lw=1)
        if report.margin is not None:
            ax.axvspan(-100 * report.margin, 100 * report.margin, color=GREEN, alpha=0.12, lw=0)
        for y, row in enumerate(rows):
            e = row.position_effect
            sure = row.p_adjusted < 0.05
            colour = ORANGE if e.estimate > 0 else BLUE
            low, high = row.bounds_intervals.get("position_effect", (np.nan, np.nan))
            if row.unread and not np.isnan(low):
                ax.plot([100 * low, 100 * high], [y, y], color=colour, lw=0.8, zorder=1)
            if not np.isnan(e.low):
                ax.plot([100 * e.low, 100 * e.high], [y, y], color=colour, lw=2, zorder=2)
            ax.plot(
                100 * e.estimate,
                y,
                "s" if row.equivalence < 0.05 else "o",
                ms=7,
                color=colour,
                mfc=colour if sure else "white",
                zorder=3,
            )
            c = row.consistency
            ax.annotate(
                f"{100 * c.estimate:.0f} % of {row.pairs - row.unread}"
                + (f", {row.unread} unread" if row.unread else ""),
                (1.02, y),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8.5,
            )
        ax.annotate(
            "same winner twice",
            (1.02, len(rows) - 0.35),
            xycoords=("axes fraction", "data"),
            fontsize=8,
            color=GREY,
        )
        ax.set_yticks(range(len(rows)), [short(row.group, 40) for row in rows])
        ax.set_ylim(-0.7, len(rows) - 0.1)
        ax.grid(axis="x", color=PALE)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(
            "favours the second  ←  position effect, points (95 % interval)  →  favours the first"
        )
    return ax


def plot_positions(row: PositionBias, *, ax: Axes | None = None) -> Axes:
    """A mosaic of who won in one order by who won in the other; areas are shares of the pairs.

    Columns are the winner with x shown first, their width its share; blocks the winner with y shown
    first. Green blocks are consistent, orange ones went to the position shown first, blue
    second.
    """
    names = ("x", "y", "neither")
    colours = np.array([[GREEN, ORANGE, ORANGE], [BLUE, GREEN, BLUE], [BLUE, ORANGE, GREEN]])
    total = row.winners.sum()
    with lab_style():
        if ax is None:
            ax = new_figure(4.6, 4.0).subplots()
        left = 0.0
        for i in range(3):
            width = row.winners[i].sum() / total if total else 0.0
            bottom = 0.0
            for j in range(3):
                height = row.winners[i, j] / row.winners[i].sum() if row.winners[i].sum() else 0.0
                ax.bar(
                    left + width / 2,
                    height,
                    width,
                    bottom,
                    color=colours[i, j],
                    alpha=0.75,
                    edgecolor="white",
                    linewidth=1.5,
                )
                if width * height > 0.015:
                    ax.text(
                        left + width / 2,
                        bottom + height / 2,
                        f"{names[j]}\n{int(row.winners[i, j])}",
                        ha="center",
                        va="center",
                        fontsize=8,
                    )
                bottom += height
            if width > 0.03:
                ax.text(left + width / 2, -0.04, names[i], ha="center", va="top", fontsize=9)
            left += width
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        ax.set_xlabel("winner with x shown first", labelpad=22)
        ax.set_ylabel("winner with y shown first")
        ax.set_title(
            f"{short(row.group, 40)}: {row.consistent} consistent,\n"
            f"{row.primacy} to the first position, {row.recency} to the second"
        )
    return ax


def plot_slots(row: PositionBias, *, ax: Axes | None = None) -> Axes:
    """``plot_positions`` under its name of before."""
    warn_renamed("plot_slots", "plot_positions")
    return plot_positions(row, ax=ax)


def plot_flips(results: dict[str, Stability], *, ax: Axes | None = None) -> Axes:
    """Flips when the order is swapped beside changes when the same is asked again, a pair of bars a
    judge, with the position effect written out.

    The whiskers are 95 % intervals. What flips beyond the noise is no size of the position effect:
    an effect that goes the same way everywhere shows as its square.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(7.2, 1.4 + 0.5 * len(results)).subplots()
        for y, found in enumerate(results.values()):
            for offset, e, colour, label in (
                (0.17, found.flips, ORANGE, "the order is swapped"),
                (-0.17, found.noise, GREY, "the same is asked again"),
            ):
                ax.barh(
                    y + offset,
                    100 * e.estimate,
                    0.32,
                    color=colour,
                    alpha=0.8,
                    label=None if y else label,
                )
                if not np.isnan(e.low):
                    ax.plot([100 * e.low, 100 * e.high], [y + offset] * 2, color=BLACK, lw=1.2)
            effect = found.position_effect
            said = f"{100 * effect.estimate:+.1f}"
            if not np.isnan(effect.low):
                said += f" [{100 * effect.low:+.1f}, {100 * effect.high:+.1f}]"
            ax.annotate(
                said, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=8.5
            )
        ax.annotate(
            "position effect, points",
            (1.02, len(results) - 0.42),
            xycoords=("axes fraction", "data"),
            fontsize=8,
            color=GREY,
        )
        ax.set_yticks(range(len(results)), [short(name, 40) for name in results])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-0.6, len(results) - 0.1)
        ax.set_xlim(left=0)
        ax.set_xlabel("pairs whose winner changes, per cent (95 % interval)")
        ax.legend(
            frameon=False,
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=2,
            title="winner changes when",
        )
    return ax


def plot_reliability(found: Stability, *, ax: Axes | None = None) -> Axes:
    """How often the most frequent verdict of an ordered pair was given: 1 is always the same."""
    with lab_style():
        if ax is None:
            ax = new_figure(5.0, 3.2).subplots()
        values, counts = np.unique(np.round(found.per_item, 6), return_counts=True)
        ax.bar(values, 100 * counts / counts.sum(), width=0.04, color=BLUE)
        for value, count in zip(values, counts, strict=True):
            share = 100 * count / counts.sum()
            ax.text(value, share + 1, f"{share:.0f}", ha="center", fontsize=8)
        mean = found.stability
        # With fewer than six problems there is no interval.
        limits = "" if np.isnan(mean.low) else f" [{100 * mean.low:.1f}, {100 * mean.high:.1f}]"
        ax.axvline(mean.estimate, color=RED, lw=1.5)
        ax.set_xlim(min(0.2, values.min() - 0.05), 1.05)
        ax.set_xlabel("largest share of one verdict over repetitions")
        ax.set_ylabel("ordered pairs, per cent")
        ax.set_title(f"stability {100 * mean.estimate:.1f} %{limits}, {found.items} ordered pairs")
    return ax
