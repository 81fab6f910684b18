"""``pairjudge-lab compare``: judges compared with each other on the problems that they share."""

from __future__ import annotations

import argparse
import json

from pairjudge_lab.cli.shared.options import VERDICTS, add_json, add_seed, share
from pairjudge_lab.cli.shared.tables import add_table_options, table_options

HELP = "compare judges with each other on the problems that all of them have judged"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verdicts", metavar="VERDICTS", help=VERDICTS)
    parser.add_argument(
        "--by", default="judge", metavar="COLUMN", help="column whose values are compared (judge)"
    )
    parser.add_argument(
        "--level", type=share, default=0.95, metavar="SHARE",
        help="of all intervals together (0.95)",
    )  # fmt: skip
    parser.add_argument(
        "--unread", choices=("left-out", "wrong"), default="left-out",
        help="whether unread verdicts count against a judge (left-out)",
    )  # fmt: skip
    add_seed(parser, "the signs that the largest difference is compared with")
    add_json(parser)
    add_table_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.verdicts import load_verdicts
    from pairjudge_lab.statistics.comparison import compare_judges

    table = load_verdicts(args.verdicts, **table_options(args))
    policy = args.unread.replace("-", " ")
    found = compare_judges(table, by=args.by, level=args.level, unread=policy, seed=args.seed)
    if args.json:
        rows = json.loads(found.to_frame().to_json(orient="records", double_precision=15))
        facts = {"problems": found.problems, "left_out": found.left_out, "seed": args.seed}
        print(json.dumps({"differences": rows, "critical": found.critical, **facts}))
    else:
        print(found)
