"""Options that several commands take."""

from __future__ import annotations

import argparse

from pairjudge_lab.records import UserError

POOLS = ".jsonl or .parquet, or a name: see 'pairjudge-lab datasets'"
VERDICTS = ".parquet, .csv or .jsonl, or a name: see 'pairjudge-lab datasets'"
JUDGE = "a name, a folder, a .gguf file, a hub id or a server: see 'pairjudge-lab judges'"
"""What every option that takes a model takes."""


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


def whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {value}")
    return value


def sizes_of(text: str) -> list[int]:
    try:
        return [int(n) for n in text.split(",")]
    except ValueError:
        raise UserError(
            f"--n takes whole numbers with commas, such as 2,4,8; got {text!r}"
        ) from None


def add_pools(parser: argparse.ArgumentParser, takes: str = POOLS) -> None:
    """The problems with their candidates, and how many of them."""
    parser.add_argument("pools", metavar="POOLS", help=takes)
    parser.add_argument("--limit", type=positive, metavar="K", help="only the first K problems")


def add_candidates(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n", "--n", type=positive, metavar="N",
        help="only the first N candidates of each problem (default: all)",
    )  # fmt: skip


def add_seed(parser: argparse.ArgumentParser, draws: str) -> None:
    parser.add_argument("--seed", type=whole, default=0, help=f"seed of {draws} (0)")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
