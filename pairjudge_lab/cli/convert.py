"""``pairjudge-lab convert``: problems, pools and verdict tables from other layouts, and back."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pairjudge_lab.cli.shared.options import add_guard, positive
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.cli.shared.tables import SOURCES, add_table_options, table_options

HELP = "problems, pools or verdicts from another layout into the lab's, or into another tool's"

KINDS = ("problems", "pools", "verdicts")
OTHERS = ("preferences", "judgebench", "openai-evals")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=SOURCES)
    parser.add_argument("--kind", required=True, choices=KINDS, help="what it holds")
    parser.add_argument(
        "--layout",
        help="of verdicts: inspect, rewardbench, judgebench, mt-bench or openai-evals",
    )
    parser.add_argument("--limit", type=positive, help="only the first K problems or pools")
    parser.add_argument(
        "--to", choices=OTHERS,
        help="another tool's layout: preferences (of pools), judgebench or openai-evals (of "
        "verdicts); written as .jsonl",
    )  # fmt: skip
    parser.add_argument("--pools", help="of --to judgebench: the pools that were judged")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    add_guard(parser, "of a .csv file")
    add_table_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools, save_pools
    from pairjudge_lab.datasets.problems import load_problems, save_problems
    from pairjudge_lab.datasets.verdicts import load_verdicts, save_verdicts
    from pairjudge_lab.records import UserError
    from pairjudge_lab.runs import open_folder

    options = table_options(args)
    wanted = {"preferences": "pools", "judgebench": "verdicts", "openai-evals": "verdicts"}
    if args.to and wanted[args.to] != args.kind:
        raise UserError(f"--to {args.to} is written from {wanted[args.to]}, not from {args.kind}")
    if args.layout and args.kind != "verdicts":
        raise UserError("--layout is for verdicts")
    if args.guard_formulas and (args.out.suffix != ".csv" or args.to):
        raise UserError(f"{args.out}: formulas are guarded in .csv files; no other kind runs them")
    different_files({"--out": args.out}, {"SOURCE": args.source, "--pools": args.pools})
    open_folder(args.out.parent)
    if args.kind == "problems":
        problems = load_problems(args.source, limit=args.limit, **options)
        save_problems(problems, args.out, guard_formulas=args.guard_formulas)
        count, what = len(problems), "problems"
    elif args.kind == "pools":
        pools = load_pools(args.source, limit=args.limit, **options)
        if args.to:
            from pairjudge_lab.datasets.preferences import preference_rows

            count, what = _write(args.out, preference_rows(pools)), "preferences"
        else:
            save_pools(pools, args.out, guard_formulas=args.guard_formulas)
            count, what = len(pools), "pools"
    else:
        if args.limit:
            raise UserError("--limit is for problems and pools; verdicts are converted whole")
        table = load_verdicts(args.source, layout=args.layout, **options)
        count, what = len(table), "verdicts"
        if args.to == "judgebench":
            from pairjudge_lab.datasets.adapters.judgebench import to_judgebench

            if not args.pools:
                raise UserError("--to judgebench needs the pools that were judged: --pools FILE")
            count, what = _write(args.out, to_judgebench(table, load_pools(args.pools))), "pairs"
        elif args.to == "openai-evals":
            from pairjudge_lab.datasets.adapters.openai_evals import to_evals

            count = _write(args.out, to_evals(table)) - 1
        else:
            save_verdicts(table, args.out, guard_formulas=args.guard_formulas)
    print(f"{count} {what} written to {args.out}")


def _write(path: Path, rows: list[dict[str, Any]]) -> int:
    from pairjudge_lab.files.writing import write_whole

    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return len(rows)
