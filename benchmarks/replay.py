"""Knockouts replayed a second: the compiled replay against the generator, on the same table.

    python benchmarks/replay.py

One core each, in one process. Both sides play the same knockouts: the same subsets, brackets and
slots, and the benchmark checks that they select the same candidates.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path.pop(0)

import argparse
import statistics
import time

import numpy as np

from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay import Recording, draw_subsets, replay, replay_knockouts
from pairjudge_lab.tournaments import Knockout

SIZE = 64


def recording(teams: int, seed: int) -> Recording:
    """A table of 64 candidates and random verdicts; ``teams`` different answers."""
    rng = np.random.default_rng(seed)
    numbers = tuple(int(t) for t in rng.integers(0, teams, SIZE)) if teams < SIZE else ()
    candidates = tuple(Candidate(f"text {i}") for i in range(SIZE))
    pool = Pool(Problem("random", "?"), candidates, numbers)
    return Recording(pool, rng.integers(0, 4, (1, SIZE, SIZE)).astype(np.int8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiled", type=int, default=200_000, help="knockouts, compiled")
    parser.add_argument("--generator", type=int, default=400, help="knockouts, by the generator")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    for teams in (8, SIZE):
        table = recording(teams, seed=1)
        speeds, ratios = [], []
        for seed in range(args.rounds + 1):  # the first compiles, and is not counted
            subsets = draw_subsets(SIZE, SIZE, args.compiled, np.random.default_rng(seed))
            rng = np.random.default_rng([seed, 1])
            clock = time.perf_counter()
            chosen, _ = replay_knockouts(table, Knockout(), subsets, rng)
            fast = args.compiled / (time.perf_counter() - clock)
            rng = np.random.default_rng([seed, 1])
            some = subsets[: args.generator].tolist()
            clock = time.perf_counter()
            slow_chosen = [
                subset[replay(table, Knockout(), rng, subset).candidate] for subset in some
            ]
            slow = args.generator / (time.perf_counter() - clock)
            if slow_chosen != chosen[: args.generator].tolist():
                raise SystemExit("the two replays selected different candidates")
            if seed:
                speeds.append(fast)
                ratios.append(fast / slow)
        print(
            f"N = {SIZE}, {teams} answers: {statistics.median(speeds):,.0f} knockouts a second on "
            f"one core (wanted: 300,000); {statistics.median(ratios):.0f} times the generator "
            f"(wanted: 100); the same selections (median of {args.rounds})"
        )


if __name__ == "__main__":
    main()
