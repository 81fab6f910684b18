"""How often a certified knockout is wrong: simulated brackets on judges with a planted truth.

    python benchmarks/certified.py [--brackets 10000] [--error 0.2] [--out out/certified.jsonl]

Every pair of candidates has a winner of its own, drawn by a coin, so that preferences go round in
circles. The judge names it with the given accuracy, favours whoever is shown first by the given
effect, and gives some ties and some coins; with a shared difficulty the accuracy is drawn for a
whole bracket, so that errors go together within a problem. A bracket counts as wrong when it says
that it is decided and any of its matches went to another than the judge, asked without end, would
prefer. Cells that are in the file already are not simulated again.

The brackets are played on arrays (``tests/tournaments/certified_brackets.py``), which give the same
brackets as ``CertifiedKnockout`` itself; ``--by-class`` plays the tournament, some hundred times
slower.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]
sys.path.insert(0, str(Path(__file__).parent.parent))

import argparse
import json
from itertools import product

import numpy as np
from scipy import stats

from tests.tournaments.certified_brackets import Planted, count_errors
from tests.tournaments.test_certified import errors

CELL = ("accuracy", "effect", "ties", "noise", "shared", "error", "rounds", "brackets")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brackets", type=int, default=10_000)
    parser.add_argument("--error", type=float, nargs="+", default=[0.2, 0.05], help="what is asked")
    parser.add_argument("--rounds", type=int, default=400, help="of a pairing, two calls each")
    parser.add_argument("--accuracy", type=float, nargs="+", default=[0.55, 0.6, 0.7, 0.8, 0.9])
    parser.add_argument("--effect", type=float, nargs="+", default=[0.0, 0.15, 0.3])
    parser.add_argument("--ties", type=float, nargs="+", default=[0.0, 0.2])
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.2])
    parser.add_argument("--by-class", action="store_true", help="through the tournament itself")
    parser.add_argument("--out", type=Path, help="a file of one line a cell, to go on from")
    args = parser.parse_args()
    if args.by_class:
        by_class(args)
        return
    known = {}
    if args.out is not None and args.out.exists():
        rows = map(json.loads, args.out.read_text().splitlines())
        known = {tuple(row[name] for name in CELL): row for row in rows}
    found = []
    grid = product(args.accuracy, args.effect, args.ties, args.noise, (False, True), args.error)
    for number, (*judge, error) in enumerate(grid):
        cell = (*judge, error, args.rounds, args.brackets)
        if cell not in known:
            rng = np.random.default_rng([number, args.rounds, args.brackets])
            decided, wrong, calls = count_errors(
                Planted(*judge), args.brackets, rng, error=error, rounds=args.rounds
            )
            counts = {"decided": decided, "wrong": wrong, "calls": calls}
            known[cell] = dict(zip(CELL, cell, strict=True)) | counts
            if args.out is not None:
                with args.out.open("a") as file:
                    file.write(json.dumps(known[cell]) + "\n")
        found.append(known[cell])
    show(found)


def show(found: list[dict[str, float]]) -> None:
    """One line for an accuracy, an effect and an error asked, over all cells that share them."""
    print(f"brackets of 4, at most {found[0]['rounds']} rounds a pairing, {len(found)} cells of")
    print(f"{found[0]['brackets']} brackets; the worst is the cell with the most wrong brackets\n")
    print(
        "| asked, % | accuracy | effect | cells | decided, % | calls | worst, % | 95 % (Wilson) |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for key in dict.fromkeys((row["error"], row["accuracy"], row["effect"]) for row in found):
        rows = [r for r in found if (r["error"], r["accuracy"], r["effect"]) == key]
        count = int(rows[0]["brackets"])
        worst = max(int(row["wrong"]) for row in rows)
        share = stats.binomtest(worst, count).proportion_ci(method="wilson")
        decided = [100 * row["decided"] / count for row in rows]
        calls = [row["calls"] for row in rows]
        print(
            f"| {100 * key[0]:g} | {key[1]} | {key[2]} | {len(rows)} | {min(decided):.1f} to "
            f"{max(decided):.1f} | {min(calls):.0f} to {max(calls):.0f} | "
            f"{100 * worst / count:.2f} | {100 * share.low:.2f} to {100 * share.high:.2f} |"
        )
    over = [row for row in found if row["wrong"] > row["error"] * row["brackets"]]
    print(f"\n{len(over)} of {len(found)} cells err more often than asked")


def by_class(args: argparse.Namespace) -> None:
    print("| asked, % | accuracy | effect | brackets | decided, % | wrong, % |")
    print("| --- | --- | --- | --- | --- | --- |")
    for error, accuracy, effect in product(args.error, args.accuracy, args.effect):
        decided, wrong = errors(
            accuracy, effect, 0.1, args.brackets, error=error, rounds=args.rounds
        )
        print(
            f"| {100 * error:g} | {accuracy} | {effect} | {args.brackets} | "
            f"{100 * decided / args.brackets:.1f} | {100 * wrong / args.brackets:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
