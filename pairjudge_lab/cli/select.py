"""``pairjudge-lab select``: one tournament for each problem of a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from pairjudge_lab.cli.shared.options import (
    add_model_options,
    add_rules,
    model_options,
    positive,
    rules_given,
    whole,
)
from pairjudge_lab.cli.shared.printing import print_run, quiet_libraries, shows_progress

HELP = "play a tournament for each problem of a file"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pools", metavar="POOLS", help=".jsonl or .parquet, or 'embedded'")
    parser.add_argument("--judge", required=True, metavar="SPEC", help="see 'pairjudge-lab judges'")
    parser.add_argument(
        "--tournament", default="knockout", metavar="NAME", help="see 'pairjudge-lab tournaments'"
    )
    add_rules(parser)
    parser.add_argument("-n", "--n", type=positive, help="candidates a problem (default: all)")
    parser.add_argument("--seed", type=whole, default=0)
    parser.add_argument("--limit", type=positive, help="only the first K problems")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--report", action="store_true", help="write report.html as well")
    add_model_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.records import Status
    from pairjudge_lab.report import write_selection_report
    from pairjudge_lab.runs import open_folder, run_selection, save_run
    from pairjudge_lab.store import Store
    from pairjudge_lab.tournaments import tournament

    rules = tournament(args.tournament, **rules_given(args))
    options = model_options(args)
    pools = load_pools(args.pools, limit=args.limit)
    smallest = min(pools, key=len)
    n = args.n or len(smallest)
    smallest.first(n)
    folder = open_folder(args.out)
    quiet_libraries()
    judge = load_judge(args.judge, options)
    with Store(args.store or folder / "verdicts.sqlite") as store:
        if args.again:
            store.forget(*map(Status, args.again))
        run = run_selection(
            pools, judge, rules, n=n, seed=args.seed, store=store, progress=shows_progress()
        )
    save_run(run, folder)
    if args.report:
        title = f"Best of {n} by {rules.name}"
        write_selection_report(run, folder / "report.html", title=title)
    print_run(run, args.json)
