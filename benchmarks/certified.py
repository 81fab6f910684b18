"""How often a certified knockout is wrong: simulated brackets on judges with a planted truth.

    python benchmarks/certified.py [--brackets 10000] [--error 0.2]

Every pair of candidates has a winner of its own, drawn by a coin, so that preferences go round in
circles; the judge names it with the given accuracy, favours whoever is shown first by the given
effect, and says "tie" in a tenth of its verdicts. A bracket is wrong when it says that it is
decided and its winner is not the one whom the judge, asked without end, would send through the same
bracket.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Two files beside this one are named like modules that libraries import.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parent.parent))

import argparse

from scipy import stats

from tests.tournaments.test_certified import errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brackets", type=int, default=10_000)
    parser.add_argument("--error", type=float, default=0.2, help="what is asked")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--accuracy", type=float, nargs="+", default=[0.55, 0.7, 0.9])
    parser.add_argument("--effect", type=float, nargs="+", default=[0.0, 0.15, 0.3])
    args = parser.parse_args()
    print(f"brackets of 4, at most {args.rounds} rounds a pairing, error asked: {args.error}")
    print("| accuracy | position effect | brackets | decided, % | wrong, % | 95 % (Wilson) |")
    print("| --- | --- | --- | --- | --- | --- |")
    for accuracy in args.accuracy:
        for effect in args.effect:
            decided, wrong = errors(
                accuracy, effect, 0.1, args.brackets, error=args.error, rounds=args.rounds
            )
            share = stats.binomtest(wrong, args.brackets).proportion_ci(method="wilson")
            print(
                f"| {accuracy} | {effect} | {args.brackets} | "
                f"{100 * decided / args.brackets:.1f} | {100 * wrong / args.brackets:.2f} | "
                f"{100 * share.low:.2f} to {100 * share.high:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
