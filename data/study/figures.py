"""The counts that this study's card gives of the recording: cost, seeds, and how answers began.

python data/study/figures.py requests.jsonl
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import plan

from pairjudge_lab import load_pools

SHORT = 40
"""An answer of fewer tokens gives its labels at once; those that reason are far longer."""


def cost(rows: list[dict[str, Any]]) -> list[str]:
    """Requests and tokens of each model, and how long at least one request was on its way."""
    lines = []
    for model in sorted({row["model"] for row in rows}):
        mine = [row["response"] for row in rows if row["model"] == model]
        written = sum(r["tokens_predicted"] for r in mine)
        read = sum(r["timings"]["prompt_n"] for r in mine)
        sent = sum(r["tokens_evaluated"] for r in mine)
        lines.append(
            f"{model}: {len(mine):,} requests, {written:,} tokens written, {read:,} read of "
            f"{sent:,} sent"
        )
    busy, end = 0.0, 0.0
    for begun, seconds in sorted((row["begun"], row["seconds"]) for row in rows):
        busy += max(0.0, begun + seconds - max(begun, end))
        end = max(end, begun + seconds)
    hours, minutes = divmod(round(busy / 60), 60)
    return [*lines, f"{len(rows):,} requests in all, {hours} hours and {minutes} minutes"]


def one_seed(rows: list[dict[str, Any]]) -> list[str]:
    """Of the first recording of the repetitions: answers that give their labels at once."""
    asked = [r for r in rows if r["what"]["kind"] == "reasoned"]
    first = [r for r in asked if 0 < r["request"]["seed"] <= plan.REPETITIONS]
    at_once: Counter[int] = Counter()
    for row in first:
        at_once[row["request"]["seed"]] += row["response"]["tokens_predicted"] < SHORT
    every = Counter(row["request"]["seed"] for row in first)
    return [f"one seed, repetition {k}: {at_once[k]} of {every[k]} at once" for k in sorted(every)]


def shares() -> list[str]:
    """Whether a seed that all problems share makes the right candidates vary with its number."""
    lines = []
    pools = load_pools("study")
    for model in sorted({c.source for pool in pools for c in pool.candidates if c.source}):
        right = np.array(
            [[bool(c.correct) for c in p.candidates if c.source == model] for p in pools]
        )
        chance = right.mean(axis=1)
        expected = (chance * (1 - chance)).sum() / len(pools) ** 2
        lines.append(
            f"{model}: variance over seeds {right.mean(axis=0).var(ddof=1):.4f}, by chance "
            f"{expected:.4f}"
        )
    return lines


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    print("\n".join([*cost(rows), *one_seed(rows), *shares()]))


if __name__ == "__main__":
    main()
