"""``pairjudge-lab select``: one tournament for each problem of a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from pairjudge_lab.cli.shared.model_options import add_model_options, add_store, model_options
from pairjudge_lab.cli.shared.options import JUDGE, add_candidates, add_json, add_pools, add_seed
from pairjudge_lab.cli.shared.places import different_files, in_folder
from pairjudge_lab.cli.shared.printing import print_run
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.cli.shared.rule_options import add_rules, rules_given
from pairjudge_lab.cli.shared.tables import add_table_options, table_options
from pairjudge_lab.progress import LOG

HELP = "play a tournament for each problem of a file"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser)
    parser.add_argument("--judge", required=True, metavar="SPEC", help=JUDGE)
    parser.add_argument(
        "--tournament", default="knockout", metavar="NAME", help="see 'pairjudge-lab tournaments'"
    )
    add_rules(parser)
    add_candidates(parser)
    add_seed(parser, "the brackets")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument("--report", action="store_true", help="write report.html as well")
    add_json(parser)
    add_store(parser)
    add_table_options(parser)
    add_model_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.records import Status, UserError
    from pairjudge_lab.report import write_selection_report
    from pairjudge_lab.runs import FILES, STORE, open_folder, run_selection, save_run
    from pairjudge_lab.store import Store
    from pairjudge_lab.store.opening import own_place
    from pairjudge_lab.tournaments import tournament

    kept = args.store or own_place(args.out / STORE)
    different_files(
        {"the store": kept, **in_folder(args.out, *FILES, "report.html", LOG)},
        {"POOLS": args.pools, "--judge": args.judge, "--template": args.template},
    )
    rules = tournament(args.tournament, **rules_given(args))
    options = model_options(args)
    pools = load_pools(args.pools, limit=args.limit, **table_options(args))
    smallest = min(pools, key=len)
    n = args.n or len(smallest)
    smallest.first(n)
    folder = open_folder(args.out)
    quiet_libraries()
    judge = load_judge(args.judge, options)
    with Store(kept) as store:
        if args.again:
            store.forget(*map(Status, args.again))
        run = run_selection(
            pools, judge, rules, n=n, seed=args.seed, store=store, progress=folder / LOG
        )
    save_run(run, folder)
    if args.report:
        title = f"Best of {n} by {rules.name}"
        write_selection_report(run, folder / "report.html", title=title)
    print_run(run, args.json)
    asked, failed = run.statistics.asked, run.statistics.statuses[Status.FAILED.value]
    if 0 < asked == failed:
        told = (
            v.reason
            for s in run.selections
            for results in s.history
            for r in results
            for v in (*r.verdicts, *r.swapped)
        )
        raise UserError(f"all {asked} verdicts failed: {next(told, 'no reason was given')}")
