"""Tournaments replayed a second: compiled replay against the generators, on the same table.

    python benchmarks/replay.py [NAME ...]

One core, one process. Both sides play the same tournaments: the same subsets, draws and orders, and
the benchmark checks that they select the same candidates with the same calls. The ratio is the
median over rounds of two timings side by side.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import statistics
import time

import numpy as np

from pairjudge_lab.records import Candidate, Pool, Problem
from pairjudge_lab.replay import Recording, can_compile, draw_subsets, replay, replay_many
from pairjudge_lab.tournaments import TOURNAMENTS, tournament

WANTED = {
    "knockout": 300,
    "round-robin": 200,
    "round-robin-bradley-terry": 200,
    "ladder": 200,
    "pivot": 200,
    "double-elimination": 200,
    "swiss": 100,
    "adaptive": 50,
}
"""Times the generator."""

WANTED_SPEED = {("knockout", 64): 350_000, ("swiss", 16): 20_000}
"""Tournaments a second on one core, by name and N."""


def recording(size: int, answers: int, seed: int) -> Recording:
    """A table of so many candidates and random verdicts; ``answers`` different answers."""
    rng = np.random.default_rng(seed)
    numbers = tuple(int(t) for t in rng.integers(0, answers, size)) if answers < size else ()
    candidates = tuple(Candidate(f"text {i}") for i in range(size))
    pool = Pool(Problem("random", "?"), candidates, numbers)
    return Recording(pool, rng.integers(0, 4, (1, size, size)).astype(np.int8))


def measure(name: str, table: Recording, seconds: float, rounds: int) -> tuple[float, float]:
    """Compiled tournaments a second, and how many times the generator that is."""
    kind, size = tournament(name), len(table)
    replay_many(table, kind, draw_subsets(size, size, 2, np.random.default_rng(0)),
                np.random.default_rng(0))  # fmt: skip
    fast_count, slow_count = 64, 4
    speeds, ratios = [], []
    for seed in range(rounds):
        rng = np.random.default_rng([seed, 1])
        while True:
            subsets = draw_subsets(size, size, fast_count, np.random.default_rng(seed))
            clock = time.process_time()
            played = replay_many(table, kind, subsets, np.random.default_rng([seed, 1]))
            spent = time.process_time() - clock
            if spent > seconds / 2:
                break
            fast_count *= 2
        fast = fast_count / spent
        clock, slow = time.process_time(), 0
        while slow < min(slow_count, fast_count) or time.process_time() - clock < seconds:
            if slow == fast_count:
                break
            subset = subsets[slow].tolist()
            selection = replay(table, kind, rng, subset)
            if (subset[selection.candidate], selection.calls) != (
                int(played.chosen[slow]), int(played.calls[slow]),
            ):  # fmt: skip
                raise SystemExit(f"{name}: the two replays differ")
            slow += 1
        speeds.append(fast)
        ratios.append(fast * (time.process_time() - clock) / slow)
    return statistics.median(speeds), statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[], help="tournaments; by default all")
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--seconds", type=float, default=0.5, help="processor time a timing")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| tournament | N | answers | a second, one core | times the generator | wanted |")
    print("| --- | --- | --- | --- | --- | --- |")
    missed = []
    for name in args.names or TOURNAMENTS:
        if name == "knockout-seeded-score":
            continue
        compiled = can_compile(tournament(name))
        for size in args.sizes:
            for answers in (8, size):
                if not compiled:
                    print(f"| {name} | {size} | {answers} | not compiled | | |", flush=True)
                    continue
                table = recording(size, answers, seed=1)
                speed, ratio = measure(name, table, args.seconds, args.rounds)
                wanted = WANTED.get(name, "")
                where = f"{name}, N = {size}, {answers} answers"
                if wanted and ratio < wanted:
                    missed.append(f"{where}: {ratio:,.0f} times the generator, wanted {wanted}")
                fast = WANTED_SPEED.get((name, size), 0)
                if speed < fast:
                    missed.append(f"{where}: {speed:,.0f} a second, wanted {fast:,}")
                print(
                    f"| {name} | {size} | {answers} | {speed:,.0f} | {ratio:,.0f} | {wanted} |",
                    flush=True,
                )
    print("\nmissed:" if missed else "\nnothing was missed")
    for line in missed:
        print(f"  {line}")


if __name__ == "__main__":
    main()
