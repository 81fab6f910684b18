"""Every verdict of one problem, both orders, as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.plots.style import (
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
from pairjudge_lab.records import Pool, Selection, VerdictKind
from pairjudge_lab.verdicts.codes import CODES, MISSING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In the order of the codes.
_WORDS = {
    VerdictKind.LABELS: ("shown first", "shown second", "both correct", "neither"),
    VerdictKind.PREFERENCE: ("shown first", "shown second", "tie", ""),
}
_ALWAYS = ("unread", "not asked")
_TITLES = {VerdictKind.LABELS: "called correct", VerdictKind.PREFERENCE: "preferred"}
_COLOURS = (BLUE, ORANGE, GREEN, PALE, RED, "white")


def verdicts_of(selection: Selection, n: int) -> np.ndarray:
    """(n, n) what a tournament heard of each ordered pair, as ``plot_verdict_matrix`` takes it.

    Of several verdicts on one ordered pair the last stands.
    """
    codes = np.full((n, n), MISSING)
    for results in selection.history:
        for result in results:
            for verdict in result.verdicts:
                codes[result.a, result.b] = CODES[verdict.outcome]
            for verdict in result.swapped:
                codes[result.b, result.a] = CODES[verdict.outcome]
    return codes


def kind_of(selection: Selection) -> VerdictKind:
    """The kind of the verdicts that a tournament heard; labels where none of them was read."""
    played = (result for results in selection.history for result in results)
    kinds = (verdict.kind for result in played for verdict in (*result.verdicts, *result.swapped))
    return next((kind for kind in kinds if kind is not None), VerdictKind.LABELS)


def plot_verdict_matrix(
    pool: Pool,
    codes: np.ndarray,
    *,
    kind: VerdictKind = VerdictKind.LABELS,
    ax: Axes | None = None,
) -> Axes:
    """Draw what was said of every ordered pair.

    The line is the candidate shown first, the column the one shown second, so that a pair's two
    orders lie across the diagonal from each other: a judge without position effects has blue facing
    orange, and like colours facing elsewhere. Candidates stand by answer group, right answers
    first, with lines between groups.

    Parameters
    ----------
    codes : array
        (n, n), what was said, as in ``Recording.codes``; see ``verdicts.codes``.
    kind : VerdictKind
        What the codes are.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    n = len(codes)
    group = [pool.group_of(c) for c in range(n)]
    order = sorted(
        range(n),
        key=lambda c: (not pool.candidates[c].correct, -group.count(group[c]), group[c], c),
    )
    shown = np.array(codes)[np.ix_(order, order)].astype(float)
    np.fill_diagonal(shown, np.nan)
    with lab_style():
        if ax is None:
            side = 1.6 + 0.24 * n
            ax = new_figure(side + 1.6, side).subplots()
        ax.imshow(shown, cmap=ListedColormap(_COLOURS), vmin=-0.5, vmax=5.5, aspect="equal")
        names = [
            f"{c}: {short(pool.candidates[c].answer)}"
            + (" ✓" if pool.candidates[c].correct else "")
            for c in order
        ]
        ax.set_xticks(range(n), names, rotation=90, fontsize=7)
        ax.set_yticks(range(n), names, fontsize=7)
        ax.tick_params(length=0)
        groups = [group[c] for c in order]
        for i in range(1, n):
            if groups[i] != groups[i - 1]:
                ax.axhline(i - 0.5, color=GREY, lw=0.8)
                ax.axvline(i - 0.5, color=GREY, lw=0.8)
        ax.set_ylabel("shown first")
        ax.set_xlabel("shown second")
        ax.spines[:].set_visible(False)
        words = (*_WORDS[kind], *_ALWAYS)
        there = [i for i in range(len(words)) if (shown == i).any()]
        ax.legend(
            handles=[Patch(fc=_COLOURS[i], ec=GREY, label=words[i]) for i in there],
            title=_TITLES[kind],
            loc="upper left",
            bbox_to_anchor=(1.02, 1.0),
            frameon=False,
            fontsize=8,
            title_fontsize=8,
            alignment="left",
        )
        ax.set_title(f"Verdicts on problem {short(pool.problem.id, 24)}")
    return ax
