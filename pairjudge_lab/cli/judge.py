"""``pairjudge-lab judge``: verdicts of every pair of candidates."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pairjudge_lab.cli.shared.options import add_model_options, model_options, positive, whole
from pairjudge_lab.cli.shared.printing import quiet_libraries, shows_progress
from pairjudge_lab.records import UserError

HELP = "judge every pair of candidates of each problem"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pools", metavar="POOLS", help=".jsonl or .parquet, or 'embedded'")
    parser.add_argument("--judge", required=True, metavar="SPEC", help="see 'pairjudge-lab judges'")
    parser.add_argument(
        "--both-orders", action="store_true", help="each pair twice, either one shown first"
    )
    parser.add_argument("-n", "--n", type=positive, help="candidates a problem (default: all)")
    parser.add_argument("--repetitions", type=positive, default=1)
    parser.add_argument("--seed", type=whole, default=0, help="draws who is shown first")
    parser.add_argument("--limit", type=positive, help="only the first K problems")
    parser.add_argument("--out", type=Path, required=True, help=".parquet, .csv or .jsonl")
    add_model_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import SUFFIXES, save_verdicts
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.judging import judge_pairs
    from pairjudge_lab.records import Status
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.store import Store

    if args.out.suffix not in SUFFIXES:
        raise UserError(f"{args.out}: verdicts are written as {', '.join(SUFFIXES)}")
    options = model_options(args)
    pools = load_pools(args.pools, limit=args.limit)
    if args.n is not None:
        pools = [pool.first(args.n) for pool in pools]
    folder = open_folder(args.out.parent)
    quiet_libraries()
    judge = load_judge(args.judge, options)
    with Store(args.store or folder / f"{args.out.stem}.sqlite") as store:
        if args.again:
            store.forget(*map(Status, args.again))
        judged = judge_pairs(
            judge,
            pools,
            both_orders=args.both_orders,
            repetitions=args.repetitions,
            seed=args.seed,
            store=store,
            progress=shows_progress(),
        )
    new = args.out.with_stem(args.out.stem + ".new")
    save_verdicts(judged.to_pandas(), new)
    new.replace(args.out)
    facts = {
        "verdicts": len(judged),
        "problems": len(pools),
        **{status.value: count for status, count in judged.statuses.items()},
        **judged.counts,
        "judge_seconds": round(judged.seconds, 3),
        "out": str(args.out),
    }
    if args.json:
        print(json.dumps(facts))
    else:
        for key, value in facts.items():
            print(f"{key.replace('_', ' '):14} {value}")
