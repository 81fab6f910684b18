"""Coverage: how often a 95 % interval holds the truth, over many studies of a planted judge.

    python benchmarks/coverage.py --studies 1000

The truth of each figure is its value in one very large study of the same judge. Between 93 and 97
of 100 intervals should hold it. The last lines say how often noise alone is called bias.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path.pop(0)

import argparse
from collections import Counter
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from pairjudge_lab.replay import curve
from pairjudge_lab.replay.simulation import known_curve, known_study
from pairjudge_lab.statistics.intervals import Estimate
from pairjudge_lab.statistics.pairs import pair_up
from pairjudge_lab.statistics.position import position_bias
from pairjudge_lab.statistics.simulation import Plan, simulate_study
from pairjudge_lab.statistics.stability import stability

PLANS = {
    "60 problems, 4 pairs each": Plan(),
    "20 problems, 8 pairs each": Plan(problems=20, pairs=8),
    "200 problems, 1 pair each, strong lean": Plan(problems=200, pairs=1, slot_effect=0.25),
    "40 problems, 3 repetitions": Plan(problems=40, pairs=3, repetitions=3, noise=0.3),
    "noisy, much unreadable": Plan(noise=0.5, unreadable=0.15, tie=0.15),
}


def figures(plan: Plan, rng: np.random.Generator, resamples: int) -> dict[str, Estimate]:
    """Every interval of one study."""
    table = simulate_study(plan, rng)
    row = position_bias(pair_up(table)[0], rng, resamples=resamples)
    found = {
        "consistency": row.consistency,
        "fairness": row.fairness,
        "conflict rate": row.conflict_rate,
        "first slot": row.first_slot,
        "slot effect": row.slot_effect,
        "order effect (logit)": row.order_effect,
        "kappa": row.kappa,
        "accuracy": row.accuracy,
        "both right": row.both_right,
    }
    if plan.repetitions > 1:
        repeated = stability(table, seed=int(rng.integers(2**31)), resamples=resamples)
        found |= {
            "stability": repeated.stability,
            "flips": repeated.flips,
            "noise": repeated.noise,
            "bias": repeated.bias,
        }
    return {name: value for name, value in found.items() if value is not None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for number, (name, plan) in enumerate(PLANS.items()):
        rng = np.random.default_rng([args.seed, number])
        truth = {
            key: value.estimate
            for key, value in figures(replace(plan, problems=400_000 // plan.pairs), rng, 1).items()
        }
        held: Counter[str] = Counter()
        for _ in tqdm(range(args.studies), desc=name, leave=False):
            for key, value in figures(plan, rng, args.resamples).items():
                held[key] += value.low <= truth[key] <= value.high
        print(f"\n{name}: {args.studies} studies")
        for key, value in truth.items():
            print(f"  {key:22} truth {value:7.4f}   held {100 * held[key] / args.studies:5.1f} %")
    sizes, rng = [1, 2, 4, 8], np.random.default_rng([args.seed, 98])
    known, within = known_curve(sizes), Counter[int]()
    for _ in tqdm(range(args.studies), desc="curves", leave=False):
        for point in curve(known_study(rng, 60), ["knockout"], sizes, subsets=20).points:
            within[point.n] += point.accuracy.low <= known[point.n] <= point.accuracy.high
    print(f"\nBest-of-N curves of 60 problems, knockout: {args.studies} studies")
    for n in sizes:
        share = 100 * within[n] / args.studies
        print(f"  N = {n:2}                 truth {known[n]:7.4f}   held {share:5.1f} %")
    for spread, words in ((0.0, "none in any problem"), (0.1, "none on average")):
        plan = Plan(slot_effect=0.0, slot_spread=spread, noise=0.4)
        rng = np.random.default_rng([args.seed, 99])
        called = sum(
            position_bias(pair_up(simulate_study(plan, rng))[0], rng, resamples=1).tests[0].p < 0.05
            for _ in range(args.studies)
        )
        print(f"\nno slot effect ({words}): called bias in {100 * called / args.studies:.1f} %")


if __name__ == "__main__":
    main()
