"""Accuracy against cost of every configuration of a pilot, its frontier, and the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pairjudge_lab.plots.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PALE,
    RED,
    lab_style,
    new_figure,
    short,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes

AXES = {
    "calls": "judge calls a problem",
    "tokens": "tokens a problem, candidates included",
    "money": "dollars a problem, candidates included",
}


class _Plan(Protocol):
    """What ``planner.make_plan`` returns, as far as a picture looks at it."""

    @property
    def options(self) -> Sequence[Any]: ...

    @property
    def chosen(self) -> Any: ...

    @property
    def band(self) -> np.ndarray: ...

    @property
    def budget(self) -> float: ...

    @property
    def cost(self) -> str: ...

    @property
    def problems(self) -> int: ...


def plot_plan(plan: _Plan, *, ax: Axes | None = None) -> Axes:
    """Every configuration as a point; the best that so much buys, with its bootstrap band.

    What costs nothing, such as majority voting where calls are counted, stands at the left edge.

    Parameters
    ----------
    plan
        What ``planner.make_plan`` returned.
    """
    with lab_style():
        if ax is None:
            ax = new_figure(6.8, 4.2).subplots()
        costs = [option.cost for option in plan.options]
        least = min((cost for cost in costs if cost > 0), default=1.0)
        edge = least / 2
        x = [max(cost, edge) for cost in costs]
        best, low, high = (100 * row for row in plan.band)
        ax.fill_between(x, low, high, step="post", color=BLUE, alpha=0.12, lw=0)
        ax.step(x, best, where="post", color=BLUE, lw=1.8, label="best for so much, 95 % band")
        for wanted, colour, label in (
            (False, GREY, "other configurations"), (True, BLUE, "on the frontier"),
        ):  # fmt: skip
            some = [(p, o) for p, o in zip(x, plan.options, strict=True) if o.frontier is wanted]
            ax.plot(
                [p for p, _ in some],
                [100 * o.accuracy.estimate for _, o in some],
                ls="none", marker="o", ms=5 if wanted else 3.5, color=colour, label=label,
            )  # fmt: skip
        mine = plan.chosen
        value = mine.accuracy
        ax.errorbar(
            [max(mine.cost, edge)],
            [100 * value.estimate],
            [[100 * (value.estimate - value.low)], [100 * (value.high - value.estimate)]],
            fmt="D", ms=7, color=RED, capsize=3, label=short(str(mine.configuration), 80),
        )  # fmt: skip
        ax.axvline(max(plan.budget, edge), color=ORANGE, ls="--", lw=1.4, label="budget")
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.minorticks_off()
        if min(costs) <= 0:
            ax.annotate(
                "no cost", (edge, 0), xycoords=("data", "axes fraction"), xytext=(2, 3),
                textcoords="offset points", fontsize=8, color=BLACK,
            )  # fmt: skip
        ax.grid(color=PALE)
        ax.set_axisbelow(True)
        ax.set_xlabel(AXES[plan.cost])
        ax.set_ylabel(f"accuracy, per cent ({plan.problems} problems)")
        ax.set_title("What a budget buys")
        ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax
