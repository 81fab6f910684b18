"""``pairjudge-lab replay``: tournaments compared on recorded verdicts."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pairjudge_lab.cli.shared.options import (
    VERDICTS,
    add_json,
    add_pools,
    add_seed,
    sizes_of,
    up_to,
)
from pairjudge_lab.cli.shared.printing import print_curve
from pairjudge_lab.cli.shared.rule_options import add_rules, rules_given
from pairjudge_lab.progress import Progress

HELP = "compare tournaments on recorded verdicts"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser)
    parser.add_argument("verdicts", metavar="VERDICTS", help=VERDICTS)
    parser.add_argument(
        "--tournament",
        action="append",
        metavar="NAME",
        help="see 'pairjudge-lab tournaments'; give it again for another (knockout)",
    )
    parser.add_argument(
        "--n", default="2,4,8,16", metavar="N,N,...", help="numbers of candidates (2,4,8,16)"
    )
    parser.add_argument(
        "--replicates",
        type=up_to(100_000),
        default=20,
        metavar="K",
        help="subsets and brackets a problem (20)",
    )
    add_seed(parser, "the subsets and the brackets")
    add_json(parser)
    add_rules(parser)


def run(args: argparse.Namespace) -> None:
    from dataclasses import asdict

    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import load_verdicts
    from pairjudge_lab.replay import curve, pools_heard, record
    from pairjudge_lab.selectors import baselines
    from pairjudge_lab.statistics.intervals import mean_interval
    from pairjudge_lab.tournaments import tournament

    sizes = sizes_of(args.n)
    kinds = {
        name: tournament(name, **rules_given(args)) for name in args.tournament or ["knockout"]
    }
    table = load_verdicts(args.verdicts)
    pools, unheard = pools_heard(load_pools(args.pools, limit=args.limit), table)
    recordings = record([prepare(pool) for pool in pools], table)
    with Progress(len(kinds) * len(sizes), "points") as bar:
        found = curve(
            recordings,
            kinds,
            sizes,
            subsets=args.replicates,
            seed=args.seed,
            left_out={"no verdicts": unheard} if unheard else None,
            progress=bar.update,
        )
    used = [r.pool for r in recordings if r.pool.problem.id in set(found.problems)]
    facts: dict[str, Any] = {
        "problems": len(found.problems),
        "left_out": found.left_out,
        "verdicts": len(table),
        "replicates": args.replicates,
        "seed": args.seed,
        "rules": rules_given(args),
        "points": [
            {
                "tournament": point.selector,
                "n": point.n,
                "accuracy": asdict(point.accuracy),
                "calls": point.calls,
                "monte_carlo_error": point.monte_carlo,
            }
            for point in found.points
        ],
        # The baselines of the whole recorded pools: what the largest N must beat.
        "baselines": {
            name: asdict(mean_interval([rule(pool) for pool in used]))
            for name, rule in baselines(used).items()
        },
    }
    if args.json:
        print(json.dumps(facts))
        return
    print(f"{len(table)} recorded verdicts, seed {args.seed}")
    print_curve(found)
    print(f"\non all the candidates recorded ({found.candidates} at most):")
    for name, row in facts["baselines"].items():
        print(
            f"{name:30}  {100 * row['estimate']:7.1f} %  "
            f"{100 * row['low']:5.1f} to {100 * row['high']:5.1f}"
        )
