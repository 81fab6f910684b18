"""Coverage: how often a 95 % interval holds the truth, over many studies of a planted judge.

    python benchmarks/coverage.py --studies 2000

The truth of each figure is its value in one very large study of the same judge. Studies are drawn
and counted many at a time, and their limits computed at once by the functions that the reports use.
Wanted: 93 to 97.5 of 100, up to 99.5 where two problems hold most pairs or rare outcomes are
clustered; at most 6 of 100 false alarms. What misses that is listed at the end, and the exit status
is 1. Beside each coverage stands the median width and, for shares and the position effect, the
coverage of the same limits if the variance of the figure over studies were known: where a figure
can take few values, as where hardly any pair changes, that misses 95 as well, and no interval does
better but by chance. With ``--out FILE`` finished designs are kept and not run again.
"""

from __future__ import annotations

import sys

from coverage_designs import DESIGNS, POOLS, SURE, Design

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special
from tqdm import tqdm

from pairjudge_lab.replay import curve
from pairjudge_lab.replay.simulation import known_curve, known_study
from pairjudge_lab.statistics.limits import (
    Limits,
    difference_limits,
    difference_p,
    kappa_limits,
    share_limits,
    variance_at,
    wilson,
)
from pairjudge_lab.statistics.order import order_limits

Counts = dict[str, np.ndarray]
NORMAL = 1.959964
ALARMS = "no position effect: called one (wanted: at most 6 %)"


def draw(design: Design, studies: int, rng: np.random.Generator) -> Counts:
    """Totals of so many studies, (studies, problems) each, (studies, problems, 3, 3) of winners."""
    shape = (studies, design.problems)
    hard = rng.standard_normal(shape)
    if design.tied:
        sizes = np.clip(np.round(np.exp(1.5 - 0.8 * hard)), 1, 30).astype(int)
    else:
        sizes = np.broadcast_to(np.asarray(design.sizes), shape)
    there = np.arange(sizes.max()) < sizes[..., None]
    each = there.shape
    chance = special.expit(special.logit(design.accuracy) + design.spread * hard)[..., None]
    lean = design.effect + design.effect_spread * rng.standard_normal(shape)
    lean = np.clip(lean, -1, 1)[..., None]
    loud = special.logit(design.noise) + design.noise_spread * rng.standard_normal(shape)
    noise = special.expit(loud)[..., None]
    better_x = rng.random(each) < 0.5
    believed = np.where(rng.random(each) < chance, better_x, ~better_x)
    winners = []
    for x_first in (True, False):
        first = believed == x_first
        first = np.where(rng.random(each) < noise, rng.random(each) < 0.5, first)
        first = np.where(rng.random(each) < np.abs(lean), lean > 0, first)
        won = np.where(first == x_first, 0, 1)
        won = np.where(rng.random(each) < design.tie, 2, won)
        wrong = design.unread if design.unread_wrong is None else design.unread_wrong
        lost = np.where(won == np.where(better_x, 0, 1), design.unread, wrong)
        winners.append(np.where(rng.random(each) < lost, 3, won))
    x, y = winners
    cells = np.stack(
        [np.stack([(there & (x == i) & (y == j)).sum(-1) for j in range(3)], -1) for i in range(3)],
        axis=-2,
    ).astype(float)
    better = np.where(better_x, 0, 1)
    right = ((there & (x == better)).sum(-1) + (there & (y == better)).sum(-1)).astype(float)
    return {"cells": cells, "right": right, "gold": 2.0 * there.sum(-1)}


def figures(counts: Counts) -> dict[str, Limits]:
    """Every headline figure of each study, as the reports compute it."""
    cells = counts["cells"]
    read = cells.sum(axis=(-1, -2))
    full_first, full_second = cells[..., 0, 1], cells[..., 1, 0]
    half_first = cells[..., 0, 2] + cells[..., 2, 1]
    half_second = cells[..., 1, 2] + cells[..., 2, 0]
    squares = full_first + full_second + (half_first + half_second) / 4
    one, other = full_first + half_first / 2, full_second + half_second / 2
    return {
        "consistency": share_limits(np.trace(cells, axis1=-2, axis2=-1), read),
        "position effect": difference_limits(one, other, read, squares=squares),
        "order (logit)": order_limits(full_first, full_second, half_first, half_second),
        "kappa": kappa_limits(cells),
        "accuracy": share_limits(counts["right"], counts["gold"]),
    }


def flattened(counts: Counts) -> Counts:
    """Many studies as one."""
    return {name: value.reshape(1, -1, *value.shape[2:]) for name, value in counts.items()}


def covered(found: dict[str, Limits], truth: dict[str, float]) -> dict[str, tuple[float, ...]]:
    """By figure: the truth, per cent of intervals that hold it, and their median width."""
    return {
        name: (truth[name], held(low, high, truth[name]), float(np.median(high - low)))
        for name, (_, low, high) in found.items()
    }


def held(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    """Per cent of intervals that hold the truth."""
    inside = (low <= truth + 1e-12) & (truth <= high + 1e-12)
    return 100 * float(inside.mean())


def known_variance(counts: Counts, truth: dict[str, float]) -> dict[str, float]:
    """Coverage of the score limits whose variance is the one seen over all studies."""
    cells = counts["cells"]
    read = cells.sum(axis=(-1, -2))
    first = cells[..., 0, 1] + (cells[..., 0, 2] + cells[..., 2, 1]) / 2
    second = cells[..., 1, 0] + (cells[..., 1, 2] + cells[..., 2, 0]) / 2
    out = {}
    for name, hits, of in (
        ("consistency", np.trace(cells, axis1=-2, axis2=-1), read),
        ("accuracy", counts["right"], counts["gold"]),
    ):
        total = of.sum(axis=-1)
        share = hits.sum(axis=-1) / total
        effect = np.var(share) * total.mean() / (truth[name] * (1 - truth[name]))
        out[name] = held(*wilson(share, total / effect, np.array(NORMAL)), truth[name])
    total, name = read.sum(axis=-1), "position effect"
    up, down = first.sum(axis=-1) / total, second.sum(axis=-1) / total
    middle = variance_at(np.array(truth[name]), up.mean(), down.mean())
    worth = total * middle / (np.var(up - down) * total.mean())
    z = np.abs(up - down - truth[name]) / np.sqrt(
        variance_at(np.array(truth[name]), up, down) / worth
    )
    out[name] = 100 * float((z <= NORMAL).mean())
    return out


def verdict_design(design: Design, studies: int, seed: int) -> dict[str, tuple[float, ...]]:
    rng = np.random.default_rng(seed)
    large = [draw(design, max(1, 4000 // design.problems), rng) for _ in range(50)]
    whole = {
        name: np.concatenate(
            [flattened(part)[name].sum(axis=1, keepdims=True) for part in large], 1
        )
        for name in large[0]
    }
    truth = {name: float(value[0][0]) for name, value in figures(whole).items()}
    drawn = [draw(design, studies // 10, rng) for _ in range(10)]
    parts = [figures(part) for part in drawn]
    found: dict[str, Any] = {
        name: tuple(np.concatenate([part[name][k] for part in parts]) for k in range(3))
        for name in parts[0]
    }
    whole = {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
    known = known_variance(whole, truth)
    return {n: (*row, known.get(n, float("nan"))) for n, row in covered(found, truth).items()}


def pass_design(plan: tuple[float, float, int, int, int], studies: int, seed: int) -> Any:
    a, b, problems, size, k = plan
    right = np.arange(size + 1)
    value = np.array([1 - comb(size - c, k) / comb(size, k) for c in right])
    weights = special.comb(size, right) * special.beta(a + right, b + size - right)
    truth = float((weights * value).sum() / special.beta(a, b))
    rng = np.random.default_rng(seed)
    drawn = value[rng.binomial(size, rng.beta(a, b, (studies, problems)))]
    limits = share_limits(drawn, np.ones_like(drawn), squares=np.square(drawn))
    mean, unit = drawn.mean(axis=-1), truth * (1 - truth)
    effect = np.var(mean) * problems / unit
    known = held(*wilson(mean, np.full(mean.shape, problems / effect), np.array(NORMAL)), truth)
    return {"pass@k": (*covered({"pass@k": limits}, {"pass@k": truth})["pass@k"], known)}


def curves(studies: int, seed: int) -> Any:
    sizes, rng = [1, 2, 4, 8], np.random.default_rng(seed)
    known, held = known_curve(sizes), dict.fromkeys(sizes, 0)
    for _ in tqdm(range(studies), desc="curves", leave=False):
        for point in curve(known_study(rng, 60), ["knockout"], sizes, subsets=20).points:
            held[point.n] += point.accuracy.low <= known[point.n] <= point.accuracy.high
    return {f"N = {n}": (known[n], 100 * held[n] / studies, float("nan")) for n in sizes}


def false_alarms(studies: int, seed: int) -> Any:
    """How often no position effect is called one: the type I error at 5 %."""
    out = {}
    base = Design(effect=0.0, noise=0.4)
    for name, design in {
        "none in any problem": replace(base, effect_spread=0.0),
        "none on average": base,
        "none on average, 12 problems, two hold 80 %": replace(
            base, problems=12, sizes=(20, 20, *[1] * 10)
        ),
        "none, 30 problems, rate near .98": replace(SURE, problems=30, effect=0.0),
        "none on average, 6 problems": replace(base, problems=6),
    }.items():
        rng = np.random.default_rng(seed)
        cells = draw(design, studies, rng)["cells"]
        full, half = cells[..., 0, 1], cells[..., 0, 2] + cells[..., 2, 1]
        other, rest = cells[..., 1, 0], cells[..., 1, 2] + cells[..., 2, 0]
        p = difference_p(
            full + half / 2,
            other + rest / 2,
            cells.sum(axis=(-1, -2)),
            squares=full + other + (half + rest) / 4,
        )
        out[name] = (0.05, 100 * float((p < 0.05).mean()), float("nan"))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--curve-studies", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="designs whose name holds this")
    parser.add_argument("--out", type=Path, help="keep what is finished here, as JSON lines")
    args = parser.parse_args()
    done = {}
    if args.out is not None and args.out.is_file():
        done = {row["design"]: row["figures"] for row in map(json.loads, args.out.open())}
    work: dict[str, Callable[[int], Any]] = {}
    for name, design in DESIGNS.items():
        work[name] = lambda seed, d=design: verdict_design(d, args.studies, seed)
    for name, plan in POOLS.items():
        work[name] = lambda seed, p=plan: pass_design(p, args.studies, seed)
    work["Best-of-N curves of 60 problems, knockout"] = lambda seed: curves(
        args.curve_studies, seed
    )
    work[ALARMS] = lambda seed: false_alarms(args.studies, seed)
    missed, judged = [], 0
    for number, (name, run) in enumerate(work.items()):
        if args.only not in name:
            continue
        if name not in done:
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                done[name] = run(1000 * args.seed + number)
            if args.out is not None:
                with args.out.open("a") as file:
                    file.write(json.dumps({"design": name, "figures": done[name]}) + "\n")
        print(f"\n{name}", flush=True)
        least, most = (0.0, 6.0) if name == ALARMS else (93.0, 97.5)
        if name in DESIGNS:
            most = DESIGNS[name].most
        for figure, (truth, share, width, *known) in done[name].items():
            fits = least <= share <= most
            judged += 1
            if not fits:
                missed.append(f"{name}: {figure} {share:.1f}")
            line = f"  {figure:44} truth {truth:7.4f}   {share:5.1f} %   width {width:.3f}"
            if known and not np.isnan(known[0]):
                line += f"   variance known {known[0]:5.1f} %"
            print(line + ("" if fits else "   MISSED"))
    error = 100 * np.sqrt(0.95 * 0.05 / args.studies)
    print(
        f"\n{judged - len(missed)} of {judged} within what is wanted (the simulation's standard "
        f"error is {error:.1f}; {100 * np.sqrt(0.95 * 0.05 / args.curve_studies):.1f} for curves)"
    )
    for line in missed:
        print(f"  missed: {line}")
    if missed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
