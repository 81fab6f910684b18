"""Does a part of the embedded recording foretell the whole? Plans from pilots, against all of it.

    python benchmarks/planner.py [--pilots 200] [--subsets 100]

Pilots of 20, 40 and 80 of the 200 problems are drawn at random, and each makes a plan under budgets
of calls. The whole has the same configurations on all 200 problems.

held      share of the 95 % intervals of the pilots' configurations that hold the whole's accuracy;
          pilots are parts of the whole, so this is rather more than it is for new problems
regret    the best accuracy within the budget minus that of what was chosen, on the whole, points
naive     the chosen one's accuracy on the pilot minus on the whole, points
expected  the same of what the plan says to expect
cheaper   what is named as cheaper and shown to lose at most 2 points, minus the chosen, on the
          whole; and in how many pilots one is named
gain      the share of pilots that find the right sign of what more candidates gain at N = 4
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse

import numpy as np

from pairjudge_lab import load_pools, load_verdicts, prepare
from pairjudge_lab.planner import make_plan, measure
from pairjudge_lab.replay import record

BUDGETS = (1.5, 7.0, 40.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pilots", type=int, default=200)
    parser.add_argument("--subsets", type=int, default=100)
    args = parser.parse_args()
    pools = [prepare(pool) for pool in load_pools("embedded")]
    recordings = record(pools, load_verdicts("embedded"))
    names = ["knockout", "swiss"]
    whole = measure({"tiny": recordings}, tournaments=names, subsets=args.subsets)
    true = dict(zip(whole.configurations, whole.accuracy.mean(axis=1), strict=True))
    print(f"{len(true)} configurations, {args.pilots} pilots of each size\n")
    head = ("problems", "budget", "held", "regret", "naive", "expected", "cheaper", "named", "gain")
    print(" ".join(f"{name:>9}" for name in head))
    rng = np.random.default_rng(0)
    for size in (20, 40, 80):
        for budget in BUDGETS:
            held, regret, naive, expected, cheaper, sign = [], [], [], [], [], []
            for _ in range(args.pilots):
                pilot = whole.take(rng.choice(len(pools), size, replace=False))
                plan = make_plan(pilot, budget, rng, draws=200)
                mine = true[plan.chosen.configuration]
                for option in plan.options:
                    value = option.accuracy
                    held.append(value.low <= true[option.configuration] <= value.high)
                regret.append(
                    max(true[o.configuration] for o in plan.options if o.affordable) - mine
                )
                naive.append(plan.chosen.accuracy.estimate - mine)
                expected.append(plan.expected - mine)
                if plan.cheapest != plan.chosen:
                    cheaper.append(true[plan.cheapest.configuration] - mine)
                for bought in plan.to_buy:
                    if bought.what == "candidates" and bought.to is not None:
                        gained = true[bought.to] - mine
                        sign.append((bought.gain.estimate > 0) == (gained > 0))
            row = [100 * float(np.mean(x)) for x in (regret, naive, expected, cheaper or [np.nan])]
            print(
                f"{size:9} {budget:9g} {np.mean(held):9.3f} "
                + " ".join(f"{value:9.2f}" for value in row)
                + f" {len(cheaper):9}"
                + (f" {np.mean(sign):9.2f}" if sign else f" {'-':>9}")
            )


if __name__ == "__main__":
    main()
