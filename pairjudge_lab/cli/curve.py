"""``pairjudge-lab curve``: accuracy and cost against N."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pairjudge_lab.progress import LOG, Progress
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.records import Pool
    from pairjudge_lab.replay import Recording
    from pairjudge_lab.replay.curves import Curve
from pairjudge_lab.cli.shared.equal_cost import add_equal_cost, equal_cost, print_equal_cost
from pairjudge_lab.cli.shared.options import (
    OF_JUDGE,
    VERDICTS,
    add_guard,
    add_json,
    add_pools,
    add_seed,
    share,
    sizes_of,
    up_to,
)
from pairjudge_lab.cli.shared.places import different_files, in_folder
from pairjudge_lab.cli.shared.printing import print_curve, print_without_answer
from pairjudge_lab.cli.shared.rule_options import add_rules, rules_given

HELP = "compare selectors: accuracy and cost against N, and at equal cost"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser, ".jsonl, .parquet, or a .csv of samples; or 'embedded' or 'study'")
    parser.add_argument(
        "verdicts", metavar="VERDICTS", nargs="?", help=VERDICTS + "; not needed by every selector"
    )
    parser.add_argument("--judge", metavar="NAME", help=OF_JUDGE)
    parser.add_argument(
        "--selectors", default="pass,majority,knockout", metavar="A,B,...",
        help="with commas: pass, random, majority, weighted-majority, best-score, likelihood, "
        "self-certainty, self-certainty-borda (with the power of its votes: "
        "self-certainty-borda:1.2), mean-verdict, or a tournament, with an order policy where "
        "wanted: knockout:both",
    )  # fmt: skip
    parser.add_argument(
        "-n",
        "--n",
        metavar="N,N,...",
        help="numbers of candidates (1,2,4,8,16, as far as half of the problems go)",
    )
    parser.add_argument(
        "--subsets",
        type=up_to(100_000),
        default=200,
        metavar="K",
        help="random subsets a problem and N (200)",
    )
    parser.add_argument(
        "--tolerance",
        type=share,
        metavar="SHARE",
        help="draw more subsets until the Monte Carlo error is below this, such as 0.002",
    )
    parser.add_argument("--by", metavar="COLUMN", help="of a .csv: a curve for each of its values")
    add_seed(parser, "the subsets and the brackets")
    add_equal_cost(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the tables and the figures"
    )
    add_guard(parser, "of the .csv files in --out")
    add_json(parser)
    add_rules(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.answers import without_answer
    from pairjudge_lab.datasets.samples import load_groups
    from pairjudge_lab.replay import can_compile, curve, usual_sizes
    from pairjudge_lab.replay.selecting import plan_named
    from pairjudge_lab.runs import open_folder

    tables = [f"{name}.{kind}" for name in ("curve", "frontier") for kind in ("csv", "json")]
    different_files(in_folder(args.out, *tables), {"POOLS": args.pools, "VERDICTS": args.verdicts})
    given = None if args.n is None else sizes_of(args.n)
    rules = rules_given(args)
    selectors = {name: plan_named(name, **rules) for name in args.selectors.split(",")}
    groups = load_groups(args.pools, by=args.by, limit=args.limit)
    if args.verdicts is not None and len(groups) > 1:
        raise UserError(
            f"{args.pools} holds {len(groups)} groups ({', '.join(list(groups)[:4])}); verdicts "
            "belong to one: give a file with that one"
        )
    played = {name: plan for name, plan in selectors.items() if not isinstance(plan, str)}
    slow = [name for name, plan in played.items() if not can_compile(plan)]
    if slow:
        print(
            f"not compiled, and played some hundred times slower: {', '.join(slow)}",
            file=sys.stderr,
        )
    if args.budgets and args.verdicts is None:
        raise UserError("--budgets compares tournaments, which need VERDICTS")
    folder = None if args.out is None else open_folder(args.out)
    undecided: Counter[str] = Counter()
    loaded = {name: _loaded(args, pools, undecided) for name, pools in groups.items()}
    sizes = {name: given or usual_sizes(one.recordings) for name, one in loaded.items()}
    curves: dict[str, Curve] = {}
    total = len(selectors) * sum(len(set(of)) for of in sizes.values())
    with Progress(total, "points", True if folder is None else folder / LOG) as bar:
        for name, one in loaded.items():
            curves[name] = curve(
                one.recordings,
                selectors,
                sizes[name],
                subsets=args.subsets,
                tolerance=args.tolerance,
                seed=args.seed,
                left_out=one.left_out,
                costs=one.costs,
                progress=bar.update,
            )
    rows = [row for name, found in curves.items() for row in _rows(name, found.to_frame())]
    facts = {
        "points": rows,
        "comparisons": [
            row for name, found in curves.items() for row in _rows(name, found.differences())
        ],
        "problems": {name or "all": len(found.problems) for name, found in curves.items()},
        "left_out": {name or "all": found.left_out for name, found in curves.items()},
        "answers_undecided": sum(undecided.values()),
        "candidates_without_answer": {
            name or "all": without_answer(r.pool for r in one.recordings)
            for name, one in loaded.items()
        },
        "not_compiled": slow,
        "rules": rules,
        "seed": args.seed,
        "out": None if folder is None else str(folder),
    }
    if args.budgets:
        ((name, one),) = loaded.items()
        assert one.table is not None
        facts["equal_cost"] = equal_cost(
            args, one.recordings, selectors, max(sizes[name]), one.table, folder
        )
    if folder is not None:
        _save(curves, facts, rows, folder, guard_formulas=args.guard_formulas)
    if args.json:
        print(json.dumps(facts))
        return
    for name, found in curves.items():
        print_curve(found, name)
        print_without_answer(facts["candidates_without_answer"][name or "all"])
        print()
    if args.budgets:
        print_equal_cost(facts["equal_cost"])
    if folder is not None:
        print(f"tables and figures: {folder}")


class _Loaded(NamedTuple):
    """A group's problems as curves take them."""

    recordings: list[Recording]
    left_out: dict[str, int]
    costs: dict[str, tuple[float, float]] | None
    table: pd.DataFrame | None


def _loaded(args: argparse.Namespace, pools: list[Pool], undecided: Counter[str]) -> _Loaded:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.verdicts import load_verdicts, verdict_costs
    from pairjudge_lab.replay import pools_heard, record, without_verdicts

    if args.verdicts is None:
        return _Loaded(without_verdicts([prepare(p, undecided) for p in pools]), {}, None, None)
    table = load_verdicts(args.verdicts, judge=args.judge)
    heard, unheard = pools_heard(pools, table)
    recordings = record([prepare(pool, undecided) for pool in heard], table)
    left_out = {"no verdicts": unheard} if unheard else {}
    return _Loaded(recordings, left_out, verdict_costs(table), table)


def _save(
    curves: dict[str, Curve],
    facts: dict[str, Any],
    rows: list[dict[str, Any]],
    folder: Path,
    *,
    guard_formulas: bool,
) -> None:
    """The figures, and the table as JSON and CSV."""
    import pandas as pd

    from pairjudge_lab.files.spreadsheet import csv_text
    from pairjudge_lab.files.writing import write_whole
    from pairjudge_lab.plots.scaling import plot_curve
    from pairjudge_lab.plots.style import save_picture

    for place, found in enumerate(curves.values()):
        number = f"-{place + 1}" if len(curves) > 1 else ""
        save_picture(plot_curve(found).figure, folder / f"curve{number}.svg")
        if any(point.calls for point in found.points):
            for cost in ("calls", "tokens"):
                axes = plot_curve(found, against=cost)
                save_picture(axes.figure, folder / f"curve{number}-{cost}.svg")
    write_whole(folder / "curve.json", json.dumps(facts, indent=2) + "\n")
    write_whole(folder / "curve.csv", csv_text(pd.DataFrame(rows), guard_formulas=guard_formulas))


def _rows(group: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's lines for JSON, which has no NaN."""
    known = frame.astype(object).where(frame.notna(), None)
    return [
        {"group": group or "all", **{str(k): v for k, v in row.items()}}
        for row in known.to_dict("records")
    ]
