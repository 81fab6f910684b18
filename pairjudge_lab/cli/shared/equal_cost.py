"""The comparison at equal cost, as ``pairjudge-lab curve`` shows it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.cli.shared.options import sizes_of
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.replay import Recording


def add_equal_cost(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budgets", metavar="CALLS,...",
        help="also compare the tournaments at equal cost, at the largest N: each under these "
        "budgets, with the knockout always among them",
    )  # fmt: skip
    parser.add_argument(
        "--price", metavar="IN,OUT",
        help="what a million tokens cost that the judge reads and writes: adds money to the costs",
    )  # fmt: skip


def equal_cost(
    args: argparse.Namespace,
    recordings: list[Recording],
    selectors: Mapping[str, Any],
    n: int,
    table: pd.DataFrame,
    folder: Path | None,
) -> dict[str, Any]:
    """The points and the paired differences; also as files where there is a folder."""
    from pairjudge_lab.files.spreadsheet import csv_text
    from pairjudge_lab.files.writing import write_whole
    from pairjudge_lab.plots.frontier import plot_frontier
    from pairjudge_lab.plots.style import save_picture
    from pairjudge_lab.replay import frontier

    kinds = {name: plan for name, plan in selectors.items() if not isinstance(plan, str)}
    budgets = sizes_of(args.budgets)
    prices = _prices(table, args.price)
    found = frontier(
        recordings, kinds, n, budgets, subsets=args.subsets, seed=args.seed, prices=prices
    )
    costs = list(found.points[0].costs)
    points, rows = found.to_frame(), []
    for cost in costs:
        rows += _plain(found.differences(cost))
    facts = {"n": n, "points": _plain(points), "differences_from_knockout": rows}
    if folder is not None:
        write_whole(folder / "frontier.json", json.dumps(facts, indent=2) + "\n")
        write_whole(folder / "frontier.csv", csv_text(points, guard_formulas=args.guard_formulas))
        for cost in costs:
            save_picture(plot_frontier(found, cost=cost).figure, folder / f"frontier-{cost}.svg")
    return facts


def print_equal_cost(facts: dict[str, Any]) -> None:
    rows = facts["differences_from_knockout"]
    for cost in dict.fromkeys(row["cost"] for row in rows):
        print(
            f"at equal {cost}, best of {facts['n']}: points above the knockout, simultaneous 95 %\n"
        )
        print(f"{'selector':26} {'budget':>7} {cost:>9}  {'difference':>10}  interval")
        for row in rows:
            if row["cost"] == cost:
                budget = "none" if row["budget"] is None else int(row["budget"])
                print(
                    f"{row['selector']:26} {budget:>7} {_amount(row['spent']):>9}  "
                    f"{100 * row['difference']:+10.2f}  {_interval(row)}"
                )
        print()


def _amount(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.3g}"


def _interval(row: dict[str, Any]) -> str:
    # Of a few problems there is an estimate and no interval.
    if row["low"] is None or row["high"] is None:
        return "too few problems"
    return f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}"


def _prices(table: pd.DataFrame, price: str | None) -> dict[str, dict[str, float]] | None:
    """By problem, the mean tokens of a verdict, and their price where it is given."""
    if not {"prompt_tokens", "completion_tokens"} <= set(table):
        if price is not None:
            raise UserError("--price needs verdicts with prompt_tokens and completion_tokens")
        return None
    tokens = ["prompt_tokens", "completion_tokens"]
    means = table.groupby(table["problem_id"].astype(str))[tokens].mean()
    try:
        read, written = (float(part) for part in price.split(",")) if price else (0.0, 0.0)
    except ValueError:
        raise UserError(
            f"--price takes two numbers with a comma, such as 0.15,0.6; got {price!r}"
        ) from None
    found = {}
    for name, prompt, completion in means.itertuples(name=None):
        found[str(name)] = {"tokens": float(prompt + completion)}
        if price is not None:
            found[str(name)]["money"] = (read * prompt + written * completion) / 1e6
    return found


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's lines for JSON, which has no NaN."""
    known = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]
