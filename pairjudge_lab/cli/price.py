"""``pairjudge-lab price``: what position, noise and length cost in Best-of-N accuracy."""

from __future__ import annotations

import argparse
import json
from math import isnan
from pathlib import Path

from pairjudge_lab.cli.shared.options import (
    OF_JUDGE,
    VERDICTS,
    add_json,
    add_pools,
    add_seed,
    positive,
)
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.records import UserError

HELP = "what position, noise and length cost in Best-of-N accuracy"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser)
    parser.add_argument("verdicts", metavar="VERDICTS", help=VERDICTS)
    parser.add_argument("--judge", metavar="NAME", help=OF_JUDGE)
    parser.add_argument(
        "-n",
        "--n",
        type=positive,
        metavar="N",
        help="number of candidates (8, or the most that a problem has)",
    )
    parser.add_argument(
        "--effect", action="append", metavar="NAME",
        help="position, 'both orders', noise or length; give it again for another (all that the "
        "table allows)",
    )  # fmt: skip
    parser.add_argument(
        "--tournament", default="knockout", metavar="NAME",
        help="see 'pairjudge-lab tournaments' (knockout)",
    )  # fmt: skip
    parser.add_argument(
        "--by-probabilities", action="store_true",
        help="read the verdicts from the labels' probabilities, where they were recorded",
    )  # fmt: skip
    parser.add_argument(
        "--subsets", type=positive, default=100, metavar="K",
        help="subsets and brackets a problem (100)",
    )  # fmt: skip
    add_seed(parser, "the subsets, the brackets and the margins")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw it as .svg, .pdf or .png"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import load_verdicts
    from pairjudge_lab.price import margins_of, price
    from pairjudge_lab.replay import pools_heard, record

    different_files({"--picture": args.picture}, {"POOLS": args.pools, "VERDICTS": args.verdicts})
    table = load_verdicts(args.verdicts, judge=args.judge)
    pools, unheard = pools_heard(load_pools(args.pools, limit=args.limit), table)
    recordings = record([prepare(pool) for pool in pools], table)
    n = args.n or min(8, max(map(len, recordings), default=1))
    large = [r for r in recordings if len(r) >= n]
    if not large:
        raise UserError(f"no problem has verdicts on {n} candidates; choose a smaller --n")
    found = price(
        large,
        n,
        effects=args.effect,
        by=args.tournament,
        margins=margins_of(large, table) if args.by_probabilities else None,
        subsets=args.subsets,
        seed=args.seed,
    )
    if args.picture is not None:
        from pairjudge_lab.plots.price import plot_price
        from pairjudge_lab.plots.style import save_picture

        figure = plot_price({p.effect: p.lost for p in found}, n).get_figure(root=True)
        assert figure is not None
        save_picture(figure, args.picture)
    left_out = {"no verdicts": unheard, f"fewer than {n}": len(recordings) - len(large)}
    if args.json:
        rows = []
        for p in found:
            row = p.to_dict()
            del row["per_problem"]
            rows.append(row)
        facts = {"problems": len(large), "left_out": left_out, "prices": rows, "seed": args.seed}
        print(json.dumps(facts))
        return
    print(f"{len(large)} problems, best of {n}, {args.tournament}, seed {args.seed}")
    for reason, count in left_out.items():
        if count:
            judged = "" if reason == "no verdicts" else " candidates judged"
            print(f"left out: {count} problems ({reason}{judged})")
    print(f"\n{'taken out':12} {'recorded':>9} {'without':>9}   {'lost, points (95 %)':24} effect")
    for p in found:
        lost = f"{100 * p.lost.estimate:+5.1f} ({p.lost.percent('+').strip()})"
        size, own = "", p.coefficient
        if own is not None:
            limits = "" if isnan(own.low) else f" ({own.low:+.2f} to {own.high:+.2f})"
            size = f"{own.estimate:+.2f}{limits}"
        print(
            f"{p.effect:12} {100 * p.recorded.estimate:7.1f} % {100 * p.without.estimate:7.1f} %   "
            f"{lost:24} {size}"
        )
    print("\neffect: log-odds that being shown first, or being e times as long, adds to a response")
