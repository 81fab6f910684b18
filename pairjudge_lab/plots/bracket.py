"""A knockout drawn as a bracket: who met, who went on, and where a right answer was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairjudge_lab.plots.style import BLACK, GREY, RED, TEAMS, lab_style, new_figure, short
from pairjudge_lab.records import Bout, Pool, Selection

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_bracket(pool: Pool, selection: Selection, *, ax: Axes | None = None) -> Axes:
    """Draw a knockout from left to right.

    A box is a candidate with its final answer; its colour is its team, a solid frame a right
    answer, a dashed one a wrong answer. Solid lines lead from a match, dotted ones from a meeting
    of one team or a bye. A red cross marks a match in which a right answer lost to a wrong one or
    was put out, and a triangle the candidate that was selected.
    """
    rounds = selection.history
    with lab_style():
        entrants = _entrants(pool, selection)
        if ax is None:
            ax = new_figure(1.6 + 1.3 * (len(rounds) + 1), 0.9 + 0.32 * len(entrants)).subplots()
        ax.axis("off")
        colours = _team_colours(pool)
        heights: dict[int, float] = {c: -float(i) for i, c in enumerate(entrants)}
        for candidate in entrants:
            _box(ax, pool, candidate, 0, heights[candidate], colours)
        end = (0.33, heights.get(selection.candidate, 0.0))
        for number, bouts in enumerate(rounds, 1):
            later: dict[int, float] = {}
            for bout in bouts:
                sides = [c for c in (bout.a, bout.b) if c is not None]
                middle = sum(heights[c] for c in sides) / len(sides)
                solid = "-" if bout.how == "match" else ":"
                for c in sides:
                    won = c in bout.advanced
                    ax.plot(
                        [number - 0.68, number - 0.5, number - 0.5],
                        [heights[c], heights[c], middle],
                        color=BLACK if won else GREY,
                        lw=1.6 if won else 0.9,
                        ls=solid,
                        zorder=1,
                    )
                for winner in bout.advanced:
                    # Both go on when nothing was decided; each then stays at its own height.
                    height = middle if len(bout.advanced) == 1 else heights[winner]
                    ax.plot(
                        [number - 0.5, number - 0.32],
                        [height] * 2,
                        color=BLACK,
                        lw=1.6,
                        ls=solid,
                        zorder=1,
                    )
                    later[winner] = height
                    if winner == selection.candidate:
                        end = (number + 0.33, height)
                    _box(ax, pool, winner, number, height, colours)
                if _lost_the_right_one(pool, bout):
                    ax.plot(
                        number - 0.5, middle, marker="X", color=RED, ms=9, mec="white", zorder=4
                    )
            heights = later
        ax.plot(*end, marker="<", color=BLACK, ms=8)
        right = pool.candidates[selection.candidate].correct
        said = {True: "right", False: "wrong", None: "unknown"}[right]
        title = (
            f"{selection.rules['tournament']}, {len(pool)} candidates\n{selection.calls} calls, "
            f"{selection.calls_saved} saved by teams; selected answer {said}"
        )
        ax.set_title(title)
        ax.set_xlim(-0.45, len(rounds) + 0.45)
        ax.set_ylim(-len(entrants) + 0.3, 0.7)
    return ax


def _box(ax: Axes, pool: Pool, candidate: int, x: float, y: float, colours: dict[int, str]) -> None:
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
            "fc": colours[pool.team_of(candidate)] + "55",
            "ec": BLACK if correct else GREY,
            "ls": "-" if correct else "--",
            "lw": 1.4 if correct else 0.8,
        },
    )


def _team_colours(pool: Pool) -> dict[int, str]:
    """A colour a team, the largest first; the small ones share grey when colours run out."""
    sizes: dict[int, int] = {}
    for candidate in range(len(pool)):
        team = pool.team_of(candidate)
        sizes[team] = sizes.get(team, 0) + 1
    order = sorted(sizes, key=lambda team: (-sizes[team], team))
    return {team: TEAMS[i] if i < len(TEAMS) else GREY for i, team in enumerate(order)}


def _entrants(pool: Pool, selection: Selection) -> list[int]:
    """The candidates from top to bottom so that no two lines cross."""
    if not selection.history:
        return list(range(len(pool)))
    order: list[int] = []
    for bouts in reversed(selection.history):
        # Those who went on keep their order and bring their opponents; those who met below follow.
        home = {winner: bout for bout in bouts for winner in bout.advanced}
        ordered = dict.fromkeys([*(home[c] for c in order), *bouts])
        order = [side for bout in ordered for side in (bout.a, bout.b) if side is not None]
    return order


def _lost_the_right_one(pool: Pool, bout: Bout) -> bool:
    """Whether a match put a right answer out and let no right answer go on."""
    if bout.how != "match" or bout.b is None:
        return False
    right = [c for c in (bout.a, bout.b) if pool.candidates[c].correct]
    return bool(right) and not any(c in bout.advanced for c in right)
