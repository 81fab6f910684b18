"""The bias report on a million verdicts, and Bradley-Terry against evalica.

    python benchmarks/statistics.py

Ratios are against rivals on the same rows in the same process: resampling rows with pandas for the
report, evalica's plain fit and bootstrap for Bradley-Terry.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from pairjudge_lab.statistics.bradley_terry import bradley_terry
from pairjudge_lab.statistics.position import bias_report
from pairjudge_lab.statistics.simulation import Plan, simulate_study


def timed(run: Callable[[], object]) -> tuple[float, object]:
    clock = time.perf_counter()
    result = run()
    return time.perf_counter() - clock, result


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def with_pandas(table: pd.DataFrame, resamples: int, rng: np.random.Generator) -> list[float]:
    """Consistency resampled as one would by hand: draw problems, gather their rows, count again."""
    groups = dict(tuple(table.groupby("problem_id")))
    names, out = list(groups), []
    for _ in range(resamples):
        drawn = rng.integers(0, len(names), len(names))
        parts = [groups[names[k]].assign(problem_id=i) for i, k in enumerate(drawn)]
        rows = pd.concat(parts, ignore_index=True)
        x, y = rows[rows.response_a < rows.response_b], rows[rows.response_a > rows.response_b]
        both = x.merge(
            y,
            left_on=["problem_id", "repetition", "response_a", "response_b"],
            right_on=["problem_id", "repetition", "response_b", "response_a"],
        )
        read = both[(both.verdict_x != "invalid") & (both.verdict_y != "invalid")]
        swapped = read.verdict_y.map({"A": "B", "B": "A", "tie": "tie"})
        out.append(float((read.verdict_x == swapped).mean()))
    return out


def bias(rows: int, resamples: int) -> None:
    plan = Plan(problems=rows // 50, pairs=25)
    table = simulate_study(plan, np.random.default_rng(0))
    before = megabytes()
    score, _ = timed(lambda: bias_report(table))
    print(f"bias report: {len(table):,} verdicts, score limits: {score:.1f} s")
    seconds, report = timed(lambda: bias_report(table, method="bootstrap", resamples=resamples))
    print(
        f"bias report: {len(table):,} verdicts, {resamples} resamples: {seconds:.1f} s "
        f"(wanted: 20), {megabytes() - before:.0f} MB more at the peak, {megabytes():.0f} MB in "
        f"all "
        "(wanted: 2,000)"
    )
    few = 2
    slow, spread = timed(lambda: with_pandas(table, few, np.random.default_rng(1)))
    assert isinstance(spread, list)
    row = report.rows[0]  # type: ignore[attr-defined]
    assert all(abs(value - row.consistency.estimate) < 0.02 for value in spread)
    print(
        f"resampling rows with pandas, consistency alone: {slow / few:.1f} s a resample; the whole "
        f"report is {slow / few * resamples / seconds:,.0f} times as fast as {resamples} of them"
    )


def strengths(rows: int, items: int, bootstraps: int) -> None:
    import evalica

    rng = np.random.default_rng(2)
    theta = rng.normal(size=items)
    i = rng.integers(0, items, rows)
    j = (i + rng.integers(1, items, rows)) % items
    first_wins = rng.random(rows) < 1 / (1 + np.exp(theta[j] - theta[i] - 0.2))
    names = np.array([f"model-{k:03}" for k in range(items)])
    xs, ys = pd.Series(names[i]), pd.Series(names[j])
    outcome = pd.Series(np.where(first_wins, "A", "B"))
    cluster = pd.Series(rng.integers(0, 2000, rows))
    winners = [evalica.Winner.X if won else evalica.Winner.Y for won in first_wins]
    ours, fitted = timed(
        lambda: bradley_terry(
            xs, ys, outcome, cluster=cluster, bootstraps=bootstraps, rng=np.random.default_rng(3)
        )
    )
    plain_seconds, plain = timed(lambda: bradley_terry(xs, ys, outcome, order_effect=False))
    theirs_seconds, theirs = timed(lambda: evalica.bradley_terry(xs, ys, winners, tolerance=1e-12))
    few = 3
    boot_seconds, _ = timed(
        lambda: evalica.bootstrap(
            evalica.bradley_terry,
            xs,
            ys,
            winners,
            n_resamples=few,
            bootstrap_method="percentile",
            random_state=4,
        )
    )
    scores = theirs.scores  # type: ignore[attr-defined]
    mine = pd.Series(np.exp(plain.theta), index=list(plain.items))  # type: ignore[attr-defined]
    apart = float(np.abs(mine / mine.sum() - scores.reindex(mine.index) / scores.sum()).max())
    print(
        f"Bradley-Terry, {rows:,} comparisons of {items} items from string labels:\n"
        f"  ours, order effect, robust errors and {bootstraps} clustered bootstraps: {ours:.2f} s "
        f"(gamma {fitted.order_effect:.3f}, planted 0.2)\n"  # type: ignore[attr-defined]
        f"  ours, plain fit: {plain_seconds:.2f} s\n"
        f"  evalica {evalica.__version__}, plain fit: {theirs_seconds:.2f} s; bootstrap: "
        f"{boot_seconds / few:.2f} s a resample\n"
        f"  evalica's plain fit and {bootstraps} resamples take "
        f"{(theirs_seconds + boot_seconds / few * bootstraps) / ours:.0f} times as long (wanted: "
        f"more "
        f"than 1); strengths agree to {apart:.1e} (wanted: 1e-6)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--bootstraps", type=int, default=100)
    args = parser.parse_args()
    bias(args.rows, args.resamples)
    strengths(args.rows, args.items, args.bootstraps)


if __name__ == "__main__":
    main()
