"""Table 3 of the paper in miniature: is each solution correct, asked in pairs or one at a time?

    make judge                                    # once: the base and the problems are from there
    python benchmarks/pairwise_or_pointwise.py    # about an hour and a quarter on two cores
    python benchmarks/pairwise_or_pointwise.py --report    # from what was recorded, at once

Both critics begin from the same model, are trained on the judgments of the same problems with the
same budget of tokens, and label the same held-out responses, in pairs whose final answers differ
(the paper's setting). Five seeds: the seed orders the rows. The budget is spent on problems of
three steps, where it is enough to learn something. A run that is killed goes on where it was.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "data" / "pairwise-or-pointwise.json"
KINDS = ("pairwise", "pointwise")
SEEDS = 5
BATCH, EPOCHS, RATE, PAIRS = 16, 2.8, 1.5e-3, 400


def prepare(folder: Path) -> Path:
    """Judgments of problems with three steps, from the small world's teacher."""
    judgments = folder / "judgments"
    problems = folder / "problems.jsonl"
    if not (judgments / "README.md").exists():
        folder.mkdir(parents=True, exist_ok=True)
        lines = (ROOT / "build/problems.jsonl").read_text().splitlines(keepends=True)
        short = [line for line in lines if json.loads(line)["problem"].count(".") == 4]
        problems.write_text("".join(short))
        lab(
            "annotate", problems, "--judge", "chain-teacher", "--critic", "chain-teacher",
            "--tournament", "round-robin", "--order", "both", "--out", judgments,
        )  # fmt: skip
    return judgments


def lab(*words: Any) -> None:
    command = [sys.executable, "-m", "pairjudge_lab", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def lengths(judgments: Path, kind: str) -> np.ndarray:
    """Tokens of every row of a kind."""
    from transformers import AutoTokenizer

    from pairjudge_lab.protocols import PointwiseProtocol
    from pairjudge_lab.protocols.template import read_template
    from pairjudge_lab.training.encoding import Encoder, encoded
    from pairjudge_lab.training.judgments import read_folder
    from pairjudge_lab.training.run_data import read_critiques

    words = read_template(judgments / "critic_template.md", ("question", "response"))
    encoder = Encoder(
        AutoTokenizer.from_pretrained(ROOT / "build/start"), kind, 1024,
        read_critiques(judgments) if kind == "pointwise" else None, PointwiseProtocol(words),
    )  # fmt: skip
    cache = judgments.parent / f"lengths-{kind}.arrow"
    rows, _ = encoded(encoder, read_folder(judgments, "train"), cache, {"kind": kind})
    return np.array(rows["length"][:])


def start(folder: Path, judgments: Path, kind: str, seed: int, epochs: float) -> subprocess.Popen:
    """One training run, on one core."""
    words = [
        "train", "--base", "build/start", "--data", judgments, "--out", folder / f"{kind}-{seed}",
        "--preset", "small", "--kind", kind, "--batch-size", BATCH, "--epochs", round(epochs, 3),
        "--learning-rate", RATE, "--seed", seed, "--evaluations", 0,
    ]  # fmt: skip
    command = [sys.executable, "-m", "pairjudge_lab", *map(str, words)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, **quiet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/table3")
    parser.add_argument("--at-once", type=int, default=2, help="runs side by side, a core each")
    parser.add_argument("--report", action="store_true", help="print what was recorded")
    args = parser.parse_args()
    if not args.report:
        measure(args.out, args.at_once)
    report(json.loads(RECORD.read_text()))


def measure(folder: Path, at_once: int) -> None:
    judgments = prepare(folder)
    tokens = {kind: lengths(judgments, kind) for kind in KINDS}
    budget = EPOCHS * tokens["pairwise"].sum()
    epochs = {kind: float(budget / tokens[kind].sum()) for kind in KINDS}
    todo = [(kind, seed) for seed in range(SEEDS) for kind in KINDS]
    running: list[subprocess.Popen] = []
    for kind, seed in todo:
        if (folder / f"{kind}-{seed}" / "history.jsonl").exists():
            continue
        while len(running) >= at_once:
            done = next((run for run in running if run.poll() is not None), None)
            if done is None:
                time.sleep(1)
                continue
            finish(done)
            running.remove(done)
        print(f"training: {kind}, seed {seed}", flush=True)
        running.append(start(folder, judgments, kind, seed, epochs[kind]))
    for run in running:
        run.wait()
        finish(run)
    RECORD.write_text(json.dumps(evaluate(folder, judgments, budget, tokens, epochs), indent=1))


def finish(run: subprocess.Popen) -> None:
    if run.returncode:
        sys.exit(f"a training run failed with code {run.returncode}: {run.args}")


def evaluate(folder: Path, judgments: Path, budget: float, tokens: Any, epochs: Any) -> Any:
    """Every critic on the same held-out pairs, in both orders."""
    from pairjudge_lab import load_judge
    from pairjudge_lab.training.audit import audit, held_out_pairs
    from pairjudge_lab.training.judgments import read_folder

    pairs = held_out_pairs(read_folder(judgments, "held_out"), PAIRS)
    runs = []
    for seed in range(SEEDS):
        for kind in KINDS:
            found = audit(load_judge(str(folder / f"{kind}-{seed}")), pairs)
            runs.append({"kind": kind, "seed": seed, **found.to_dict()})
    return {
        "tokens": int(budget),
        "rows": {kind: len(tokens[kind]) for kind in KINDS},
        "epochs": epochs,
        "wrong_share": float(np.mean([not c.correct for m in pairs for c in m.pool.candidates])),
        "problems": len({m.pool.problem.id for m in pairs}),
        "runs": runs,
    }


def report(found: Any) -> None:
    from scipy import stats

    print(f"{found['tokens'] / 1e6:.1f} million training tokens each, {found['problems']} problems")
    print(f"calling every response incorrect would be right in {100 * found['wrong_share']:.1f} %")
    by = {(r["kind"], r["seed"]): r for r in found["runs"]}
    print("seed   pairwise  pointwise   labels right, per cent")
    gaps = []
    for seed in range(SEEDS):
        pair, point = (by[kind, seed]["label_accuracy"] for kind in KINDS)
        gaps.append(100 * (pair - point))
        print(f"{seed:4}   {100 * pair:8.1f}  {100 * point:9.1f}")
    low, high = stats.t.interval(0.95, SEEDS - 1, np.mean(gaps), stats.sem(gaps))
    print(
        f"pairwise minus pointwise: {np.mean(gaps):+.1f} points, 95 % interval over {SEEDS} seeds "
        f"{low:+.1f} to {high:+.1f} (Student's t)"
    )
    turned = [by["pairwise", seed]["consistency"] for seed in range(SEEDS)]
    print(f"pairwise, same labels in both orders: {100 * np.mean(turned):.1f} %; pointwise: always")


if __name__ == "__main__":
    main()
