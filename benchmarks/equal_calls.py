"""Who selects better at equal calls: tournaments on simulated judges, against the knockout.

    python benchmarks/equal_calls.py [--problems 150] [--n 8]

A judge calls a response correct or not, each label right with the given accuracy, once for a
response and its opponent; the position effect makes the response shown first correct, and the
other not, with that probability; ``noise`` replaces a label by a coin. ``hard`` is the share of
problems on which the judge is worse than a coin, right with one minus the accuracy: errors that are
correlated within a problem. Every tournament plays under a few budgets on the same subsets; the
difference is to the knockout at the same mean calls, problem by problem, with intervals that hold
together for all comparisons of one judge (``replay.frontier``).
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path.pop(0)

import argparse
from itertools import product

import numpy as np

from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay import Recording, frontier
from pairjudge_lab.replay.selecting import plan_named
from pairjudge_lab.verdicts.codes import FIRST, NEITHER, SECOND, TIE

NAMES = ("knockout:both", "swiss", "double-elimination", "pivot", "round-robin", "adaptive")


def recordings(
    accuracy: float, effect: float, noise: float, hard: float, problems: int, n: int, seed: int
) -> list[Recording]:
    """Problems with their verdicts in both orders; wrong candidates share four answers."""
    rng = np.random.default_rng(seed)
    out = []
    for place in range(problems):
        right = rng.random(n) < rng.beta(2, 3)
        groups = np.where(right, 0, rng.integers(1, 5, n))
        chance = 1 - accuracy if rng.random() < hard else accuracy
        belief = right[:, None] == (rng.random((n, n)) < chance)
        labels = np.stack([belief, belief.T])
        labels = np.where(rng.random(labels.shape) < noise, rng.random(labels.shape) < 0.5, labels)
        labels[0] |= rng.random((n, n)) < effect
        labels[1] &= rng.random((n, n)) >= effect
        a, b = labels
        codes = np.select([a & b, a, b], [TIE, FIRST, SECOND], NEITHER)[None].astype(np.int8)
        candidates = tuple(
            Candidate(str(i), str(g), bool(ok))
            for i, (g, ok) in enumerate(zip(groups, right, strict=True))
        )
        pool = Pool(Problem(f"p{place}", "?"), candidates, tuple(int(g) for g in groups))
        out.append(Recording(pool, codes))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=150)
    parser.add_argument("--n", type=int, default=8)
    parser.add_argument("--subsets", type=int, default=20, help="draws a problem and budget")
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--accuracy", type=float, nargs="+", default=[0.55, 0.7, 0.8, 0.9])
    parser.add_argument("--effect", type=float, nargs="+", default=[0.0, 0.15, 0.3])
    parser.add_argument("--hard", type=float, nargs="+", default=[0.0, 0.2])
    args = parser.parse_args()
    print(
        "| accuracy | effect | hard | knockout, % | its calls | best other | calls | difference |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    kinds = {name: plan_named(name) for name in NAMES}
    for accuracy, effect, hard in product(args.accuracy, args.effect, args.hard):
        made = recordings(accuracy, effect, args.noise, hard, args.problems, args.n, 1)
        budgets = [args.n // 2, args.n - 1, 2 * args.n]
        found = frontier(made, kinds, args.n, budgets, subsets=args.subsets, seed=1)
        reference = found.of("knockout")[-1]
        # The comparison that counts: at no more calls than the knockout itself makes.
        near = [c for c in found.compare() if c.spent <= 1.02 * reference.costs["calls"]]
        best = max(near, key=lambda c: c.difference.estimate)
        d = best.difference
        print(
            f"| {accuracy} | {effect} | {hard} | {100 * reference.accuracy.estimate:.1f} | "
            f"{reference.costs['calls']:.1f} | {best.selector} | {best.spent:.1f} | "
            f"{100 * d.estimate:+.1f} [{100 * d.low:+.1f}, {100 * d.high:+.1f}] |",
            flush=True,
        )


if __name__ == "__main__":
    main()
