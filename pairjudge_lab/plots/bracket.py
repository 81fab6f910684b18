"""A knockout drawn as a bracket: who met, who went on, and where a right answer was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.plots.bracket_layout import bracket_layout, group_colours
from pairjudge_lab.plots.style import BLACK, GREY, RED, lab_style, new_figure, short
from pairjudge_lab.records import Pool, Selection

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_bracket(pool: Pool, selection: Selection, *, ax: Axes | None = None) -> Axes:
    """Draw a knockout from left to right.

    A box is a candidate with its final answer; its colour is its answer group, a solid frame a
    right answer, a dashed one a wrong answer. Solid lines lead from a match, dotted ones from a
    meeting of one group or a bye. A red cross marks a match in which a right answer lost to a wrong
    one or was put out, and a triangle the candidate that was selected.
    """
    rounds = len(selection.history)
    layout = bracket_layout(pool, selection)
    with lab_style():
        if ax is None:
            size = (1.6 + 1.3 * (rounds + 1), 1.1 + 0.32 * len(layout.entrants))
            ax = new_figure(*size).subplots()
        ax.axis("off")
        colours = group_colours(pool)
        for candidate, height in layout.entrants.items():
            _box(ax, pool, candidate, 0, height, colours)
        for meeting in layout.meetings:
            solid = "-" if meeting.result.how == "match" else ":"
            right, middle = meeting.round - 0.5, meeting.middle
            for c, height in meeting.sides.items():
                won = c in meeting.winners
                ax.plot(
                    [meeting.round - 1, right, right],
                    [height, height, middle],
                    color=BLACK if won else GREY,
                    lw=1.6 if won else 0.9,
                    ls=solid,
                    zorder=1,
                )
            for c, height in meeting.winners.items():
                line = [right, meeting.round]
                ax.plot(line, [height] * 2, color=BLACK, lw=1.6, ls=solid, zorder=1)
                _box(ax, pool, c, meeting.round, height, colours)
            if meeting.lost_right:
                ax.plot(right, middle, marker="X", color=RED, ms=9, mec="white", zorder=4)
        ax.plot(layout.end[0] + 0.33, layout.end[1], marker="<", color=BLACK, ms=8)
        right_answer = pool.candidates[selection.candidate].correct
        said = {True: "right", False: "wrong", None: "unknown"}[right_answer]
        title = (
            f"{selection.rules['tournament']}, {len(pool)} candidates\n{selection.calls} calls, "
            f"{selection.calls_saved} saved by shared answers\nselected answer {said}"
        )
        ax.set_title(title)
        ax.set_xlim(-0.45, rounds + 0.45)
        ax.set_ylim(len(layout.entrants) - 0.3, -0.7)
    return ax


def _box(ax: Axes, pool: Pool, candidate: int, x: float, y: float, colours: dict[int, str]) -> None:
    from matplotlib.colors import to_rgb

    shown = short(pool.candidates[candidate].answer)
    correct = pool.candidates[candidate].correct
    ax.text(
        x,
        y,
        f"{candidate}: {shown}" + (" ✓" if correct else ""),
        ha="center",
        va="center",
        fontsize=8,
        zorder=3,
        fontweight="bold" if correct else "normal",
        bbox={
            "boxstyle": "round,pad=0.25",
            # Mixed with white, and not transparent: lines end beneath the box.
            "fc": 1 - (1 - np.array(to_rgb(colours[pool.group_of(candidate)]))) / 3,
            "ec": BLACK if correct else GREY,
            "ls": "-" if correct else "--",
            "lw": 1.4 if correct else 0.8,
        },
    )
