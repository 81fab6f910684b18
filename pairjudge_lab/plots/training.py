"""What became of a judge while it was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pairjudge_lab.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    lab_style,
    new_figure,
    short,
)
from pairjudge_lab.renamed import warn_renamed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {
    "label_accuracy": "labels right, per cent",
    "consistency": "same labels in both orders, per cent",
    "position_effect": "position effect, points: first position favoured above 0",
    "pair_accuracy": "right response named, per cent",
}
OF_BEFORE = "slot_effect"
"""The position effect's key in the files of a training run, which is that of version 0.1."""

_LOOKS = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":"))


def plot_audits(
    runs: Mapping[str, Sequence[Mapping[str, Any]]], figure: str, *, ax: Axes | None = None
) -> Axes:
    """One figure of each run's audits against the step, with its 95 % interval over problems.

    Parameters
    ----------
    runs : mapping
        By name, a history; entries without the figure, such as losses, are passed over.
    figure : str
        ``label_accuracy``, ``consistency``, ``position_effect`` or ``pair_accuracy``.
    """
    if figure == OF_BEFORE:
        warn_renamed(f'plot_audits(figure="{OF_BEFORE}")', '"position_effect"')
        figure = "position_effect"
    key = OF_BEFORE if figure == "position_effect" else figure
    with lab_style():
        if ax is None:
            ax = new_figure(6.4, 3.6).subplots()
        for place, (name, history) in enumerate(runs.items()):
            colour, marker, dash = _LOOKS[place % len(_LOOKS)]
            told = [entry for entry in history if key in entry]
            steps = [entry["step"] for entry in told]
            middle, low, high = (
                [100 * entry[key + end] for entry in told] for end in ("", "_low", "_high")
            )
            ax.plot(
                steps,
                middle,
                color=colour,
                marker=marker,
                ls=dash,
                ms=5,
                lw=1.8,
                label=short(name, 40),
            )
            ax.fill_between(steps, low, high, color=colour, alpha=0.14, lw=0)
        if figure == "position_effect":
            ax.axhline(0, color=GREY, lw=1)
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel("step")
        ax.set_ylabel(NAMES[figure].partition(":")[0])
        ax.set_title(NAMES[figure])
        if len(runs) > 1:
            ax.legend(frameon=False)
    return ax
