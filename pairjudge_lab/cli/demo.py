"""``pairjudge-lab demo``: the main job on the embedded data."""

from __future__ import annotations

import argparse
from pathlib import Path

from pairjudge_lab.cli.shared.options import add_json, add_seed, positive
from pairjudge_lab.cli.shared.printing import print_run
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.progress import LOG

HELP = "the main job on the embedded data, with a report"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out/demo"),
        metavar="DIR",
        help="folder for the results and the report (out/demo)",
    )
    add_seed(parser, "the brackets")
    parser.add_argument("--limit", type=positive, metavar="K", help="only the first K problems")
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.report import write_selection_report
    from pairjudge_lab.runs import open_folder, run_selection, save_run
    from pairjudge_lab.store import Store
    from pairjudge_lab.tournaments import tournament

    folder = open_folder(args.out)
    pools = load_pools("embedded", limit=args.limit)
    quiet_libraries()
    judge = load_judge("tiny")
    # A demo is there to be watched, so its verdicts are not taken from an earlier run's store.
    with Store() as store:
        run = run_selection(
            pools,
            judge,
            tournament("knockout"),
            n=16,
            seed=args.seed,
            store=store,
            progress=folder / LOG,
        )
    save_run(run, folder)
    write_selection_report(run, folder / "report.html", title="Best of 16 by knockout")
    print_run(run, args.json)
    if not args.json:
        print(f"\nThe report: {folder / 'report.html'}")
