"""What became of a judge while it was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pairjudge_lab.plots.style import BLUE, GREEN, GREY, ORANGE, PALE, PURPLE, lab_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {
    "label_accuracy": "labels right, per cent",
    "consistency": "same labels in both orders, per cent",
    "slot_effect": "position effect, points: first position favoured above 0",
    "pair_accuracy": "right response named, per cent",
}
_LOOKS = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":"))


def plot_audits(
    runs: Mapping[str, Sequence[Mapping[str, Any]]], figure: str, *, ax: Axes | None = None
) -> Axes:
    """One figure of each run's audits against the step, with its 95 % interval over problems.

    Args:
        runs: by name, a history; entries without the figure, such as losses, are passed over.
        figure: ``label_accuracy``, ``consistency``, ``slot_effect`` or ``pair_accuracy``.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.4, 3.6).subplots()
        for place, (name, history) in enumerate(runs.items()):
            colour, marker, dash = _LOOKS[place % len(_LOOKS)]
            told = [entry for entry in history if figure in entry]
            steps = [entry["step"] for entry in told]
            middle, low, high = (
                [100 * entry[figure + end] for entry in told] for end in ("", "_low", "_high")
            )
            ax.plot(steps, middle, color=colour, marker=marker, ls=dash, ms=5, lw=1.8, label=name)
            ax.fill_between(steps, low, high, color=colour, alpha=0.14, lw=0)
        if figure == "slot_effect":
            ax.axhline(0, color=GREY, lw=1)
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel("step")
        ax.set_ylabel(NAMES[figure].partition(":")[0])
        ax.set_title(NAMES[figure])
        if len(runs) > 1:
            ax.legend(frameon=False)
    return ax
