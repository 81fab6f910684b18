"""The recorded runs of notebook 09, made again: python data/training_runs.py (half an hour).

Needs what ``make judge`` leaves in ``build/``. Two judges are trained from the same start with the
same number of steps: one on judgments as the matches were drawn, where the champion of a ladder
stands first and so the right response does, and one on the same matches in both orders. Their
histories go to ``training-runs.json``, beside that of ``make judge``, and what they say of
held-out pairs to ``training-verdicts.parquet``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from pairjudge_lab import load_judge, save_verdicts
from pairjudge_lab.training.audit import held_out_pairs
from pairjudge_lab.training.finetune import read_history
from pairjudge_lab.training.judgments import read_folder

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
STEPS, BATCH, PAIRS = 1600, 16, 400
RUNS = {"as drawn": "drawn", "both orders": "both"}
FIGURES = ("label_accuracy", "consistency", "slot_effect", "pair_accuracy")


def lab(*words):
    command = [sys.executable, "-m", "pairjudge_lab", *map(str, words)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(  # noqa: S603
        command, check=True, cwd=ROOT, env=alone, stdout=subprocess.DEVNULL
    )


def make(order):
    """Judgments of a ladder's matches in that order, and a judge trained on them."""
    folder, out = BUILD / "bias" / order, BUILD / "bias" / f"judge-{order}"
    lines = (BUILD / "problems.jsonl").read_text().splitlines(keepends=True)
    short = BUILD / "bias" / "problems.jsonl"
    short.parent.mkdir(parents=True, exist_ok=True)
    short.write_text("".join(x for x in lines if json.loads(x)["problem"].count(".") == 4))
    if not (folder / "README.md").exists():
        lab("annotate", short, "--judge", "chain-teacher", "--tournament", "ladder", "--order",
            order, "--unbalanced", "--replicates", 3, "--out", folder)  # fmt: skip
    rows = len((folder / "train.jsonl").read_text().splitlines())
    if not (out / "history.jsonl").exists():
        epochs = round(STEPS * BATCH / rows, 3)
        lab("train", "--base", "build/start", "--data", f"build/bias/{order}", "--out",
            f"build/bias/judge-{order}", "--preset", "small", "--batch-size", BATCH, "--epochs",
            epochs, "--evaluations", 8, "--held-out-pairs", 150)  # fmt: skip
    return out, json.loads((folder / "funnel.json").read_text())


def record():
    """Histories and held-out verdicts of all runs, into this folder."""
    folders = {"make judge": BUILD / "judge"}
    runs = {}
    for name, order in RUNS.items():
        folders[name], funnel = make(order)
        runs[name] = {"rows": funnel["rows"]["train"], "slots": funnel["slots_after"]}
    runs["make judge"] = {"rows": None, "slots": None}
    for name, folder in folders.items():
        kept = ("step", "pairs", *(f + x for f in FIGURES for x in ("", "_low", "_high")))
        history = [e for e in read_history(folder) if "pairs" in e]
        runs[name]["audits"] = [{k: round(e[k], 4) for k in kept} for e in history]
    (ROOT / "data/training-runs.json").write_text(json.dumps(runs, indent=1) + "\n")
    # Problems that neither run was trained on.
    seen = {row.problem_id for order in RUNS.values()
            for row in read_folder(BUILD / "bias" / order)}  # fmt: skip
    held = (row for row in read_folder(BUILD / "bias" / "both", "held_out"))
    pairs = held_out_pairs((row for row in held if row.problem_id not in seen), PAIRS)
    rows = []
    del folders["make judge"]
    for name, folder in folders.items():
        matches = [m for pair in pairs for m in (pair, pair.swapped)]
        verdicts = load_judge(str(folder)).judge(matches)
        for number, (m, v) in enumerate(zip(matches, verdicts, strict=True)):
            place = number // 2
            rows.append(
                {
                    "judge": name,
                    "problem_id": m.pool.problem.id,
                    "response_a": f"{place}-{m.a}",
                    "response_b": f"{place}-{m.b}",
                    "verdict": v.outcome,
                    "a_right": m.pool.candidates[m.a].correct,
                    "b_right": m.pool.candidates[m.b].correct,
                }
            )
    save_verdicts(pd.DataFrame(rows), ROOT / "data/training-verdicts.parquet")


if __name__ == "__main__":
    record()
