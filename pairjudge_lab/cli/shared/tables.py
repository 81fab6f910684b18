"""Options for tables whose columns are called otherwise, and for datasets of the hub."""

from __future__ import annotations

import argparse
from typing import Any

SOURCES = "a file, a name of 'pairjudge-lab datasets', a hub id (owner/name), 'embedded' or 'study'"


def add_table_options(parser: argparse.ArgumentParser) -> None:
    table = parser.add_argument_group("a table of another layout, or from the hub")
    table.add_argument(
        "--column", action="append", default=[], metavar="OURS=THEIRS",
        help="a column that is called otherwise, such as problem=question; give it again for more",
    )  # fmt: skip
    table.add_argument("--config", help="of a hub id: its configuration")
    table.add_argument("--split", help="of a hub id: its split")


def table_options(args: argparse.Namespace) -> dict[str, Any]:
    """What ``load_problems``, ``load_pools`` and ``load_verdicts`` take of these options.

    Raises
    ------
    UserError
        See ``rows.parse_columns``.
    """
    from pairjudge_lab.datasets.rows import parse_columns

    return {
        "columns": parse_columns(args.column) or None,
        "config": args.config,
        "split": args.split,
    }
