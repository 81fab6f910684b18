"""``pairjudge-lab judge``: verdicts of every pair of candidates."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pairjudge_lab.cli.shared.model_options import add_model_options, add_store, model_options
from pairjudge_lab.cli.shared.options import (
    JUDGE,
    add_candidates,
    add_guard,
    add_json,
    add_pools,
    add_seed,
    up_to,
)
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.cli.shared.tables import add_table_options, table_options
from pairjudge_lab.progress import LOG
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

HELP = "judge every pair of candidates of each problem"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser)
    parser.add_argument("--judge", required=True, metavar="SPEC", help=JUDGE)
    parser.add_argument(
        "--both-orders", action="store_true", help="each pair twice, either one shown first"
    )
    add_candidates(parser)
    parser.add_argument(
        "--repetitions", type=up_to(1000), default=1, metavar="K", help="verdicts of each match (1)"
    )
    add_seed(parser, "who is shown first")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the verdicts: .parquet, .csv or .jsonl",
    )
    add_guard(parser, "of a .csv")
    add_json(parser)
    add_store(parser)
    add_table_options(parser)
    add_model_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import SUFFIXES, save_verdicts
    from pairjudge_lab.files.writing import whole_file
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.judges.cascade import CascadeJudge
    from pairjudge_lab.judging import judge_pairs
    from pairjudge_lab.records import Status
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.store import Store
    from pairjudge_lab.store.opening import own_place

    if args.out.suffix not in SUFFIXES:
        raise UserError(f"{args.out}: verdicts are written as {', '.join(SUFFIXES)}")
    if args.guard_formulas and args.out.suffix != ".csv":
        raise UserError(f"{args.out}: formulas are guarded in .csv files; no other kind runs them")
    if args.out.is_dir():
        raise UserError(f"cannot write {args.out}: it is a folder")
    kept = args.store or own_place(args.out.parent / f"{args.out.stem}.sqlite")
    different_files(
        {"--out": args.out, "the store": kept, LOG: args.out.parent / LOG},
        {"POOLS": args.pools, "--judge": args.judge, "--template": args.template},
    )
    options = model_options(args)
    # A simulated judge is told what is right.
    pools = [prepare(p) for p in load_pools(args.pools, limit=args.limit, **table_options(args))]
    if args.n is not None:
        pools = [pool.first(args.n) for pool in pools]
    if max(map(len, pools)) < 2:
        raise UserError("there is nothing to judge: every pool has a single candidate")
    folder = open_folder(args.out.parent)
    quiet_libraries()
    judge = load_judge(args.judge, options)
    with Store(kept) as store:
        if args.again:
            store.forget(*map(Status, args.again))
        judged = judge_pairs(
            judge,
            pools,
            both_orders=args.both_orders,
            repetitions=args.repetitions,
            seed=args.seed,
            store=store,
            progress=folder / LOG,
        )
    table = judged.to_pandas()
    with whole_file(args.out) as new:
        save_verdicts(table, new, guard_formulas=args.guard_formulas)
    facts = {
        "verdicts": len(judged),
        "problems": len(pools),
        **{status.value: count for status, count in judged.statuses.items()},
        **judged.counts,
        "judge_seconds": round(judged.seconds, 3),
        "out": str(args.out),
    }
    if isinstance(judge, CascadeJudge):
        facts |= _answered(table)
    if args.json:
        print(json.dumps(facts))
    else:
        for key, value in facts.items():
            print(f"{key.replace('_', ' '):14} {value}")
    if judged.statuses.get(Status.FAILED) == len(judged) > 0:
        reason = next(iter(table["reason"]))
        raise UserError(f"all {len(judged)} verdicts failed: {reason}")


def _answered(table: pd.DataFrame) -> dict[str, int]:
    """Of a cascade, which judge decided how many verdicts; ``cascade_account`` has their costs."""
    from pairjudge_lab.judges.cascade_tables import cascade_account

    rows = cascade_account(table).itertuples()
    return {f"answered by {row.judge}": int(str(row.answered)) for row in rows}
