"""``pairjudge-lab report``: a report notebook run on the user's data."""

from __future__ import annotations

import argparse
from pathlib import Path

from pairjudge_lab.cli.shared.options import (
    OF_JUDGE,
    POOLS,
    VERDICTS,
    sizes_of,
    up_to,
    whole,
)
from pairjudge_lab.cli.shared.places import different_files

HELP = "run a report's notebook on your data, and write it as one HTML file"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="position-bias, tournaments or scaling")
    parser.add_argument("--pools", help=POOLS, metavar="FILE")
    parser.add_argument("--verdicts", help=VERDICTS, metavar="FILE")
    parser.add_argument("--judge", metavar="NAME", help=OF_JUDGE)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page, .html")
    parser.add_argument(
        "--pdf", type=Path, metavar="FILE", help="print it too, where there is a browser that can"
    )
    parser.add_argument(
        "--notebook", type=Path, metavar="FILE", help="keep the notebook that was run, to go on"
    )
    parser.add_argument(
        "--selectors", metavar="A,B,...", help="tournaments, scaling: as 'curve' takes them"
    )
    parser.add_argument(
        "-n", "--n", metavar="N,N,...", help="tournaments, scaling: numbers of candidates"
    )
    parser.add_argument(
        "--subsets",
        type=up_to(100_000),
        metavar="K",
        help="tournaments, scaling: random subsets a problem",
    )
    parser.add_argument(
        "--by", metavar="COLUMN", help="position-bias: column whose values are compared (judge)"
    )
    parser.add_argument("--seed", type=whole, help="seed of what the report draws")


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.report.exporting import write_pdf, write_report

    different_files(
        {"--out": args.out, "--pdf": args.pdf, "--notebook": args.notebook},
        {"--pools": args.pools, "--verdicts": args.verdicts},
    )
    if args.n is not None:
        sizes_of(args.n)
    names = ("pools", "verdicts", "judge", "selectors", "n", "subsets", "by", "seed")
    write_report(
        args.name,
        args.out,
        {name: getattr(args, name) for name in names},
        notebook=args.notebook,
        progress=True,
    )
    print(f"report: {args.out}")
    if args.pdf is not None:
        write_pdf(args.out, args.pdf)
        print(f"printed: {args.pdf}")
