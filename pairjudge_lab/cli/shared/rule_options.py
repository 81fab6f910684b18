"""The options of ``tournaments.rules.Rules``."""

from __future__ import annotations

import argparse
from typing import Any

from pairjudge_lab.cli.shared.options import (
    up_to,
    whole,
)


def add_rules(parser: argparse.ArgumentParser) -> None:
    rules = parser.add_argument_group(
        "rules of the tournament", "Each tournament has rules of its own; these replace them."
    )
    rules.add_argument(
        "--order", choices=("drawn", "random", "balanced", "both"),
        help="who is shown first: as the tournament draws it, at random, whoever was first less "
        "often, or both orders (two calls a match)",
    )  # fmt: skip
    rules.add_argument(
        "--votes", type=up_to(1000), metavar="K", help="verdicts that decide a match"
    )
    rules.add_argument(
        "--both-correct", choices=("tie", "first"),
        help="what a verdict counts for that calls both correct: a tie, or a win of the one shown "
        "first",
    )  # fmt: skip
    rules.add_argument(
        "--neither", choices=("out", "tie"),
        help="what a verdict counts for that calls neither correct: both are out, or a tie",
    )  # fmt: skip
    rules.add_argument(
        "--unread", choices=("tie", "neither", "keep", "again"),
        help="what an unread verdict counts for: a tie, neither correct, no point "
        "and nobody out, or it is judged again",
    )  # fmt: skip
    rules.add_argument("--budget", type=whole, metavar="CALLS", help="the most calls a problem")


def rules_given(args: argparse.Namespace) -> dict[str, Any]:
    """The rules that were named on the command line."""
    names = ("order", "votes", "both_correct", "neither", "unread", "budget")
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}
