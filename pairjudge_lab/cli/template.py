"""``pairjudge-lab template``: the wording in which a judge is asked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "the wording in which a judge is asked"


def add_options(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="print the wording of ours, or check one in a file")
    show.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="a file to check (default: show ours)"
    )
    fetch = actions.add_parser("fetch", help="fetch the wording of PairJudge RM's authors")
    fetch.add_argument(
        "--out",
        type=Path,
        default=Path("compare_0_ex.md"),
        metavar="FILE",
        help="where to write it (compare_0_ex.md)",
    )
    fetch.add_argument("--url", help="fetch from here instead of the authors' repository")


def run(args: argparse.Namespace) -> None:
    {"show": _show, "fetch": _fetch}[args.action](args)


def _show(args: argparse.Namespace) -> None:
    from pairjudge_lab.protocols.pairjudge import WORDING
    from pairjudge_lab.protocols.template import read_template

    template = WORDING if args.file is None else read_template(args.file)
    print(template.text)
    print(f"sha256 {template.digest}", file=sys.stderr)


def _fetch(args: argparse.Namespace) -> None:
    from pairjudge_lab.files.writing import write_whole
    from pairjudge_lab.protocols.fetching import AUTHORS_URLS, fetch_template
    from pairjudge_lab.runs import open_folder

    open_folder(args.out.parent)
    template = fetch_template((args.url,) if args.url else AUTHORS_URLS)
    write_whole(args.out, template.text + "\n")
    print(
        f"{args.out} from {template.source}\nsha256 {template.digest}\n"
        f"use it: --template {args.out}"
    )
