"""A tournament as a cross-table: round by round, whom each candidate met and what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairjudge_lab.plots.style import BLACK, BLUE, GREY, PALE, RED, lab_style, new_figure, short
from pairjudge_lab.records import MatchResult, Pool, Selection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle


def plot_cross_table(pool: Pool, selection: Selection, *, ax: Axes | None = None) -> Axes:
    """Draw every candidate's rounds, the best on top.

    A cell names the opponent by its line, the position in which the candidate was shown (A first, B
    second), and the points taken: 1 on blue, ½ on pale blue, 0 on white; a grey cell is a bye or a
    meeting of two with the same answer, which no judge saw. A right answer has a tick. Without a
    ranking the candidates stand by their points.
    """
    rounds = selection.history
    points, cells = _cells(rounds)
    order = selection.ranking or sorted(range(len(pool)), key=lambda c: -points.get(c, 0.0))
    line = {c: i + 1 for i, c in enumerate(order)}
    with lab_style():
        if ax is None:
            ax = new_figure(3.4 + 0.75 * len(rounds), 0.8 + 0.27 * len(pool)).subplots()
        ax.axis("off")
        for i, c in enumerate(order):
            y = -float(i)
            right = pool.candidates[c].correct
            name = f"{c}: {short(pool.candidates[c].answer)}" + (" ✓" if right else "")
            weight = "bold" if c == selection.candidate else "normal"
            ax.text(-2.9, y, str(i + 1), ha="right", va="center", fontsize=8, color=GREY)
            ax.text(-2.7, y, name, ha="left", va="center", fontsize=8.5, fontweight=weight)
            for r in range(len(rounds)):
                face, text = _cell(cells.get((c, r)), line)
                ax.add_patch(_box(r, y, face))
                ax.text(r, y, text, ha="center", va="center", fontsize=7.5)
            total = f"{points.get(c, 0.0):g}"
            ax.text(len(rounds) - 0.1, y, total, ha="left", va="center", fontsize=8.5)
        for r in range(len(rounds)):
            ax.text(r, 1, f"round {r + 1}", ha="center", va="center", fontsize=8, color=GREY)
        ax.text(len(rounds) - 0.1, 1, "points", ha="left", va="center", fontsize=8, color=GREY)
        place = line[selection.candidate]
        ax.plot(-3.4, 1 - place, marker=">", color=BLACK, ms=7, clip_on=False)
        said = {True: "right", False: "wrong", None: "unknown"}
        ax.set_title(
            f"{selection.rules['tournament']}, {len(pool)} candidates\n{selection.calls} calls; "
            f"selected answer {said[pool.candidates[selection.candidate].correct]}",
            color=RED if pool.candidates[selection.candidate].correct is False else BLACK,
        )
        ax.set_xlim(-3.6, len(rounds) + 0.6)
        ax.set_ylim(-len(pool) + 0.3, 1.6)
    return ax


Cell = tuple[str, int | None, float | None]
"""Position (A, B or nothing), opponent, and points."""


def _cells(
    rounds: tuple[tuple[MatchResult, ...], ...],
) -> tuple[dict[int, float], dict[tuple[int, int], Cell]]:
    points: dict[int, float] = {}
    cells: dict[tuple[int, int], Cell] = {}
    for r, results in enumerate(rounds):
        for result in results:
            took = result.points or (None, None)
            judged = result.how == "match"
            cells[result.a, r] = ("A" if judged else "", result.b, took[0])
            points[result.a] = points.get(result.a, 0.0) + (took[0] or 0.0)
            if result.b is not None:
                cells[result.b, r] = ("B" if judged else "", result.a, took[1])
                points[result.b] = points.get(result.b, 0.0) + (took[1] or 0.0)
    return points, cells


def _cell(cell: Cell | None, line: dict[int, int]) -> tuple[str, str]:
    """The colour and the text of a cell."""
    if cell is None:
        return "white", ""
    position, opponent, took = cell
    half = "" if took is None else {0.0: "0", 0.5: "½", 1.0: "1"}.get(took, f"{took:g}")
    if opponent is None:
        return PALE, f"bye {half}"
    face = PALE
    if position:
        face = {1.0: BLUE + "77", 0.5: BLUE + "33"}.get(took or 0.0, "white")
    return face, f"{position}{line[opponent]}: {half}" if position else f"same {half}"


def _box(x: float, y: float, face: str) -> Rectangle:
    from matplotlib.patches import Rectangle as Patch

    return Patch((x - 0.47, y - 0.44), 0.94, 0.88, fc=face, ec=PALE, lw=0.8)
