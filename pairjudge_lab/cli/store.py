"""``pairjudge-lab store``: what a store holds, and reading it again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pairjudge_lab.cli.shared.options import add_json

HELP = "what a store of verdicts holds; 'reread' reads stored answers with today's reader"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("show", "reread"),
        help="show: count what is there; reread: read answers again, without asking a model",
    )  # fmt: skip
    parser.add_argument("file", type=Path, metavar="FILE", help="a store (.sqlite)")
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.records import UserError
    from pairjudge_lab.store import Store
    from pairjudge_lab.store.rereading import reread

    if not args.file.is_file():
        raise UserError(f"no such file: {args.file}")
    with Store(args.file, make=False) as store:
        if args.action == "reread":
            counts = reread(store)
            facts = {name: counts[name] for name in ("again", "changed", "unknown")}
            said = (
                f"{facts['again']} verdicts read again, {facts['changed']} changed, "
                f"{facts['unknown']} of a protocol that is not known here"
            )
        else:
            table = store.table()
            statuses = table["status"].value_counts()
            facts = {"verdicts": len(table), **{str(k): int(v) for k, v in statuses.items()}}
            said = ", ".join(f"{count} {name}" for name, count in facts.items())
        facts["damaged"] = store.damaged
    if store.damaged:
        said += f"; {store.damaged} damaged rows were set aside"
    print(json.dumps(facts) if args.json else said)
