"""``pairjudge-lab plan``: from a pilot to what to play within a budget, and what to buy next."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.cli.shared.options import (
    VERDICTS,
    add_guard,
    add_json,
    add_seed,
    finite,
    positive,
    share,
    sizes_of,
    up_to,
)
from pairjudge_lab.cli.shared.places import different_files, in_folder
from pairjudge_lab.progress import LOG
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.planner import Measured, Plan
    from pairjudge_lab.replay import Recording

HELP = "from a pilot: what to play within a budget, and what to buy next"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pilot", metavar="PILOT",
        help="the folder of a 'study'; or pools (a file, a name, 'embedded') with --verdicts",
    )  # fmt: skip
    parser.add_argument(
        "--verdicts", action="append", default=[], metavar="[NAME=]FILE",
        help="recorded verdicts: of one judge, of several, or of the one NAME; give it again for "
        "another table: " + VERDICTS,
    )  # fmt: skip
    parser.add_argument(
        "--budget", type=finite, required=True, metavar="AMOUNT",
        help="the most that a problem may cost on average",
    )  # fmt: skip
    parser.add_argument(
        "--cost", choices=("calls", "tokens", "money"), default="calls",
        help="what the budget counts: the judge's calls; tokens, or dollars, of judge and "
        "candidates (calls)",
    )  # fmt: skip
    parser.add_argument(
        "--margin", type=share, default=0.02, metavar="SHARE",
        help="what a cheaper way may lose in accuracy to be named (0.02)",
    )  # fmt: skip
    parser.add_argument(
        "--price", action="append", default=[], metavar="[NAME=]IN,OUT",
        help="dollars a million tokens that a judge reads and writes; 'generator=IN,OUT' for the "
        "candidates",
    )  # fmt: skip
    parser.add_argument("--limit", type=positive, metavar="K", help="only the first K problems")
    parser.add_argument(
        "-n", "--n", metavar="N,N,...", help="numbers of candidates (2,4,8 and on, as recorded)"
    )
    parser.add_argument(
        "--tournaments", default="knockout,pivot,swiss,round-robin", metavar="A,B,...",
        help="see 'pairjudge-lab tournaments' (knockout,pivot,swiss,round-robin)",
    )  # fmt: skip
    parser.add_argument(
        "--votes", default="1,3,5", metavar="K,K,...",
        help="verdicts a match, as far as they were recorded (1,3,5)",
    )  # fmt: skip
    parser.add_argument(
        "--subsets", type=up_to(100_000), default=100, metavar="K",
        help="random subsets and draws a problem (100)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for plan.json, plan.csv and plan.svg"
    )
    add_guard(parser, "of plan.csv")
    add_seed(parser, "subsets, draws and the bootstrap")
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    import numpy as np

    from pairjudge_lab.planner import make_plan
    from pairjudge_lab.runs import open_folder

    if args.budget < 0:
        raise UserError(f"--budget is 0 or more, got {args.budget:g}")
    different_files(
        in_folder(args.out, "plan.json", "plan.csv"),
        {"PILOT": args.pilot, "--verdicts": args.verdicts},
    )
    folder = None if args.out is None else open_folder(args.out)
    if folder is not None and (folder / "study.sqlite").exists():
        raise UserError(
            f"{folder} is the folder of a study, whose plan.json this would replace; name "
            "another folder with --out"
        )
    measured = _measured(args, True if folder is None else folder / LOG)
    rng = np.random.default_rng(args.seed)
    plan = make_plan(measured, args.budget, rng, cost=args.cost, margin=args.margin)
    facts = {
        "budget": plan.budget,
        "cost": plan.cost,
        "problems": plan.problems,
        "left_out": dict(measured.left_out),
        "chosen": str(plan.chosen.configuration),
        "spent": plan.chosen.cost,
        "expected": plan.expected,
        "cheapest": str(plan.cheapest.configuration),
        "options": _plain(plan.to_frame()),
        "to_buy": _plain(plan.purchases()),
        "words": str(plan),
        "seed": args.seed,
    }
    if folder is not None:
        _save(plan, facts, folder, guard_formulas=args.guard_formulas)
        facts["out"] = str(folder)
    if args.json:
        print(json.dumps(facts))
        return
    for reason, count in measured.left_out.items():
        print(f"left out: {count} problems ({reason})")
    print(_table(plan))
    print(plan)
    if folder is not None:
        print(f"table and picture: {folder}")


def _measured(args: argparse.Namespace, shown: bool | Path) -> Measured:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.planner import measure
    from pairjudge_lab.replay import pools_heard, record

    source, files = args.pilot, list(args.verdicts)
    folder = Path(source)
    if folder.is_dir() and (folder / "pools.parquet").exists():
        source = str(folder / "pools.parquet")
        files = files or [str(folder / "verdicts.parquet")]
    if not files:
        raise UserError("a plan needs --verdicts, or the folder of a 'pairjudge-lab study'")
    pools = load_pools(source, limit=args.limit)
    judged: dict[str, list[Recording]] = {}
    tokens: dict[str, dict[str, tuple[float, float]]] = {}
    for name, file in map(_named, files):
        for label, table in _of_each_judge(name, file):
            if label in judged:
                raise UserError(f"two judges are called {label!r}; name them: --verdicts NAME=FILE")
            heard, _ = pools_heard(pools, table)
            judged[label] = record([prepare(pool) for pool in heard], table)
            if (known := _tokens(table)) is not None:
                tokens[label] = known
    sizes = None if args.n is None else sizes_of(args.n)
    names = [name for name in args.tournaments.split(",") if name]
    prices = _prices(args.price, list(judged)) if args.price else None
    if args.cost == "money" and prices is None:
        raise UserError("--cost money needs --price IN,OUT of each judge")
    found = measure(
        judged,
        sizes,
        tournaments=names,
        votes=sizes_of(args.votes),
        tokens=tokens,
        prices=prices,
        subsets=args.subsets,
        seed=args.seed,
        progress=shown,
    )
    heard_of = {r.pool.problem.id for some in judged.values() for r in some}
    unheard = {"no verdicts": len(pools) - len(heard_of)} if len(pools) > len(heard_of) else {}
    return replace(found, left_out={**unheard, **found.left_out})


def _of_each_judge(name: str, file: str) -> list[tuple[str, pd.DataFrame]]:
    """The judges of a table, or of one with several the one that is named."""
    from pairjudge_lab.datasets.verdicts import load_verdicts

    table = load_verdicts(file)
    judges = list(table["judge"].unique()) if "judge" in table else []
    if len(judges) > 1:
        return [(judge, load_verdicts(file, judge=judge)) for judge in ([name] if name else judges)]
    return [(name or (str(judges[0]) if judges else Path(file).stem), table)]


def _named(text: str) -> tuple[str, str]:
    """``NAME=FILE``, or a file alone."""
    name, equals, file = text.partition("=")
    return (name, file) if equals and not Path(text).exists() else ("", text)


def _tokens(table: pd.DataFrame) -> dict[str, tuple[float, float]] | None:
    """By problem, the mean tokens of a verdict that are read and written."""
    columns = ["prompt_tokens", "completion_tokens"]
    if not set(columns) <= set(table):
        return None
    means = table.groupby(table["problem_id"].astype(str))[columns].mean()
    # Where no verdict on a problem tells its tokens, what that problem costs is not known.
    means = means.dropna()
    return {str(name): (float(a), float(b)) for name, a, b in means.itertuples(name=None)}


def _prices(given: list[str], judges: list[str]) -> dict[str, tuple[float, float]]:
    from pairjudge_lab.study import Price

    prices: dict[str, tuple[float, float]] = {}
    named = set()
    # A price of one's own counts, wherever it stands.
    for text in sorted(given, key=lambda text: "=" in text):
        name, equals, price = text.partition("=")
        if equals and name not in (*judges, "generator"):
            raise UserError(
                f"--price: there is no judge {name!r}; there are {', '.join(judges)}, and generator"
            )
        found = Price.parse(price if equals else text)
        if (name if equals else "") in named:
            raise UserError(f"--price: {name if equals else 'all judges'} has two prices; give one")
        named.add(name if equals else "")
        for judge in [name] if equals else judges:
            prices[judge] = (found.prompt, found.completion)
    return prices


def _table(plan: Plan) -> str:
    unit = {"money": "dollars"}.get(plan.cost, plan.cost)
    lines = [
        f"{plan.problems} problems; the frontier, and how often it is one over draws of them\n",
        f"{'configuration':52} {unit:>9}  {'accuracy':>9}  {'95 % interval':15} {'frontier':>8}",
    ]
    for option in plan.options:
        if option.frontier:
            value = option.accuracy
            cost = f"{option.cost:,.0f}" if option.cost >= 1000 else f"{option.cost:.3g}"
            lines.append(
                f"{str(option.configuration)[:52]:52} {cost:>9}  {100 * value.estimate:7.2f} %  "
                f"{value.percent():15} {100 * option.on_frontier:6.0f} %"
            )
    return "\n".join([*lines, ""])


def _save(plan: Plan, facts: dict[str, Any], folder: Path, *, guard_formulas: bool) -> None:
    from pairjudge_lab.files.spreadsheet import csv_text
    from pairjudge_lab.files.writing import write_whole
    from pairjudge_lab.plots.plan import plot_plan
    from pairjudge_lab.plots.style import save_picture

    write_whole(folder / "plan.json", json.dumps(facts, indent=2) + "\n")
    table = csv_text(plan.to_frame(), guard_formulas=guard_formulas)
    write_whole(folder / "plan.csv", table)
    save_picture(plot_plan(plan).figure, folder / "plan.svg")


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's lines for JSON, which has no NaN."""
    known = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]
