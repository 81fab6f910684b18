"""``pairjudge-lab calibration``: do probabilities of labels or preferences come true?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pairjudge_lab.cli.shared.options import OF_JUDGE, POOLS, VERDICTS, add_json, up_to
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.cli.shared.tables import add_table_options, table_options

HELP = "whether the probabilities a judge gave come true, by position, with a reliability diagram"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verdicts", metavar="VERDICTS", help=VERDICTS)
    parser.add_argument(
        "pools", metavar="POOLS", nargs="?",
        help=f"what is true of each response, for a judge of correctness: {POOLS}; a judge of "
        "preference is held against the column gold",
    )  # fmt: skip
    parser.add_argument("--judge", metavar="NAME", help=OF_JUDGE)
    parser.add_argument(
        "--bins", type=up_to(1000), default=10, metavar="K", help="of equally many labels (10)"
    )
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw the diagram as .svg, .pdf or .png"
    )
    add_json(parser)
    add_table_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import load_verdicts
    from pairjudge_lab.statistics.calibration import calibration
    from pairjudge_lab.statistics.probabilities import probabilities_of

    different_files({"--picture": args.picture}, {"VERDICTS": args.verdicts, "POOLS": args.pools})
    table = load_verdicts(args.verdicts, judge=args.judge, **table_options(args))
    truth = None
    if args.pools is not None:
        truth = {
            (pool.problem.id, str(i)): candidate.correct
            for pool in map(prepare, load_pools(args.pools))
            for i, candidate in enumerate(pool.candidates)
            if candidate.correct is not None
        }
    given = probabilities_of(table, truth)
    found = {name: calibration(*labels, bins=args.bins) for name, labels in given.positions.items()}
    if args.picture is not None:
        from pairjudge_lab.plots.calibration import plot_calibration
        from pairjudge_lab.plots.style import save_picture

        save_picture(plot_calibration(found).figure, args.picture)
    if args.json:
        facts = {name: result.to_dict() for name, result in found.items()}
        left_out = {"probability": given.without_probability, "truth": given.without_truth}
        print(json.dumps({"positions": facts, "left_out": given.left_out, "without": left_out}))
        return
    for name, result in found.items():
        print(f"{name}\n{result}\n{result.to_frame().to_string(index=False)}\n")
    print(
        f"left out: {given.without_probability} labels without a probability, "
        f"{given.without_truth} without a known truth"
    )
