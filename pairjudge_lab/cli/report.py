"""``pairjudge-lab report``: a report notebook run on the user's data."""

from __future__ import annotations

import argparse
from pathlib import Path

from pairjudge_lab.cli.shared.options import positive, sizes_of, whole
from pairjudge_lab.cli.shared.printing import shows_progress

HELP = "run a report's notebook on your data, and write it as one HTML file"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="position-bias, tournaments or scaling")
    parser.add_argument("--pools", help=".jsonl or .parquet, or 'embedded'")
    parser.add_argument("--verdicts", help=".parquet, .csv or .jsonl, or 'embedded'")
    parser.add_argument("--out", type=Path, required=True, help="the page, .html")
    parser.add_argument("--pdf", type=Path, help="print it too, where there is a browser that can")
    parser.add_argument("--notebook", type=Path, help="keep the notebook that was run, to go on")
    parser.add_argument("--selectors", metavar="A,B,...", help="tournaments, scaling")
    parser.add_argument("--n", metavar="N,N,...", help="tournaments, scaling")
    parser.add_argument("--subsets", type=positive, help="a problem; tournaments, scaling")
    parser.add_argument("--by", metavar="COLUMN", help="position-bias: what to compare (judge)")
    parser.add_argument("--seed", type=whole)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.report.exporting import write_pdf, write_report

    if args.n is not None:
        sizes_of(args.n)
    names = ("pools", "verdicts", "selectors", "n", "subsets", "by", "seed")
    write_report(
        args.name,
        args.out,
        {name: getattr(args, name) for name in names},
        notebook=args.notebook,
        progress=shows_progress(),
    )
    print(f"report: {args.out}")
    if args.pdf is not None:
        write_pdf(args.out, args.pdf)
        print(f"printed: {args.pdf}")
