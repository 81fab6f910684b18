"""Is a cascade's promise kept? Thresholds chosen on simulated calibration sets with planted truth.

    python benchmarks/cascades.py [--sets 1000]

A verdict's sureness is one of six levels, and the less sure it is the more often it disagrees; of
all that are at least .8 sure 5.3 % do, of all that are at least .7 sure 10.6 %. Disagreement is
promised to be at most 10 % with an error of 10 %, so a threshold below .8 breaks the promise. In
``together`` a third of the problems holds all disagreements, as where a problem is hard; ``apart``
has them anywhere. ``broken`` is the share of calibration sets whose threshold breaks the promise,
``chosen`` of those that have a threshold at all, ``decided`` the mean share of the verdicts that
the cheap judge then decides.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse

import numpy as np

from pairjudge_lab.statistics.selective import choose_threshold

LEVELS = np.array([0.99, 0.95, 0.9, 0.8, 0.7, 0.6])
WRONG = np.array([0.02, 0.05, 0.06, 0.08, 0.32, 0.34])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=1000)
    args = parser.parse_args()
    print(f"{args.sets} calibration sets a line\n")
    head = ("problems", "each", "wrong", "unit", "broken", "chosen", "decided")
    print(" ".join(f"{name:>9}" for name in head))
    for problems, each, spread in ((60, 40, 0.34), (60, 40, 1.0), (200, 12, 0.34), (300, 1, 1.0)):
        for unit in ("problem", "verdict"):
            rng = np.random.default_rng([problems, each, round(100 * spread)])
            broken, chosen, decided = [], [], []
            for _ in range(args.sets):
                level = rng.integers(0, len(LEVELS), (problems, each))
                hard = rng.random((problems, 1)) < spread
                wrong = rng.random(level.shape) < WRONG[level] / spread * hard
                names, sure = np.repeat(np.arange(problems), each), LEVELS[level].ravel()
                found = choose_threshold(
                    names, sure, 1.0 - wrong.ravel(), thresholds=LEVELS, unit=unit
                ).threshold
                chosen.append(found is not None)
                broken.append(found is not None and found < 0.8)
                decided.append(0.0 if found is None else float((found <= LEVELS).mean()))
            figures = " ".join(f"{np.mean(x):9.3f}" for x in (broken, chosen, decided))
            where = "together" if spread < 1 else "apart"
            print(f"{problems:9} {each:9} {where:>9} {unit:>9} {figures}")


if __name__ == "__main__":
    main()
