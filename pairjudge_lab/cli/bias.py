"""``pairjudge-lab bias``: a position bias report from recorded verdicts."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pairjudge_lab.cli.shared.options import (
    VERDICTS,
    add_json,
    add_seed,
    finite,
    up_to,
)
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.cli.shared.tables import add_table_options, table_options

HELP = "what the order shown does to each judge's verdicts"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verdicts", metavar="VERDICTS", help=VERDICTS)
    parser.add_argument(
        "--by", default="judge", metavar="COLUMN", help="column whose values are compared (judge)"
    )
    # fmt: off
    parser.add_argument(
        "--resamples", type=up_to(100_000), default=2000, metavar="K",
        help="resamples of the problems with --method bootstrap (2000)",
    )
    add_seed(parser, "the resamples")
    parser.add_argument(
        "--method", choices=("score", "bootstrap"), default="score",
        help="intervals: score limits that hold for few problems, or a bootstrap (score)",
    )
    parser.add_argument(
        "--weight", choices=("pairs", "problems"), default="pairs",
        help="what counts the same: every pair, or every problem (pairs)",
    )
    parser.add_argument(
        "--margin", type=finite, metavar="POINTS",
        help="test whether the position effect is within so many points (per cent) of 0: 5",
    )
    parser.add_argument(
        "--unread", choices=("left-out", "wrong"), default="left-out",
        help="whether unread verdicts count against a judge (left-out)",
    )
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw the forest plot as .svg, .pdf or .png"
    )
    # fmt: on
    add_json(parser)
    add_table_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.verdicts import load_verdicts
    from pairjudge_lab.statistics.position import bias_report

    different_files({"--picture": args.picture}, {"VERDICTS": args.verdicts})
    table = load_verdicts(args.verdicts, **table_options(args))
    if args.by == "judge" and "judge" not in table:
        table = table.assign(judge="judge")
    report = bias_report(
        table,
        by=args.by,
        method=args.method,
        weight=args.weight,
        margin=None if args.margin is None else args.margin / 100,
        unread=args.unread.replace("-", " "),
        seed=args.seed,
        resamples=args.resamples,
    )
    if args.picture is not None:
        from pairjudge_lab.plots.bias import plot_bias
        from pairjudge_lab.plots.style import save_picture

        save_picture(plot_bias(report).figure, args.picture)
    if args.json:
        facts = {"groups": [row.row() for row in report.rows]}
        print(
            json.dumps(
                {**facts, "unread": report.unread, "resamples": args.resamples, "seed": args.seed}
            )
        )
    else:
        print(report)
