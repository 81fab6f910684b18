"""The full figure: 200 problems, 64 candidates, 7 values of N, 6 selectors, 1,000 subsets.

    python benchmarks/scaling.py

The pools are the embedded ones; the verdicts are drawn from a planted judge, since 64 candidates
were not judged in full. The rival plays the same knockouts through the generator, one by one.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import time

import numpy as np

from pairjudge_lab import load_pools, prepare
from pairjudge_lab.replay import Recording, curve, draw_subsets, replay
from pairjudge_lab.tournaments import Knockout
from pairjudge_lab.verdicts.codes import FIRST, NEITHER, SECOND, TIE

SELECTORS = ("pass", "random", "majority", "mean-verdict", "knockout", "knockout:both")
SIZES = (1, 2, 4, 8, 16, 32, 64)


def planted(limit: int, seed: int) -> list[Recording]:
    """Recordings in which each label is right with probability 0.85."""
    rng = np.random.default_rng(seed)
    out = []
    for pool in load_pools("embedded", limit=limit):
        ready = prepare(pool)
        right = np.array([bool(c.correct) for c in ready.candidates])
        n = len(right)
        first = np.where(rng.random((n, n)) < 0.85, right[:, None], ~right[:, None])
        second = np.where(rng.random((n, n)) < 0.85, right[None, :], ~right[None, :])
        codes = np.select([first & second, first, second], [TIE, FIRST, SECOND], NEITHER)
        out.append(Recording(ready, codes[None].astype(np.int8)))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--subsets", type=int, default=1000)
    args = parser.parse_args()
    recordings = planted(args.problems, 0)
    curve(recordings[:1], SELECTORS, (1, 2), subsets=2)  # compile
    clock = time.perf_counter()
    found = curve(recordings, SELECTORS, SIZES, subsets=args.subsets)
    seconds = time.perf_counter() - clock
    print(
        f"{len(found.problems)} problems of 64, {len(SIZES)} values of N, {len(SELECTORS)} "
        f"selectors, "
        f"{args.subsets} subsets: {seconds:.1f} s (wanted: 60)"
    )
    knockouts = sum(point.subsets for point in found.points if point.selector.startswith("knock"))
    rng, few = np.random.default_rng(1), 2
    clock = time.perf_counter()
    for recording in recordings[:: max(1, len(recordings) // 20)]:
        for n in SIZES:
            for kind in (Knockout(), Knockout(Knockout().rules.__class__(order="both"))):
                for subset in draw_subsets(64, n, few, rng).tolist():
                    replay(recording, kind, rng, subset)
    played = len(recordings[:: max(1, len(recordings) // 20)]) * len(SIZES) * 2 * few
    slow = (time.perf_counter() - clock) / played * knockouts * len(recordings)
    print(
        f"its {knockouts * len(recordings):,} knockouts one by one through the generator would "
        f"take "
        f"{slow / 60:.0f} minutes: the figure is {slow / seconds:.0f} times as fast"
    )


if __name__ == "__main__":
    main()
