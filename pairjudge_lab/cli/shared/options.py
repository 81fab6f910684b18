"""Options that several commands take."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

from pairjudge_lab.records import UserError

POOLS = ".jsonl or .parquet, or a name: see 'pairjudge-lab datasets'"
OF_JUDGE = "whose verdicts, of a table of several judges"
VERDICTS = ".parquet, .csv or .jsonl, or a name: see 'pairjudge-lab datasets'"
JUDGE = "a name, a folder, a .gguf file, a hub id or a server: see 'pairjudge-lab judges'"
"""What every option that takes a model takes."""


MOST = 10_000_000
"""Of whatever is counted, unless an option says less."""
LARGEST_SEED = 2**63 - 1


def positive(text: str) -> int:
    return _between(text, 1, MOST)


def whole(text: str) -> int:
    return _between(text, 0, LARGEST_SEED)


def up_to(most: int) -> Callable[[str], int]:
    """The type of a count that takes memory or time for each."""

    def count(text: str) -> int:
        return _between(text, 1, most)

    return count


def finite(text: str) -> float:
    """The type of a number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a finite number, got {text!r:.40}")
    return value


def share(text: str) -> float:
    """The type of a share above 0 and at most 1."""
    value = finite(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1, got {value:g}")
    return value


def _between(text: str, least: int, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r:.40}") from None
    if not least <= value <= most:
        shown = str(value) if abs(value) < 10**30 else f"a number of {len(text)} digits"
        raise argparse.ArgumentTypeError(f"must be {least} or more, at most {most:,}; got {shown}")
    return value


def sizes_of(text: str) -> list[int]:
    try:
        sizes = [int(n) for n in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or not all(1 <= n <= MOST for n in sizes):
        raise UserError(
            f"--n takes whole numbers with commas, from 1 up, such as 2,4,8; got {text!r:.60}"
        )
    return sizes


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


def add_guard(parser: argparse.ArgumentParser, of: str) -> None:
    """Whether texts in CSV are kept from being run by a spreadsheet."""
    parser.add_argument(
        "--guard-formulas", action="store_true",
        help=f"{of}: put an apostrophe before texts that a spreadsheet would run",
    )  # fmt: skip


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
