"""``pairjudge-lab replay``: the older name of ``curve``, kept for one release."""

from __future__ import annotations

import argparse
import sys

from pairjudge_lab.cli import curve
from pairjudge_lab.cli.shared.options import (
    VERDICTS,
    add_json,
    add_pools,
    add_seed,
    up_to,
)
from pairjudge_lab.cli.shared.plain_output import plain
from pairjudge_lab.cli.shared.rule_options import add_rules

HELP = "the older name of 'curve', with its older flags"


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
        "-n",
        "--n",
        metavar="N,N,...",
        help="numbers of candidates (1,2,4,8,16, as far as half of the problems go)",
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
    names = args.tournament or ["knockout"]
    same = (
        "'replay' is 'curve' under an older name, to be removed in the next release: "
        f"pairjudge-lab curve {args.pools} {args.verdicts} --selectors {','.join(names)} "
        f"--subsets {args.replicates}" + (f" --n {args.n}" if args.n else "")
    )
    print(
        plain(same),
        file=sys.stderr,
    )
    as_curve = {"selectors": ",".join(names), "subsets": args.replicates, "tolerance": None}
    rest = {"judge": None, "by": None, "budgets": None, "price": None, "out": None}
    curve.run(argparse.Namespace(**{**vars(args), **as_curve, **rest}))
