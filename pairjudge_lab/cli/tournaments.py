"""``pairjudge-lab tournaments``: the tournaments there are."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pairjudge_lab.cli.shared.options import add_json

HELP = "the tournaments, and what they cost"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.tournaments import TOURNAMENTS

    sizes = (8, 16, 64)
    facts: dict[str, dict[str, Any]] = {
        name: {
            "calls": {str(n): kind.calls(n) for n in sizes},
            "what": str(type(kind).__doc__).split("\n\n")[0].replace("\n    ", " "),
        }
        for name, kind in TOURNAMENTS.items()
    }
    if args.json:
        print(json.dumps(facts))
        return
    print("the most judge calls a problem takes; shared answers save some\n")
    print(f"{'tournament':30}" + "".join(f"{f'N = {n}':>8}" for n in sizes))
    for name, fact in facts.items():
        print(f"{name:30}" + "".join(f"{calls:8}" for calls in fact["calls"].values()))
